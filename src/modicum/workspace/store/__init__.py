"""The dataset store: rows added with their vectors, labels kept as versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modicum.core.lazy import lazy_names

if TYPE_CHECKING:
    from modicum.workspace.store.adding import Added, Columns, add_rows
    from modicum.workspace.store.keeping import compact_store, keep_labels, restore_version
    from modicum.workspace.store.telling import store_facts, store_versions

_NAMES = {
    "Added": "modicum.workspace.store.adding",
    "Columns": "modicum.workspace.store.adding",
    "add_rows": "modicum.workspace.store.adding",
    "compact_store": "modicum.workspace.store.keeping",
    "keep_labels": "modicum.workspace.store.keeping",
    "restore_version": "modicum.workspace.store.keeping",
    "store_facts": "modicum.workspace.store.telling",
    "store_versions": "modicum.workspace.store.telling",
}

__all__ = [
    "Added",
    "Columns",
    "add_rows",
    "compact_store",
    "keep_labels",
    "restore_version",
    "store_facts",
    "store_versions",
]

__getattr__ = lazy_names(__name__, _NAMES)
