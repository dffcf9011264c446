"""A stored index: the same answers as on all rows, one file that is whole or refused."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save_file

from modicum.core import InputError
from modicum.data.dedup import CopyIndex, load_index, text_copies
from tests.data.dedup.test_edited import sentences


@pytest.fixture
def index():
    return CopyIndex.of_texts(["a", "b", "c"], ["When will my card arrive?", "Where is my refund?", ""])


def test_answers_are_those_of_a_run_on_old_and_new_rows():
    rng = np.random.default_rng(0)
    old = sentences(rng, 400)
    new = [*sentences(rng, 50), *(text[:-3] for text in old[:50]), *(text.upper() for text in old[50:100])]
    index = CopyIndex.of_texts([str(n) for n in range(400)], old)
    groups = text_copies([*old, *new])
    expected = [next((r for r in range(400) if groups[r] == group), -1) for group in groups[400:]]
    assert index.find_texts(new).tolist() == expected
    assert expected[50:] == list(range(100))
    assert [int(index.find_texts([text])[0]) for text in new[45:60]] == expected[45:60]


def test_saved_and_loaded_it_says_the_same(index, tmp_path):
    found = load_index(index.save(tmp_path / "copies.index"))
    assert (found.ids, found.texts, len(found)) == (index.ids, index.texts, 3)
    asked = ["my refund is where", "hello", "when wil my card arive", ""]
    assert found.find_texts(asked).tolist() == index.find_texts(asked).tolist() == [1, -1, 0, -1]
    assert [file.name for file in tmp_path.iterdir()] == ["copies.index"]


def test_vectors(tmp_path):
    index = CopyIndex.of_vectors(["x", "y"], np.eye(2), encoder="a" * 64)
    found = load_index(index.save(tmp_path / "vectors.index"))
    assert found.find_vectors(np.array([[0.1, 3.0], [1.0, 1.0]]), encoder="a" * 64).tolist() == [1, -1]
    with pytest.raises(InputError, match="vectors of encoder aaaaaaaaaaaa, the new ones are of bbbbbbbbbbbb"):
        found.find_vectors(np.eye(2), encoder="b" * 64)
    with pytest.raises(InputError, match="3 wide where 2 is expected"):
        found.find_vectors(np.eye(3))
    with pytest.raises(InputError, match="made by vectors, not by text; ask with --by vectors"):
        found.find_texts(["a"])


def test_what_is_not_whole_is_refused(index, tmp_path):
    file = index.save(tmp_path / "copies.index")
    content = file.read_bytes()
    with pytest.raises(InputError, match="there is no index at"):
        load_index(tmp_path / "other.index")
    file.write_bytes(content[:-20])
    with pytest.raises(InputError, match="cannot be read as an index"):
        load_index(file)
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(InputError, match=r"is not the file that was written \(truncated or edited\)"):
        load_index(file)
    save_file({"a": np.zeros(3)}, file)
    with pytest.raises(InputError, match="is not an index of rows"):
        load_index(file)
    with pytest.raises(InputError, match="2 ids for 1 rows"):
        CopyIndex.of_texts(["a", "b"], ["text"])
