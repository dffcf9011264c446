"""Class files in three formats, trees of any depth, and contradictions that are named."""

from __future__ import annotations

import json

import pytest

from modicum.core import InputError, LabelSpace, Table
from modicum.data import label_space, read_classes

YAML = """
- {name: life, group: true}
- {name: animal, group: true, parent: life}
- {name: cat, parent: animal, description: it purrs}
- {name: oak, parent: plant}
"""


def put(folder, name, text):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_formats_agree(tmp_path):
    entries = [
        {"name": "life", "group": "true"},
        {"name": "animal", "group": "true", "parent": "life"},
        {"name": "cat", "parent": "animal", "description": "it purrs"},
        {"name": "oak", "parent": "plant"},
    ]
    rows = ["name,parent,description,group"] + [
        ",".join(e.get(k, "") for k in ("name", "parent", "description", "group")) for e in entries
    ]
    spaces = [
        read_classes(put(tmp_path, "c.yaml", YAML)),
        read_classes(put(tmp_path, "c.json", json.dumps(entries))),
        read_classes(put(tmp_path, "c.csv", "\n".join(rows))),
        read_classes(put(tmp_path, "d.csv", "\n".join(rows).replace(",", ";"))),
    ]
    expected = LabelSpace(("cat", "oak"), ("it purrs", ""), ("animal", "plant"), (("animal", "life"),))
    assert spaces == [expected] * 4


def test_bare_names_are_classes(tmp_path):
    assert read_classes(put(tmp_path, "c.yaml", "[yes_please, no_thanks]")).names == ("yes_please", "no_thanks")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[{name: a}, {name: a}]", "'a' is named twice"),
        ("[{name: a, parent: b}, {name: b, parent: a}]", "goes round in a circle"),
        ("[{name: a, descripton: x}]", "entry 1: the key 'descripton' is not known; did you mean 'description'"),
        ("[{description: x}]", "entry 1: there is no name"),
        ("[]", "names no class"),
        ("just words", "must be a list of classes"),
        ("[unclosed", "cannot be read"),
        ("!!python/object/apply:os.system ['true']", "cannot be read"),
    ],
)
def test_contradictions(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_classes(put(tmp_path, "c.yaml", text))


def test_cells_of_a_class_file_hold_what_they_say(tmp_path):
    told = "it purrs,\nsleeps\u2028and hunts"
    file = put(tmp_path, "c.csv", f'name,description\ncat,"{told}"\noak,a tree\n')
    assert read_classes(file).descriptions == (told, "a tree")
    with pytest.raises(InputError, match=r"c\.csv, entry 1: there are more cells than columns.*quotes"):
        read_classes(put(tmp_path, "c.csv", "name,description\ncat,it purrs, and sleeps\n"))
    with pytest.raises(InputError, match=r"c\.csv cannot be read \(unexpected end of data\)"):
        read_classes(put(tmp_path, "c.csv", 'name,description\ncat,"it purrs\noak,a tree\n'))


def test_missing_file_and_unknown_ending(tmp_path):
    put(tmp_path, "classes.yaml", YAML)
    with pytest.raises(InputError, match=r"did you mean 'classes\.yaml'"):
        read_classes(tmp_path / "clases.yaml")
    with pytest.raises(InputError, match="must end in"):
        read_classes(put(tmp_path, "c.txt", "a"))


def table(*labels):
    return Table(tuple(map(str, range(len(labels)))), ("t",) * len(labels), labels, "t.csv", label_column="topic")


def test_space_of_a_table():
    assert label_space(table("b", None, "a"), None).names == ("a", "b")
    declared = LabelSpace(("z", "b", "a"))
    assert label_space(table("b", None, "a"), declared) is declared
    with pytest.raises(InputError, match=r"declared as a LabelSpace, not as a list; write .*LabelSpace\(\('one'"):
        label_space(table("b", "a"), ["a", "b"])
    with pytest.raises(InputError, match=r"t\.csv, row 2: the label 'aa' is not in the class file"):
        label_space(table("b", "aa"), declared)
    with pytest.raises(InputError, match=r"column 'topic' of t\.csv holds no label at all.*--classes FILE"):
        label_space(table(None, None), None)
    with pytest.raises(InputError, match="only one class, 'a'"):
        label_space(table("a", None), None)
