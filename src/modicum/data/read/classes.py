"""Class files, and the label space of a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from modicum.core.checks import nearest_name
from modicum.core.errors import InputError
from modicum.core.json_files import parse_json
from modicum.core.records import LabelSpace, Table
from modicum.core.texts import normal_form
from modicum.data.read.delimiters import delimiter_of

ENDINGS = (".yaml", ".yml", ".json", ".csv")
KEYS = ("name", "description", "parent", "group")


def read_classes(path: str | Path) -> LabelSpace:
    """Read a class file: YAML, JSON or CSV entries of `name`, `description`, `parent`, and `group` for mere groups.

    An entry marked `group: true` is no class; it may have a parent itself, so that a tree of any depth can be told.
    A parent that has no entry is a group at the top.

    Raises:
        InputError: The file is missing, broken or contradicts itself; the sentence names the entry.
    """
    path = Path(path)
    if not path.is_file():
        beside = path.parent.iterdir() if path.parent.is_dir() else ()
        there = sorted(p.name for p in beside if p.is_file() and p.suffix.lower() in ENDINGS)
        raise InputError(f"there is no class file {path}{nearest_name(path.name, there)}")
    entries = [_entry(value, f"{path}, entry {number}") for number, value in enumerate(_entries(path), start=1)]
    if not entries:
        raise InputError(f"{path} names no class; write one or more, each with a name")
    names = [entry["name"] for entry in entries]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{path}: {twice!r} is named twice; class names must be unique")
    _check_cycles({entry["name"]: entry["parent"] for entry in entries}, path)
    classes = [entry for entry in entries if not entry["group"]]
    groups = tuple((e["name"], e["parent"]) for e in entries if e["group"] and e["parent"])
    return LabelSpace(
        tuple(e["name"] for e in classes),
        tuple(e["description"] for e in classes) if any(e["description"] for e in classes) else (),
        tuple(e["parent"] for e in classes) if any(e["parent"] for e in classes) else (),
        groups,
    )


def _entries(path: Path) -> list[Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() == ".csv":
            sign = delimiter_of(text.partition("\n")[0])
            return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=sign, strict=True))
        if path.suffix.lower() == ".json":
            found = parse_json(text)
        elif path.suffix.lower() in (".yaml", ".yml"):
            found = yaml.safe_load(text)
        else:
            raise InputError(f"{path} is not a class file that can be read; it must end in one of {', '.join(ENDINGS)}")
    except InputError:
        raise
    except (OSError, ValueError, RecursionError, csv.Error, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path} cannot be read ({reason}); check that the file is whole, and in UTF-8") from error
    if isinstance(found, dict) and isinstance(found.get("classes"), list):
        found = found["classes"]
    if not isinstance(found, list):
        raise InputError(f"{path} must be a list of classes, each with a name")
    return found


def _entry(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        value = {"name": value}
    if None in value:
        raise InputError(f"{where}: there are more cells than columns; put what holds a comma into quotes")
    unknown = [key for key in value if key not in KEYS]
    if unknown:
        raise InputError(f"{where}: the key {str(unknown[0])!r} is not known{nearest_name(str(unknown[0]), KEYS)}")
    told = {key: "" if value.get(key) is None else str(value[key]).strip() for key in KEYS}
    if not told["name"]:
        raise InputError(f"{where}: there is no name; give the class one, or remove the entry")
    return {
        "name": told["name"],
        "description": told["description"],
        "parent": told["parent"] or None,
        "group": told["group"].lower() in ("true", "yes", "1"),
    }


def _check_cycles(parents: dict[str, str | None], path: Path) -> None:
    for name in parents:
        seen, at = [name], parents.get(name)
        while at is not None:
            if at in seen:
                raise InputError(
                    f"{path}: {' > '.join([*seen, at])} goes round in a circle; a class cannot be above itself"
                )
            seen.append(at)
            at = parents.get(at)


def _refuse_variants(table: Table, labels: Sequence[str]) -> None:
    forms: dict[str, str] = {}
    for label in labels:
        other = forms.setdefault(normal_form(label), label)
        if other != label:
            rows = [table.labels.index(each) + 1 for each in (other, label)]
            raise InputError(
                f"{table.source}: the labels {other!r} (row {rows[0]}) and {label!r} (row {rows[1]}) differ only by "
                "case or blanks; write them alike, or declare both as classes (--classes FILE)"
            )


def check_declared(declared: LabelSpace) -> LabelSpace:
    """Return declared classes.

    Raises:
        InputError: They are no label space.
    """
    if not isinstance(declared, LabelSpace):
        raise InputError(
            f"classes are declared as a LabelSpace, not as a {type(declared).__name__}; write "
            "modicum.core.LabelSpace(('one', 'other')), or read them with modicum.data.read_classes(FILE)"
        )
    return declared


def label_space(table: Table, declared: LabelSpace | None) -> LabelSpace:
    """The classes of a task: those declared, or else the sorted labels of the table.

    Raises:
        InputError: A label is not declared, there is neither a label nor a declared class, or only one class; two
            undeclared labels differ only by case or blanks; or what is declared is no `LabelSpace`.

    Example:
        >>> label_space(Table(("0", "1"), ("x", "y"), ("b", "a")), None).names
        ('a', 'b')
    """
    seen = sorted({label for label in table.labels if label is not None})
    space = LabelSpace(tuple(seen)) if declared is None else check_declared(declared)
    if not space.names:
        column = f"column {table.label_column!r} of " if table.label_column else ""
        remedy = "label a few rows (modicum label), name another column (--label COL)"
        if Path(table.source).is_dir():
            remedy = "put a few images into sub-folders named after their classes"
        raise InputError(
            f"{column}{table.source} holds no label at all and no classes are declared; "
            f"{remedy} or declare the classes (--classes FILE)"
        )
    foreign = next((label for label in seen if label not in space.index), None)
    if foreign is not None:
        row = table.labels.index(foreign)
        raise InputError(
            f"{table.source}, row {row + 1}: the label {foreign!r} is not in the class file"
            f"{nearest_name(foreign, space.names)}"
        )
    if declared is None:
        _refuse_variants(table, seen)
    if len(space) == 1:
        raise InputError(f"{table.source} has only one class, {space.names[0]!r}; a task needs at least two")
    return space
