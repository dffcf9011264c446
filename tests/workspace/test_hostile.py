"""Bundles from strangers: whatever is in them, a sentence comes back; nothing runs, hangs or fills the memory.

Each is sealed anew, as its maker would, so that digests and hashes are right and everything behind them is reached.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file, save_file

import modicum
from modicum.core.files import file_digest, manifest_digest
from modicum.encoders import base_name, load_folder, write_difference
from modicum.workspace.tuning.own import OwnWeights
from tests.cli.conftest import lines
from tests.encoders import tiny

RUNNER = Path(__file__).with_name("hostile.py")
PEAK = 2_000_000_000
"""Bytes that all of them may take at most, libraries included."""
SLOW = 60.0
CASES = {}
KINDS = ("hashed", "own", "slim")


def case(message, *, own=False, slim=False):
    """Register what is done to a bundle (with an encoder of its own, or its difference), and what is said of it."""

    def register(change):
        CASES[change.__name__] = (change, message, "slim" if slim else "own" if own else "hashed")
        return change

    return register


def manifest(folder):
    return json.loads((folder / "bundle.json").read_text(encoding="utf-8"))


def seal(folder, told=None):
    """Write a manifest that is right about the files as they are now."""
    told = told or manifest(folder)
    if told["encoder"]["own"]:
        with suppress(modicum.InputError):
            told["encoder"]["fingerprint"] = load_folder(folder / "encoder").fingerprint
    files = [file for file in folder.rglob("*") if file.is_file() and file.name != "bundle.json"]
    told["files"] = {file.relative_to(folder).as_posix(): file_digest(file) for file in files} | told.pop("more", {})
    told["digest"] = manifest_digest(told)
    (folder / "bundle.json").write_text(json.dumps(told), encoding="utf-8")


def edit(folder, **changes):
    told = manifest(folder) | changes
    seal(folder, told)


def arrays(folder, **changes):
    """Replace fitted arrays; None takes one away."""
    held = load_file(folder / "arrays.safetensors") | changes
    save_file({k: v for k, v in held.items() if v is not None}, folder / "arrays.safetensors")
    seal(folder)


def header(folder, shapes, data=b"\0" * 64):
    """An arrays file whose header says anything."""
    text = json.dumps(shapes).encode()
    (folder / "arrays.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
    seal(folder)


def settings(folder, file="config.json", **changes):
    """Change settings of the bundle's own encoder."""
    path = folder / "encoder" / file
    told = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    path.write_text(json.dumps(told | changes), encoding="utf-8")
    seal(folder)


# Names of files


@case("lacks '../secret.txt'")
def climbs_out(folder):
    (folder.parent / "secret.txt").write_text("secret")
    edit(folder, more={"../secret.txt": file_digest(folder.parent / "secret.txt")})


@case("lacks '/etc/hostname'")
def absolute_name(folder):
    edit(folder, more={"/etc/hostname": "0" * 64})


@case("lacks 'a/../../b'")
def climbs_out_later(folder):
    edit(folder, more={"a/../../b": "0" * 64})


@case(r"is a link that leads out of the bundle; copy what it leads to")
def symlink(folder):
    outside = folder.parent / f"{folder.name}.report"
    shutil.move(folder / "report.json", outside)
    (folder / "report.json").symlink_to(outside)
    seal(folder)


@case("lacks 'xxxxx")
def endless_name(folder):
    edit(folder, more={"x" * 100_000: "0" * 64})


@case("lacks ")
def name_with_nul(folder):
    edit(folder, more={"a\0b": "0" * 64, "\ud800": "0" * 64})


@case("lacks 'pipe'")
def pipe(folder):
    os.mkfifo(folder / "pipe")
    edit(folder, more={"pipe": "0" * 64})


@case("has 9,000,000,000 bytes")
def endless_file(folder):
    with (folder / "report.html").open("wb") as file:
        file.truncate(9_000_000_000)
    told = manifest(folder)
    told["digest"] = manifest_digest(told)
    (folder / "bundle.json").write_text(json.dumps(told))


# JSON


@case("is nested too deeply")
def deep_manifest(folder):
    (folder / "bundle.json").write_text('{"schema": 1, "a": ' + "[" * 1_000_000)


