"""Keyword pages: what a feed is about, under addresses that stay, and which papers are on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modicum.core.lazy import lazy_names

if TYPE_CHECKING:
    from modicum.workspace.feed.keywords.finding import find_keywords, refresh_keywords
    from modicum.workspace.feed.keywords.pages import Keyword, Keywords
    from modicum.workspace.feed.keywords.places import PaperMap, map_papers

_NAMES = {
    "Keyword": "modicum.workspace.feed.keywords.pages",
    "Keywords": "modicum.workspace.feed.keywords.pages",
    "PaperMap": "modicum.workspace.feed.keywords.places",
    "find_keywords": "modicum.workspace.feed.keywords.finding",
    "map_papers": "modicum.workspace.feed.keywords.places",
    "refresh_keywords": "modicum.workspace.feed.keywords.finding",
}

__all__ = ["Keyword", "Keywords", "PaperMap", "find_keywords", "map_papers", "refresh_keywords"]

__getattr__ = lazy_names(__name__, _NAMES)
