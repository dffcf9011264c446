"""What runs in partitions have in common: what their results depend on, and what is made before they start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from modicum.core.files import file_digest
from modicum.core.protocols import Encoder
from modicum.encoders import StaticEncoder
from modicum.workspace.executors import Sizes

CACHED = 256 << 20
"""Bytes of the largest table whose vectors are kept in the cache: the larger that is, the slower it answers."""


def input_facts(source: str | Path, columns: Mapping[str, str | None], sizes: Sizes) -> dict[str, Any]:
    """What parts made of a file depend on, whatever is made of them."""
    return {
        "modicum": version("modicum"),
        "table": file_digest(Path(source)),
        "columns": dict(columns),
        "partitions": asdict(sizes),
    }


def is_cached(source: str | Path) -> bool:
    """Whether the vectors of a table are to be kept in the cache."""
    return Path(source).stat().st_size <= CACHED


def make_static(encoder: Encoder) -> None:
    """Have the table of a static encoder made once, instead of by every process at the same time."""
    if isinstance(encoder, StaticEncoder):
        encoder.encode([""])
