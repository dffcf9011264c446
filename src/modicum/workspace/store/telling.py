"""What is in a store, and which versions of it there are."""

from __future__ import annotations

from typing import Any

from modicum.data.store import open_store


def store_facts(target: str) -> dict[str, Any]:
    """Rows, labels, columns, encoder, files and index of a store, JSON-able."""
    store = open_store(target)
    kept = store.layout
    told: dict[str, Any] = {"store": str(store.place), "version": store.version, "rows": len(store)}
    told |= {"columns": store.columns, "small_files": store.fragments}
    if kept is not None:
        told |= {"labelled": store.filled(kept.label), "text": kept.text, "label": kept.label, "id": kept.id}
        told |= {"encoder": kept.encoder, "fingerprint": kept.fingerprint, "dimension": kept.dimension}
        told |= {"indexed": len(store) - store.unindexed}
    return told


def store_versions(target: str) -> list[dict[str, Any]]:
    """Every version: its number, when it was made (UTC), its rows, and what made it, where that was noted."""
    return [
        {"version": one.number, "at": f"{one.at:%Y-%m-%d %H:%M:%S}", "rows": one.rows, "what": one.what}
        for one in open_store(target).versions()
    ]
