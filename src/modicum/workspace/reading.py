"""The task as files: a table, and its classes where somebody declared them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from modicum.core.records import LabelSpace, Table
from modicum.data.read import builtin, read, read_classes


def read_task(
    source: str,
    *,
    classes: Path | None = None,
    text: str | None = None,
    label: str | Sequence[str] | None = None,
    id: str | None = None,
    group: str | None = None,
    time: str | None = None,
    separator: str | None = None,
) -> tuple[Table, LabelSpace | None]:
    """Read a table and its class file; a built-in table brings its own classes."""
    known = builtin(source)
    if known is not None:
        table, space = known
        return table, read_classes(classes) if classes else space
    table = read(source, text=text, label=label, id=id, group=group, time=time, separator=separator)
    return table, read_classes(classes) if classes else None
