"""Files of the same bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.core.records import ImageFile
from modicum.data.dedup import exact_duplicates, file_duplicates
from modicum.encoders.images import files as reading


def write(folder, contents):
    for n, content in enumerate(contents):
        (folder / str(n)).write_bytes(content)
    return [str(folder / str(n)) for n in range(len(contents))]


@given(contents=st.lists(st.sampled_from([b"", b"a", b"b", b"aa", b"ab"]), max_size=12))
def test_groups_are_those_of_the_contents(tmp_path_factory, contents):
    files = write(tmp_path_factory.mktemp("files"), contents)
    numbers = {}
    assert file_duplicates(files).tolist() == [numbers.setdefault(c, len(numbers)) for c in contents]


def test_agrees_with_texts_in_files(tmp_path):
    texts = ["one", "two", "one", "six", "seven"]
    groups = file_duplicates(write(tmp_path, [text.encode() for text in texts]))
    np.testing.assert_array_equal(groups, exact_duplicates(texts))


def test_only_files_of_one_length_are_read(tmp_path, monkeypatch):
    read, digest = [], reading._digest
    monkeypatch.setattr(reading, "_digest", lambda file: read.append(file) or digest(file))
    files = write(tmp_path, [b"a", b"bb", b"cc", b"ddd"])
    assert file_duplicates(files).tolist() == [0, 1, 2, 3]
    assert sorted(read) == files[1:3]


def test_a_file_that_is_gone_is_named(tmp_path):
    with pytest.raises(InputError, match=r"pets\.csv, row 2: .*gone cannot be read"):
        file_duplicates([ImageFile(str(tmp_path / "gone"), "pets.csv, row 2")])
