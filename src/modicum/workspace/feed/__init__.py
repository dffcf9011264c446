"""A feed of papers: sources flow in, copies fall together, likes become a ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modicum.core.lazy import lazy_names

if TYPE_CHECKING:
    from modicum.workspace.feed import digest, keywords, readers
    from modicum.workspace.feed.home import feed_folder
    from modicum.workspace.feed.merging import merge_alike
    from modicum.workspace.feed.ranking import Suggestions, rank_by_likes
    from modicum.workspace.feed.reading import Manners, Reading, add, poll, told_of
    from modicum.workspace.feed.search import PaperHits, PaperQuery, PaperSearch
    from modicum.workspace.feed.store import Store
    from modicum.workspace.feed.trending import trend_scores

_NAMES = {
    "Manners": "modicum.workspace.feed.reading",
    "PaperHits": "modicum.workspace.feed.search",
    "PaperQuery": "modicum.workspace.feed.search",
    "PaperSearch": "modicum.workspace.feed.search",
    "Reading": "modicum.workspace.feed.reading",
    "Store": "modicum.workspace.feed.store",
    "Suggestions": "modicum.workspace.feed.ranking",
    "feed_folder": "modicum.workspace.feed.home",
    "add": "modicum.workspace.feed.reading",
    "merge_alike": "modicum.workspace.feed.merging",
    "poll": "modicum.workspace.feed.reading",
    "rank_by_likes": "modicum.workspace.feed.ranking",
    "told_of": "modicum.workspace.feed.reading",
    "trend_scores": "modicum.workspace.feed.trending",
}

__all__ = [
    "Manners",
    "PaperHits",
    "PaperQuery",
    "PaperSearch",
    "Reading",
    "Store",
    "Suggestions",
    "add",
    "digest",
    "feed_folder",
    "keywords",
    "merge_alike",
    "poll",
    "rank_by_likes",
    "readers",
    "told_of",
    "trend_scores",
]

__getattr__ = lazy_names(__name__, _NAMES, ("digest", "keywords", "readers"))
