"""Where a feed is kept: a folder of SQLite and files; as `lance://FOLDER` LanceDB keeps its papers' vectors there."""

from __future__ import annotations

import hashlib
from pathlib import Path

from modicum.core.errors import InputError
from modicum.data.store import Place, is_store, keep_table

VECTORS = "vectors"
"""Folder of LanceDB within that of the feed; that it is there says that vectors are kept in it."""


def feed_folder(said: str | Path, *, create: bool = False) -> Path:
    """The folder of a feed.

    Args:
        said: The folder, or `lance://FOLDER`.
        create: Have LanceDB keep the vectors from now on, if `lance://` says so; the search is made anew then.

    Raises:
        InputError: It is no folder of this machine, its vectors are not in LanceDB, or that is not installed.

    Example:
        >>> feed_folder("lab").name
        'lab'
    """
    if not is_store(str(said)):
        return Path(said)
    place = Place.parse(str(said))
    if place.local is None or place.table is not None or place.version is not None:
        raise InputError(f"{said} is no folder of this machine, where a feed must be; write lance://FOLDER")
    within = place.local / VECTORS
    if not within.is_dir():
        if not create:
            raise InputError(
                f"{place.local} keeps no vectors in LanceDB; leave out lance://, or have it keep them with: modicum "
                f"feed add SOURCE --folder {said}"
            )
        keep_table(Place(str(within), VECTORS))  # which makes the folder, or says what is not installed
        within.mkdir(parents=True, exist_ok=True)
    return place.local


def vectors_place(folder: Path, fingerprint: str) -> Place | None:
    """The table that LanceDB keeps the vectors of a feed in, made by one encoder; None where they are in files."""
    if not fingerprint or not (folder / VECTORS).is_dir():
        return None
    return Place(str(folder / VECTORS), f"papers_{hashlib.sha256(fingerprint.encode()).hexdigest()[:16]}")