@case("is nested too deeply")
def deep_report(folder):
    (folder / "report.json").write_text('{"a":' * 500_000)
    seal(folder)


@case("is larger than 32,000,000 bytes")
def gigantic_manifest(folder):
    with (folder / "bundle.json").open("wb") as file:
        file.truncate(3_000_000_000)


@case("is larger than 32,000,000 bytes")
def gigantic_report(folder):
    (folder / "report.json").write_bytes(b"[" + b"[]," * 11_000_000 + b"[]]")
    seal(folder)


@case("the key 'schema' stands there twice")
def doubled_key(folder):
    text = (folder / "bundle.json").read_text()
    (folder / "bundle.json").write_text('{"schema": 1, ' + text.lstrip()[1:])


@case("is not valid JSON .*utf-8")
def not_utf8(folder):
    (folder / "bundle.json").write_bytes(b'{"schema": 1, "name": "\xff\xfe"}')


@case("is not valid JSON")
def endless_number(folder):
    (folder / "bundle.json").write_text('{"schema": ' + "9" * 100_000 + "}")


@case("is not the manifest of a bundle")
def manifest_is_a_list(folder):
    (folder / "bundle.json").write_text("[]")


@case("cannot be read as a bundle")
def report_is_a_list(folder):
    (folder / "report.json").write_text("[]")
    seal(folder)


# Fitted arrays


@case(r"arrays.safetensors cannot be read")
def huge_shape(folder):
    header(folder, {"members.0.0.coef_": {"dtype": "F64", "shape": [1 << 40, 8], "data_offsets": [0, 64]}})


@case(r"arrays.safetensors cannot be read")
def overflowing_shape(folder):
    header(folder, {"a": {"dtype": "F64", "shape": [1 << 62, 1 << 62], "data_offsets": [0, 64]}})


@case(r"arrays.safetensors cannot be read")
def huge_header(folder):
    (folder / "arrays.safetensors").write_bytes(struct.pack("<Q", 1 << 62) + b"{}")
    seal(folder)


@case(r"arrays.safetensors cannot be read")
def unknown_dtype(folder):
    header(folder, {"a": {"dtype": "OBJ", "shape": [1], "data_offsets": [0, 64]}})


@case("cannot be read as a bundle")
def empty_shape(folder):
    header(folder, {"members.0.0.coef_": {"dtype": "F64", "shape": [0, 1 << 40], "data_offsets": [0, 0]}}, b"")


def first(folder):
    """Name of the largest fitted array of the first member."""
    held = load_file(folder / "arrays.safetensors")
    names = [name for name in held if name.startswith("members.0.") and held[name].ndim == 2]
    return max(names, key=lambda name: held[name].size), held


@case("holds NaN")
def nan_array(folder):
    name, held = first(folder)
    arrays(folder, **{name: np.full_like(held[name], np.nan)})


@case("cannot be read as a bundle")
def other_shape(folder):
    arrays(folder, **{first(folder)[0]: np.zeros((2, 3))})


@case("cannot be read as a bundle")
def flat_array(folder):
    name, held = first(folder)
    arrays(folder, **{name: held[name].ravel()})


@case("cannot be read as a bundle|is no fitted array")
def array_in_the_place_of_a_method(folder):
    arrays(folder, **{"members.0.0.scores": np.zeros(3), "members.0.0.__class__": np.zeros(3)})


@case("vectors of .* numbers for a model of")
def endless_width(folder):
    held = load_file(folder / "arrays.safetensors")
    arrays(folder, **{name: np.array(1 << 60) for name in held if name.endswith("n_features_in_")})


# What the manifest says


@case("is no step of a recipe")
def runs_a_function(folder):
    told = manifest(folder)
    told["recipe"]["members"][0]["steps"][-1] = {"method": "labels.alarm", "settings": {}}
    told["recipe"]["members"][0]["steps"][-1]["method"] = "labels.raps_scores"
    seal(folder, told)


@case("is not known")
def unknown_method(folder):
    told = manifest(folder)
    told["recipe"]["members"][0]["steps"][-1]["method"] = "os.system"
    seal(folder, told)


