"""Opening a store by its name. LanceDB is imported only here, by name, when a store is asked for."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from modicum.core.errors import InputError
from modicum.data.store.layout import Layout
from modicum.data.store.place import SCHEME, Place

if TYPE_CHECKING:
    from types import ModuleType

    from modicum.data.store.lance import LanceStore as LanceStore
    from modicum.data.store.numbered import NumberedVectors as NumberedVectors
else:
    LanceStore = NumberedVectors = Any


def is_store(source: object) -> bool:
    """Whether a source names a store: `lance://` and what follows."""
    return isinstance(source, str) and source.startswith(SCHEME)


def open_store(source: str | Path | Place) -> LanceStore:
    """Open a store for reading, at its latest version or the one that is named.

    Raises:
        InputError: There is no such store, table or version, or LanceDB is not installed.
    """
    place = source if isinstance(source, Place) else Place.parse(str(source))
    found: LanceStore = _lance(place).LanceStore.open(place)
    return found


def find_store(place: Place) -> LanceStore | None:
    """A store as `open_store` opens it; None where its folder or its table is not there yet.

    Raises:
        InputError: There is no such version, the folder cannot be read, or LanceDB is not installed.
    """
    return open_store(place) if _lance(place).is_there(place) else None


def create_store(place: Place, layout: Layout, columns: dict[str, pa.DataType]) -> LanceStore:
    """Make an empty store for rows with these columns.

    Raises:
        InputError: The place cannot be written, or LanceDB is not installed.
    """
    made: LanceStore = _lance(place).LanceStore.create(place, layout.schema_of(columns))
    return made


def numbered_vectors(place: Place, dimension: int, *, empty: bool = False) -> NumberedVectors:
    """Open vectors that are kept by number; their table is made where it is not there.

    Args:
        place: Folder and name of the table.
        dimension: Width D of the vectors of a table that is made.
        empty: Make it anew, whatever it holds.

    Raises:
        InputError: The place cannot be written, or LanceDB is not installed.
    """
    found: NumberedVectors = _lance(place, "numbered").NumberedVectors.open(place, dimension, empty=empty)
    return found


def keep_table(place: Place) -> None:
    """Remove all tables of numbered vectors in a folder but the one that is named.

    Raises:
        InputError: The place cannot be written, or LanceDB is not installed.
    """
    _lance(place, "numbered").drop_others(place)


def _lance(place: Place, module: str = "lance") -> ModuleType:
    try:
        return importlib.import_module(f"modicum.data.store.{module}")
    except ModuleNotFoundError as error:
        raise InputError(
            f"{place} needs the package {error.name}; install it with: pip install 'modicum[store]'"
        ) from error
