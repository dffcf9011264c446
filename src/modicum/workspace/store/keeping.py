"""Labels into a store as versions, versions restored, small files joined."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa

from modicum.core.errors import InputError
from modicum.data.store import LanceStore, Place, one_writer, open_store
from modicum.workspace.loop.exchange import export_columns
from modicum.workspace.loop.session import Session

PATIENCE = 60.0
"""Seconds to wait for another writer at the end of a session."""


def keep_labels(target: str, session: Session) -> int:
    """Write the labels of a session that differ from the store's into it, as one version; returns how many.

    The journal stays what answers are safe in: what a killed session could not write here, the next one does.

    Raises:
        InputError: Somebody else goes on writing, or the store was made by another program.
    """
    table, place = session.task.table, Place.parse(target)
    if place.version is not None:
        raise InputError(f"{target} names a version, which stays as it is; label the store without it")
    told = export_columns(session)[session.form.column(table)]
    before = [table.separator if label == "" else label for label in table.labels]
    changed = [row for row, (old, new) in enumerate(zip(before, told, strict=True)) if old != new]
    if changed:
        with one_writer(place, PATIENCE):
            store = _own(place)
            if store.layout is not None:
                ids, labels = [table.ids[row] for row in changed], [told[row] for row in changed]
                rows = pa.table(
                    {store.layout.id: pa.array(ids, pa.string()), store.layout.label: pa.array(labels, pa.string())}
                )
                store.change(rows, f"labels changed by modicum label: {len(changed):,}")
                store.join_small_files()
                store.index()
    return len(changed)


def restore_version(target: str, version: int) -> dict[str, Any]:
    """Make a version of a store the latest again; returns what is there then.

    Raises:
        InputError: There is no such version, or somebody else is writing.
    """
    place = replace(Place.parse(target), version=None)
    with one_writer(place):
        store = _own(place)
        store.restore(version)
        return {"store": str(place), "restored": version, "version": store.version, "rows": len(store)}


def compact_store(target: str, forget: int | None = None) -> dict[str, Any]:
    """Join the small files of a store, bring its index up to date, and forget versions older than `forget` days.

    Raises:
        InputError: The number of days is under 1, or somebody else is writing.
    """
    if forget is not None and forget < 1:
        raise InputError(f"--forget must be at least 1 day, not {forget}")
    place = replace(Place.parse(target), version=None)
    with one_writer(place):
        store = _own(place)
        before, versions = store.fragments, len(store.versions())
        store.compact(None if forget is None else timedelta(days=forget))
        store.index()
        return {
            "store": str(place),
            "small_files": [before, store.fragments],
            "versions": [versions, len(store.versions())],
            "version": store.version,
        }


def _own(place: Place) -> LanceStore:
    """A store that modicum made.

    Raises:
        InputError: Another program made it.
    """
    store = open_store(place)
    if store.layout is None:
        raise InputError(f"{place} was made by another program; make a store of its rows in another folder")
    return store