@case("cannot be read as a bundle")
def unknown_setting(folder):
    told = manifest(folder)
    told["recipe"]["members"][0]["steps"][-1]["settings"] = {"command": "touch /tmp/x"}
    seal(folder, told)


@case("cannot be read as a bundle")
def nan_scales(folder):
    told = manifest(folder)
    told["recipe"]["scales"] = [float("nan")] * len(told["recipe"]["scales"])
    seal(folder, told)


@case("cannot be read as a bundle")
def too_few_classes(folder):
    told = manifest(folder)
    told["classes"] = {"names": ["a"], "descriptions": [], "parents": [], "group_parents": []}
    seal(folder, told)


@case("a class has a name that is no text")
def classes_that_are_no_text(folder):
    told = manifest(folder)
    told["classes"]["names"] = list(range(len(told["classes"]["names"])))
    seal(folder, told)


@case("stands under more than 1000 others|stands above itself")
def endless_tree(folder):
    told = manifest(folder)
    names = told["classes"]["names"]
    told["classes"]["parents"] = ["g0"] * len(names)
    told["classes"]["group_parents"] = [[f"g{n}", f"g{n + 1}"] for n in range(50_000)]
    told["recipe"]["decode"] = "frechet"
    seal(folder, told)


@case("vectors of 7 numbers for a model of")
def another_dimension(folder):
    told = manifest(folder)
    told["encoder"]["dimension"] = 7
    seal(folder, told)


@case("is neither a folder nor a name")
def encoder_elsewhere(folder):
    held = load_file(folder / "arrays.safetensors")
    told = manifest(folder)
    told["encoder"]["name"] = "../../../etc"
    (folder / "bundle.json").write_text(json.dumps(told))
    arrays(folder, **{name: None for name in held if name.startswith("encoder.")})


# Tables


@case("is too large|unpacks to")
def parquet_of_many_rows(folder):
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(25_000_000, dtype=np.int8)), pa.array(["food"]))
    pq.write_table(pa.table({"id": column, "prediction": column}), folder / "predictions.parquet")
    seal(folder)


@case("unpacks to 10,000,000,000 bytes")
def parquet_of_one_long_text(folder):
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(10_000, dtype=np.int8)), pa.array(["x" * 1_000_000]))
    pq.write_table(pa.table({"id": column, "prediction": column}), folder / "predictions.parquet")
    seal(folder)


@case("cannot be read as Parquet")
def no_parquet(folder):
    (folder / "predictions.parquet").write_bytes(b"PAR1" + b"\xff" * 100 + b"PAR1")
    seal(folder)


@case("lacks the column")
def parquet_of_other_columns(folder):
    pq.write_table(pa.table({"a": [1]}), folder / "predictions.parquet")
    seal(folder)


@case("is not an array that numpy can map")
def vectors_of_huge_shape(folder):
    data = (folder / "vectors.npy").read_bytes()
    (folder / "vectors.npy").write_bytes(data[:10] + data[10:].replace(b"(36, ", b"(1" + b"0" * 11 + b", ", 1))
    seal(folder)


