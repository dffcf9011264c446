"""Adapters on disk."""

from __future__ import annotations

import json

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file, save_file  # noqa: E402
from torch import nn  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.adapt import LoRA, adapt, fingerprint, load, save  # noqa: E402

METHOD = LoRA(rank=2, alpha=3.0)


def net(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 3))


@pytest.fixture
def saved(tmp_path):
    base = net()
    adapted = adapt(base, METHOD, "^1$")
    with torch.no_grad():
        adapted[1].adapter.up.normal_()
    return save(tmp_path / "a.safetensors", adapted, METHOD, base), adapted, base


def test_what_is_loaded_answers_as_what_was_saved(saved):
    file, adapted, base = saved
    x = torch.ones(2, 6)
    loaded = load(file, base)
    assert torch.equal(loaded(x), adapted(x))
    assert not torch.equal(loaded(x), base(x))
    assert set(load_file(file)) == {"1.adapter.down", "1.adapter.up"}


def test_another_base_is_refused(saved):
    file, _, _ = saved
    with pytest.raises(InputError, match=r"was trained on weights .* load it on its own base"):
        load(file, net(seed=1))


def test_the_fingerprint_is_that_of_the_weights(saved):
    _, _, base = saved
    assert fingerprint(base) == fingerprint(net())
    changed = net()
    with torch.no_grad():
        changed[0].bias[0] += 1e-6
    assert fingerprint(changed) != fingerprint(base)


@pytest.mark.parametrize("cut", [0, 3, 60])
def test_a_damaged_file_is_refused(saved, cut):
    file, _, base = saved
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(InputError, match="no adapter, or damaged"):
        load(file, base)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": 99}, "upgrade"),
        ({"method": "Other"}, "not known here"),
        ({"file": "../../os"}, "not known here"),
        ({"file": "os", "method": "system"}, "not known here"),
        ({"settings": {"rnk": 2}}, "settings that are not known"),
        ({"settings": {"rank": 1, "alpha": 3.0, "stabilised": True}}, "shape"),
        ({"layers": ["0"]}, "in one of them only"),
    ],
)
def test_what_a_file_says_of_itself_is_checked(saved, change, said):
    file, _, base = saved
    from_file = load_file(file)
    told = {
        "schema": 1, "method": "LoRA", "file": "lora", "layers": ["1"], "base": fingerprint(base),
        "settings": {"rank": 2, "alpha": 3.0, "stabilised": True},
    }  # fmt: skip
    save_file(from_file, file, {"modicum": json.dumps(told | change)})
    with pytest.raises(InputError, match=said):
        load(file, base)


def test_a_file_of_another_library_is_refused(saved, tmp_path):
    save_file({"x": torch.zeros(1)}, tmp_path / "x.safetensors")
    with pytest.raises(InputError, match="was not written by modicum"):
        load(tmp_path / "x.safetensors", saved[2])
    with pytest.raises(InputError, match="there is no adapter"):
        load(tmp_path / "y.safetensors", saved[2])
