"""Tables that come with the package: read live, never copied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from modicum.core.records import LabelSpace, Table
from modicum.data.read.classes import read_classes
from modicum.data.read.stdlib_docs import load_stdlib_docs

BUILTIN: Mapping[str, Callable[[], tuple[Table, LabelSpace]]] = MappingProxyType({"stdlib-docs": load_stdlib_docs})


def declared_classes(source: str | Path, file: str | Path | None = None) -> LabelSpace | None:
    """Classes of a table that somebody declared: those of the class file, else a built-in table's own, else None.

    Raises:
        InputError: The class file is missing, broken or contradicts itself.
    """
    if file is not None:
        return read_classes(file)
    known = builtin(str(source))
    return None if known is None else known[1]


def builtin(name: str) -> tuple[Table, LabelSpace] | None:
    """Table and classes of a built-in table; None for any other name. A file of that name wins."""
    if name not in BUILTIN or Path(name).exists():
        return None
    return BUILTIN[name]()
