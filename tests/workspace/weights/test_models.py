"""Which encoder lies in a folder, and which encoders may be merged."""

from __future__ import annotations

import json
import shutil
import sys

import numpy as np
import pytest

from modicum.core import InputError
from modicum.encoders import base_name, load_folder, write_difference
from modicum.workspace.weights import check_place, encoder_folder
from modicum.workspace.weights.models import check_kind, read_base, read_models, with_weights
from modicum.workspace.weights.room import weights_room
from tests.encoders import tiny
from tests.workspace.weights.worlds import tuned


@pytest.fixture
def folder(tmp_path):
    return tuned(tmp_path / "first", 1)


def changed(folder, target, **said):
    """A copy of a folder whose config.json says something else."""
    shutil.copytree(folder, target)
    file = target / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | said), "utf-8")
    return target


def test_an_encoder_is_found_as_a_folder_and_in_a_bundle(folder, tmp_path):
    assert encoder_folder(folder) == folder
    bundle = tmp_path / "bundle"
    shutil.copytree(folder, bundle / "encoder")
    (bundle / "bundle.json").write_text("{}", "utf-8")
    assert encoder_folder(str(bundle)) == bundle / "encoder"
    names = [one.name for one in read_models([folder, bundle], threads=1)]
    assert names == [str(folder), str(bundle)]


def test_a_difference_is_a_model_as_its_whole_is(folder, tmp_path):
    """The same merged weights, from whole ones and from a bundle with the difference of one of them."""
    base = load_folder(tiny.save_transformer(tmp_path / "base"), threads=1)
    slim = tmp_path / "bundle" / "encoder"
    write_difference(slim, load_folder(folder).layout, base.layout, base_name(base))
    assert encoder_folder(tmp_path / "bundle") == slim
    found = read_models([tmp_path / "bundle", tuned(tmp_path / "second", 2)], threads=1)
    check_place(slim, [folder])
    pytest.importorskip("torch")
    room = weights_room("encoder")
    other = load_folder(folder, threads=1)
    expected = room.read_module(other).state_dict()
    for name, tensor in room.read_module(found[0]).state_dict().items():
        np.testing.assert_allclose(tensor.numpy(), expected[name].numpy(), rtol=0, atol=1e-5)
    written = load_folder(room.write_folder(tmp_path / "written", found[0], room.read_module(found[0])), threads=1)
    np.testing.assert_allclose(written.encode(["my card"]), other.encode(["my card"]), rtol=0, atol=1e-5)
    assert (tmp_path / "written/tokenizer.json").is_file()


def test_where_there_is_none(tmp_path):
    with pytest.raises(InputError, match=r"there is no folder .*none; give the folder of a tuned encoder, or a bundle"):
        encoder_folder(tmp_path / "none")
    with pytest.raises(InputError, match=r"holds no encoder; give the folder of a tuned encoder, or a bundle that has"):
        encoder_folder(tmp_path)


def test_two_models_are_needed_each_once(folder, tmp_path):
    with pytest.raises(InputError, match="merging takes two models or more; name each one's folder"):
        read_models([folder], threads=1)
    with pytest.raises(InputError, match="first is given twice; give each model once"):
        read_models([folder, tuned(tmp_path / "second", 2), tmp_path / "second" / ".." / "first"], threads=1)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"num_hidden_layers": 1}, "num_hidden_layers 1 where .* has 2"),
        ({"num_attention_heads": 2}, "num_attention_heads 2 where .* has 4"),
        ({"hidden_act": "relu"}, "hidden_act 'relu' where .* has 'gelu'"),
        ({"max_position_embeddings": 30}, "max_tokens 30 where .* has 40"),
    ],
)
def test_other_settings_are_refused(folder, tmp_path, said, told):
    other = changed(folder, tmp_path / "other", **said)
    with pytest.raises(InputError, match=f"other has {told}; merge models of one base"):
        read_models([folder, other], threads=1)


def test_pooling_and_family_count_too(folder, tmp_path):
    plain = load_folder(folder, threads=1)
    with pytest.raises(InputError, match=r"has model_type 'distilbert' where .* has 'bert'; merge models of one base"):
        check_kind(plain, load_folder(tiny.save_transformer(tmp_path / "distil", "distilbert"), threads=1))
    with pytest.raises(InputError, match=r"has width 6 where .* has 16"):
        check_kind(plain, load_folder(tiny.save_sentence_encoder(tmp_path / "sentences"), threads=1))


def test_another_tokenizer_is_refused_but_not_for_its_lengths(folder, tmp_path):
    other = tuned(tmp_path / "other", 2)
    file = other / "tokenizer.json"
    said = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps(said | {"truncation": None, "padding": None}), "utf-8")
    read_models([folder, other], threads=1)
    said["model"]["vocab"] = {word: 14 - number for word, number in said["model"]["vocab"].items()}
    file.write_text(json.dumps(said), "utf-8")
    with pytest.raises(InputError, match=r"other has another tokenizer than .*first; merge models of one base"):
        read_models([folder, other], threads=1)


def test_a_broken_tokenizer_is_named(folder, tmp_path):
    other = tuned(tmp_path / "other", 2)
    (other / "tokenizer.json").write_text("{", "utf-8")
    with pytest.raises(InputError, match=r"other/tokenizer\.json is not a tokenizer \(.*\); copy the model again"):
        read_models([folder, other], threads=1)


def test_the_base_is_an_encoder_of_texts_with_weights(folder):
    first = load_folder(folder, threads=1)
    assert read_base(str(folder), first, 1).fingerprint == first.fingerprint
    with pytest.raises(InputError, match=r"encoder .* was not found"):
        read_base("no-such-encoder", first, 1)


def test_what_would_be_lost_is_not_written_over(folder, tmp_path):
    for place in (folder, tmp_path / "." / "first"):
        with pytest.raises(InputError, match="first is one of the models; give another --out"):
            check_place(place, [folder])
    with pytest.raises(InputError, match="exists and is not an encoder; give another --out, or move it away"):
        check_place(tmp_path, [folder])
    (tmp_path / "empty").mkdir()
    for place in ("new", "empty"):
        check_place(tmp_path / place, [folder])
    check_place(tuned(tmp_path / "older", 3), [folder])


def test_without_torch_the_extra_is_named(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("modicum.weights")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(InputError, match=r"needs the package torch; install it with: pip install 'modicum\[torch\]'"):
        weights_room("merge")


def test_weights_are_run_without_their_folder(folder, tmp_path):
    pytest.importorskip("torch")
    first, second = (load_folder(place, threads=1) for place in (folder, tuned(tmp_path / "second", 2)))
    room = weights_room("encoder")
    found = with_weights(first, room.read_module(first), room.read_module(second).state_dict())
    texts = ["my card is lost", "where is the pin ?"]
    np.testing.assert_array_equal(found.encode(texts), second.encode(texts))
