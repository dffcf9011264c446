"""The built-in table: the same on every run, as large and as uneven as told, hiding what it should."""

from __future__ import annotations

import collections
import os
import re
import subprocess
import sys

import modicum
from modicum.data.read.builtin import builtin
from modicum.data.read.stdlib_docs import CHAPTERS, GROUPS
from modicum.labels.spaces import TreeMetric


def test_shape():
    table, space = builtin("stdlib-docs")
    assert 3_000 < len(table) < 4_500
    assert 10 <= len(space) <= 21
    assert len(set(table.ids)) == len(table)
    assert all(table.texts)
    kept = collections.Counter(label for label in table.labels if label)
    assert set(kept) == set(space.names)
    assert max(kept.values()) == 8
    every = collections.Counter(a or b for a, b in zip(table.labels, table.hidden, strict=True))
    assert max(every.values()) > 10 * min(every.values())


def test_a_label_is_either_shown_or_hidden():
    table, _ = builtin("stdlib-docs")
    assert all((a is None) != (b is None) for a, b in zip(table.labels, table.hidden, strict=True))


def test_texts_hold_name_signature_and_docstring_but_no_module_or_address():
    table, _ = builtin("stdlib-docs")
    text = table.texts[table.ids.index("textwrap.shorten")]
    assert text.startswith("shorten(text, width, **kwargs)\nCollapse and truncate")
    assert not any(re.search(r"at 0x[0-9a-f]{4}", text) for text in table.texts)


def test_nothing_of_this_machine_is_in_the_texts():
    table, _ = builtin("stdlib-docs")
    told = "\n".join(table.texts)
    assert "environ({" not in told
    assert sys.executable not in told
    assert os.environ["MODICUM_CACHE"] not in told


def test_every_chapter_has_a_group_and_no_module_two_chapters():
    assert sorted(c for members in GROUPS.values() for c in members) == sorted(CHAPTERS)
    modules = [name for names in CHAPTERS.values() for name in names.split()]
    assert len(modules) == len(set(modules))
    _, space = builtin("stdlib-docs")
    assert TreeMetric.from_space(space).ancestors.shape[1] == 2


def test_the_same_in_another_process():
    code = (
        "import modicum, hashlib; t = modicum.read('stdlib-docs'); told = repr((t.ids, t.texts, t.labels)).encode(); "
    )
    code += "print(hashlib.sha256(told).hexdigest())"
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_a_file_of_that_name_wins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stdlib-docs").write_text("text\nx\n", encoding="utf-8")
    assert builtin("stdlib-docs") is None
    assert builtin("other") is None
    assert len(modicum.read({"text": ["x", "y"]})) == 2
