"""Tables in, tables out, and which rows say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modicum.core.lazy import lazy_names
from modicum.data.read import (
    bare_name,
    check_separator,
    declared_classes,
    is_file_of_rows,
    is_images,
    is_pipe,
    label_space,
    read,
    read_classes,
    sample,
    stream,
)
from modicum.data.write import check_table_place, write_stream, write_table

if TYPE_CHECKING:
    from modicum.data import dedup, store

__all__ = [
    "bare_name",
    "check_separator",
    "check_table_place",
    "declared_classes",
    "dedup",
    "is_file_of_rows",
    "is_images",
    "is_pipe",
    "label_space",
    "read",
    "read_classes",
    "sample",
    "store",
    "stream",
    "write_stream",
    "write_table",
]

__getattr__ = lazy_names(__name__, {}, ("dedup", "store"))
