"""What a bundle holds of tuned weights: their difference where that is small, all of them where it is not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import modicum
from modicum.core import InputError
from modicum.encoders import load_folder
from modicum.workspace.receiving.loading import load
from modicum.workspace.tuning.settings import TuneSettings
from modicum.workspace.tuning.shipping import as_difference
from tests.workspace.tuning import worlds

THIN = TuneSettings(True, "DiffFit", steps=10, batch=12, ship="difference")


def moved(base, folder, names):
    """The folder of an encoder that differs from the base in these tensors."""
    shutil.copytree(base.layout.root, folder)
    tensors = load_file(folder / "model.safetensors")
    rng = np.random.default_rng(0)
    for name in tensors:
        if names in name:
            tensors[name] = tensors[name] + rng.normal(size=tensors[name].shape).astype(np.float32)
    save_file(tensors, folder / "model.safetensors")
    return load_folder(folder, threads=1, name="tiny, tuned")


def test_a_small_difference_is_shipped_and_a_large_one_is_not(tmp_path):
    base = worlds.encoder(tmp_path)
    thin, said = as_difference(moved(base, tmp_path / "thin", "query.bias"), base, tmp_path / "slim")
    assert (thin.name, thin.layout.root) == ("tiny, tuned", tmp_path / "slim")
    assert said.startswith(f"shipped is the difference from {base.layout.root}, 0.00")
    assert said.endswith("MB: the bundle answers where that encoder is")
    whole = moved(base, tmp_path / "all", "encoder.layer")
    kept, said = as_difference(whole, base, tmp_path / "other")
    assert kept is whole
    assert said.startswith("whole weights are shipped, for their difference from")
    assert said.endswith("adapters such as LoRA or DiffFit move fewer numbers")


def test_what_is_no_difference_of_the_base_is_shipped_whole(tmp_path):
    base = worlds.encoder(tmp_path)
    short = load_folder(base.layout.root, threads=1, max_tokens=5)
    whole = moved(base, tmp_path / "thin", "query.bias")
    kept, said = as_difference(whole, short, tmp_path / "slim")
    assert kept is whole
    assert "differs from" in said
    assert "in more than weights" in said


def test_another_way_to_ship_is_refused(tmp_path):
    with pytest.raises(InputError, match="what is shipped of tuned weights 'diference' is not known; did you mean 'di"):
        modicum.fit(worlds.table(), encoder=worlds.encoder(tmp_path), tuning=TuneSettings(ship="diference"))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A bundle with the difference, and the encoder that was tuned."""
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("slim")
    base = worlds.encoder(folder)
    settings = {"budget": "5m", "map_points": 0, "threads": 1, "encoder_mode": "exact"}
    result = modicum.fit(worlds.table(), encoder=base, tuning=THIN, **settings)
    return result, result.save(folder / "bundle"), base


def test_the_bundle_holds_only_what_moved(world):
    result, folder, base = world
    assert sorted(path.name for path in (folder / "encoder").iterdir()) == ["difference.json", "difference.safetensors"]
    assert "Shipped is the difference from" in result.report["tuning"]["said"]
    assert result.report["tuning"]["method"] == "DiffFit"
    moved = load_file(folder / "encoder/difference.safetensors")
    assert {name.partition(".")[0] for name in moved} == {"scale", "whole"}
    whole = (base.layout.root / "model.safetensors").stat().st_size
    assert (folder / "encoder/difference.safetensors").stat().st_size < whole / 3


def test_it_answers_as_it_was_fitted_and_without_torch(world, tmp_path):
    result, folder, _ = world
    asked = ["my card", "where is the pin ?"]
    expected = result.predict(asked).probabilities
    np.testing.assert_allclose(load(folder).predict(asked).probabilities, expected, atol=1e-6)
    moved = shutil.copytree(folder, tmp_path / "elsewhere")
    copy = load(load(moved).save(tmp_path / "copy"))
    np.testing.assert_allclose(copy.predict(asked).probabilities, expected, atol=1e-6)
    script = (
        f"import sys, modicum; print(len(modicum.load({str(folder)!r}).predict(['my card']).codes)); "
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False"]


def test_another_label_set_stands_on_the_difference(world):
    result, folder, _ = world
    settings = {"encoder_mode": "exact", "budget": "2s", "map_points": 0}
    other = modicum.fit(worlds.table(seed=1), encoder=str(folder / "encoder"), **settings)
    assert other.bundle.encoder.fingerprint == result.bundle.encoder.fingerprint
    assert not other.bundle.encoder.own


def test_it_is_tuned_further_from_the_base_it_names(world, tmp_path):
    _, folder, base = world
    start = load_folder(folder / "encoder", threads=1)
    tuning = replace(THIN, steps=5)
    again = modicum.fit(worlds.table(), encoder=start, tuning=tuning, budget="5m", map_points=0, threads=1)
    saved = again.save(tmp_path / "again")
    assert str(base.layout.root) in (saved / "encoder/difference.json").read_text("utf-8")
    assert load(saved).find_encoder(1).fingerprint == again.bundle.encoder.fingerprint


def test_an_edited_difference_and_a_changed_base_are_refused(world, tmp_path):
    _, folder, base = world
    edited = shutil.copytree(folder, tmp_path / "edited")
    file = edited / "encoder/difference.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(bytes(data))
    with pytest.raises(InputError, match="is not the file that was written"):
        load(edited)
    weights = base.layout.root / "model.safetensors"
    kept = weights.read_bytes()
    try:
        weights.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
        with pytest.raises(InputError, match=r"is the difference from .*, but the one found here is"):
            load(folder).find_encoder()
    finally:
        weights.write_bytes(kept)
