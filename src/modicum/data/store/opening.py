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
else:
    LanceStore = Any


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


def _lance(place: Place) -> ModuleType:
    try:
        return importlib.import_module("modicum.data.store.lance")
    except ModuleNotFoundError as error:
        raise InputError(
            f"{place} needs the package {error.name}; install it with: pip install 'modicum[store]'"
        ) from error
