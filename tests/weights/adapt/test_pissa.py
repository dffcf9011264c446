"""PiSSA beside HF PEFT."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from modicum.weights.adapt import PiSSA, adapt, fold  # noqa: E402
from tests.weights.adapt.worlds import descend, inputs, net  # noqa: E402


def test_parity_with_peft():
    peft = pytest.importorskip("peft")
    ours, x = adapt(net(), PiSSA(rank=4)), inputs()
    config = peft.LoraConfig(r=4, lora_alpha=4, target_modules=["0", "2"], init_lora_weights="pissa")
    theirs = peft.get_peft_model(net(), config)
    torch.testing.assert_close(ours(x), theirs(x), atol=1e-5, rtol=0)
    descend(ours)
    descend(theirs)
    assert (ours(x) - net()(x)).abs().max() > 0.01
    plain, merged = fold(ours), theirs.merge_and_unload()
    for i in (0, 2):
        torch.testing.assert_close(plain[i].weight, merged[i].weight, atol=1e-5, rtol=0)


def test_what_trains_is_the_principal_part():
    base = net()[0]
    adapter = adapt(base, PiSSA(rank=5)).adapter
    U, s, V = torch.linalg.svd(base.weight.detach(), full_matrices=False)
    torch.testing.assert_close(adapter.up @ adapter.down, (U[:, :5] * s[:5]) @ V[:5], atol=1e-5, rtol=0)
    torch.testing.assert_close(adapter.up.square().sum(), adapter.down.square().sum(), atol=1e-4, rtol=0)