@case("is not an array that numpy can map")
def pickled_vectors(folder):
    np.save(folder / "vectors.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    seal(folder)


# An encoder of its own


@case("is not named in bundle.json", own=True)
def file_that_is_not_named(folder):
    (folder / "encoder" / "more.json").write_text("{}")


@case("hidden_size must be a positive integer up to", own=True)
def huge_encoder(folder):
    settings(folder, hidden_size=1 << 40)


@case("hidden_size must be a positive integer up to", own=True)
def negative_encoder(folder):
    settings(folder, hidden_size=-16)


@case("has the shape .* against its config", own=True)
def wider_encoder(folder):
    settings(folder, hidden_size=65_536)


@case("max_position_embeddings must be a positive integer up to", own=True)
def endless_positions(folder):
    settings(folder, max_position_embeddings=1 << 50)


@case("has the shape .* against its config", own=True)
def more_positions(folder):
    settings(folder, max_position_embeddings=100_000)
    settings(folder, "sentence_bert_config.json", max_seq_length=100_000)


@case("num_hidden_layers must be a positive integer up to", own=True)
def endless_layers(folder):
    settings(folder, num_hidden_layers=10**12)


@case("do not divide", own=True)
def uneven_heads(folder):
    settings(folder, num_attention_heads=3)


@case("layer_norm_eps must be a small number", own=True)
def odd_epsilon(folder):
    settings(folder, layer_norm_eps="1e-12")


@case("pad_token_id must be the number of a token", own=True)
def odd_padding(folder):
    settings(folder, pad_token_id=-5)


@case("encoders of type 'gpt2' are not supported", own=True)
def other_architecture(folder):
    settings(folder, model_type="gpt2")


@case("hold no tensor", own=True)
def architecture_of_other_weights(folder):
    settings(folder, model_type="distilbert", dim=16, n_heads=4, n_layers=2, activation="relu")


@case("is not what its name says", own=True)
def config_is_a_list(folder):
    (folder / "encoder" / "config.json").write_text("[]")
    seal(folder)


@case("leads out of it", own=True)
def modules_elsewhere(folder):
    modules = [{"type": "a.Transformer", "path": "../.."}]
    (folder / "encoder" / "modules.json").write_text(json.dumps(modules))
    seal(folder)


@case("leads out of it", own=True)
def weights_elsewhere(folder):
    (folder / "encoder" / "model.safetensors").unlink()
    index = {"weight_map": {"a": "/etc/hostname"}}
    (folder / "encoder" / "model.safetensors.index.json").write_text(json.dumps(index))
    seal(folder)


@case("model.safetensors cannot be read", own=True)
def torn_weights(folder):
    (folder / "encoder" / "model.safetensors").write_bytes(b"\xff" * 100)
    seal(folder)


@case("is not a tokenizer", own=True)
def deep_tokenizer(folder):
    (folder / "encoder" / "tokenizer.json").write_text('{"model":' * 100_000)
    seal(folder)


@case("do not fit", own=True)
def tokens_beyond_the_table(folder):
    path = folder / "encoder" / "tokenizer.json"
    told = json.loads(path.read_text())
    told["model"]["vocab"] |= {"card": 2_000_000_000}
    path.write_text(json.dumps(told))
    seal(folder)


# An encoder of its own, told by its difference from a base


def difference(folder, **changes):
    """Change what the bundle says of its encoder's base."""
    settings(folder, "difference.json", **changes)


def moved(folder, **tensors):
    """Say something else of what moved."""
    save_file(tensors, folder / "encoder" / "difference.safetensors")
    seal(folder)


THIN = "encoder.layer.1.attention.self.query.weight"


@case("but the one found here is", slim=True)
def another_base(folder):
    difference(folder, sha256="0" * 64)


@case("is neither a folder nor a name", slim=True)
def base_elsewhere(folder):
    difference(folder, base="../../../etc")


@case("there is no encoder folder /nowhere", slim=True)
def base_nowhere(folder):
    difference(folder, base="/nowhere")


@case("which is needed, too: there is no .*config.json", slim=True)
def base_that_is_the_bundle(folder):
    difference(folder, base=str(folder / "encoder"))


@case("holds but the difference from its base", slim=True)
def base_with_nul(folder):
    difference(folder, base="/a\0b")


@case("names no base", slim=True)
def base_is_a_list(folder):
    difference(folder, base=["/etc"])


@case("names no base", slim=True)
def endless_base(folder):
    difference(folder, base="/x" * 100_000)


@case("is nested too deeply", slim=True)
def deep_difference(folder):
    (folder / "encoder" / "difference.json").write_text('{"base":' * 500_000)
    seal(folder)


@case("is of schema 99, newer than 1", slim=True)
def newer_difference(folder):
    difference(folder, schema=99)


@case("is not named in bundle.json", slim=True)
def whole_weights_beside_the_difference(folder):
    (folder / "encoder" / "model.safetensors").write_bytes(b"")


@case("more than the .* of its base's weights", slim=True)
def endless_difference(folder):
    with (folder / "encoder" / "difference.safetensors").open("wb") as file:
        file.truncate(5_000_000)
    seal(folder)


@case("difference.safetensors cannot be read", slim=True)
def huge_difference(folder):
    text = json.dumps({f"left.{THIN}": {"dtype": "F32", "shape": [16, 1 << 40], "data_offsets": [0, 64]}}).encode()
    (folder / "encoder" / "difference.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"\0" * 64)
    seal(folder)


@case("does not fit the base", slim=True)
def factors_of_another_shape(folder):
    moved(folder, **{f"left.{THIN}": np.ones((16, 99), np.float32), f"right.{THIN}": np.ones((99, 16), np.float32)})


@case("does not fit the base", slim=True)
def factors_that_make_a_huge_matrix(folder):
    left, right = np.ones((1 << 17, 1), np.float32), np.ones((1, 1 << 17), np.float32)
    moved(folder, **{f"left.{THIN}": left, f"right.{THIN}": right})


@case("does not fit the base", slim=True)
def tensor_of_no_base(folder):
    moved(folder, **{"whole.__class__": np.ones(3, np.float32)})


@case("holds other than finite 32-bit numbers", slim=True)
def infinite_factors(folder):
    moved(folder, **{f"whole.{THIN}": np.full((16, 16), np.inf, np.float32)})


@case("NaN or infinity", slim=True)
def factors_that_overflow(folder):
    large = np.full((16, 1), 3e38, np.float32)
    moved(folder, **{f"left.{THIN}": large, f"right.{THIN}": large.T.copy()})


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """A bundle of a hashed encoder, with an index, one with an encoder of its own, and one with its difference."""
    folder = tmp_path_factory.mktemp("bundles")
    (folder / "items.csv").write_text("\n".join(lines()) + "\n", encoding="utf-8")
    table = modicum.read(folder / "items.csv", text="text", label="topic", id="id")
    modicum.fit(table, encoder="hashed", budget=1, map_points=0).save(folder / "hashed", index=True)
    encoder = tiny.save_sentence_encoder(folder / "tiny")
    made = modicum.fit(table, encoder=str(encoder), encoder_mode="exact", budget=1, map_points=0).bundle
    own = replace(made, encoder=replace(made.encoder, own=True), weights=OwnWeights(Path(encoder)))
    own.save(folder / "own")
    weights = load_file(encoder / "model.safetensors")
    weights[THIN] = weights[THIN] + np.float32(0.1)
    save_file(weights, shutil.copytree(encoder, folder / "tuned") / "model.safetensors")
    base, tuned = load_folder(encoder), load_folder(folder / "tuned")
    write_difference(folder / "difference", tuned.layout, base.layout, base_name(base))
    reference = replace(own.encoder, fingerprint=load_folder(folder / "difference").fingerprint)
    replace(own, encoder=reference, weights=OwnWeights(folder / "difference")).save(folder / "slim")
    return folder


@pytest.fixture(scope="module")
def opened(bundles, tmp_path_factory):
    """What became of each, opened one after the other in one process with little memory."""
    folder, made = tmp_path_factory.mktemp("hostile"), []
    whole = {f"whole_{kind}": (seal, "", kind) for kind in KINDS}
    for name, (change, _, kind) in {**whole, **CASES}.items():
        made.append(shutil.copytree(bundles / kind, folder / name))
        change(made[-1])
    command = [sys.executable, str(RUNNER), *map(str, made)]
    environ = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, env=environ, cwd=folder)
    told = {one["name"]: one for one in map(json.loads, done.stdout.splitlines())}
    assert len(told) == len(made), f"{made[len(told)].name} ended the process: {done.stderr[-2000:]}"
    return told


@pytest.mark.parametrize("name", CASES)
def test_a_sentence_comes_back(opened, name):
    one, (_, message, _) = opened[name], CASES[name]
    assert one["kind"] == "InputError", one
    assert re.search(message, one["said"])
    assert "\n" not in one["said"]
    assert len(one["said"]) < 1_000
    assert one["seconds"] < SLOW


def test_the_bundles_were_good_before(opened):
    assert [opened[f"whole_{kind}"]["said"] for kind in KINDS] == [""] * 3


def test_memory_stays_bounded(opened):
    grown = sorted(opened.values(), key=lambda one: one["peak"])
    assert grown[-1]["peak"] < PEAK
