"""JSON of others: read as it is, and refused in a sentence that names the file and the remedy."""

from __future__ import annotations

import pytest

from modicum.core import InputError
from modicum.core.json_files import read_json


@pytest.fixture
def file(tmp_path):
    return tmp_path / "told.json"


def test_what_is_whole_is_read(file):
    file.write_text('{"a": [1, {"b": null}], "ü": "b"}', encoding="utf-8")
    assert read_json(file) == {"a": [1, {"b": None}], "ü": "b"}


def test_the_largest_file_is_read_and_one_byte_more_is_not(file):
    file.write_bytes(b"[1234]")
    assert read_json(file, largest=6) == [1234]
    with pytest.raises(InputError, match=r"told\.json is larger than 5 bytes, and is not read; copy it again$"):
        read_json(file, largest=5)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (b'{"a": 1', r"is not valid JSON \(.*\); make it again$"),
        (b'"\xff"', r"is not valid JSON \(.*\); make it again$"),
        (b"[" * 200_000, r"is nested too deeply; make it again$"),
        (b'{"a": {"b": 1, "c": 2, "c": 2}}', r"\(the key 'c' stands there twice\); make it again$"),
        (b'{"%b": 1, "%b": 2}' % ((b"k" * 41,) * 2), r"\(the key 'k{40}' stands there twice\)"),
    ],
    ids=["cut", "not UTF-8", "deep", "twice", "twice and long"],
)
def test_what_is_broken_is_told(file, told, message):
    file.write_bytes(told)
    with pytest.raises(InputError, match=message):
        read_json(file, "make it again")


def test_what_cannot_be_read_is_told(file, tmp_path):
    with pytest.raises(InputError, match=r"told\.json cannot be read \(No such file or directory\); make it again$"):
        read_json(file, "make it again")
    with pytest.raises(InputError, match=r"cannot be read \(Is a directory\)"):
        read_json(tmp_path)
