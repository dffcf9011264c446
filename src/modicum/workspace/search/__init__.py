"""Search in a table: by words, by vectors or both; by text, by row, and by what is not wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modicum.core.lazy import lazy_names

if TYPE_CHECKING:
    from modicum.workspace.search.opening import open_search
    from modicum.workspace.search.searcher import Hits, Query, Searcher
    from modicum.workspace.search.settings import SearchSettings

_NAMES = {
    "Hits": "modicum.workspace.search.searcher",
    "Query": "modicum.workspace.search.searcher",
    "SearchSettings": "modicum.workspace.search.settings",
    "Searcher": "modicum.workspace.search.searcher",
    "open_search": "modicum.workspace.search.opening",
}

__all__ = ["Hits", "Query", "SearchSettings", "Searcher", "open_search"]

__getattr__ = lazy_names(__name__, _NAMES)
