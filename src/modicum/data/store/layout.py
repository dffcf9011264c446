"""What a store says of itself, in the schema of its table, and what its columns hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self

import pyarrow as pa

from modicum.core.errors import InputError

SCHEMA = 1
KEY = b"modicum.store"
ROW, VECTOR = "row_number", "vector"
"""Columns of the store's own: the place of each row, from 0, and its vector."""


@dataclass(frozen=True)
class Layout:
    """Which column plays which part, and what made the vectors."""

    text: str
    label: str
    id: str
    own_id: bool
    """Whether the tables that rows come from name them; else a row is called by its text."""
    encoder: str
    """Name or folder of the encoder."""
    fingerprint: str
    dimension: int
    separator: str | None = None
    """What parts the labels of a row that may have several."""
    schema: int = SCHEMA

    @classmethod
    def read(cls, metadata: Mapping[bytes, bytes] | None, name: str) -> Self | None:
        """The layout that a table's schema holds; None where another program made the table.

        Raises:
            InputError: It was written by a newer version of modicum.
        """
        told = (metadata or {}).get(KEY)
        if told is None:
            return None
        found = json.loads(told)
        if found.get("schema", 0) > SCHEMA:
            raise InputError(f"{name} was written by a newer modicum; upgrade with: pip install -U modicum")
        return cls(**{each.name: found[each.name] for each in fields(cls) if each.name in found})

    def schema_of(self, columns: Mapping[str, pa.DataType]) -> pa.Schema:
        """The schema of a table that holds these columns, labels, row numbers and vectors."""
        kinds = {name: pa.string() if pa.types.is_null(kind) else kind for name, kind in columns.items()}
        kinds |= {self.id: pa.string(), self.label: pa.string()}
        own = [pa.field(ROW, pa.int64()), pa.field(VECTOR, pa.list_(pa.float32(), self.dimension))]
        named = [pa.field(name, kind) for name, kind in kinds.items()]
        return pa.schema([*named, *own], metadata={KEY: json.dumps(asdict(self)).encode()})
