"""Search among the papers of a feed: by words and by vectors, with filters, at once."""

from __future__ import annotations

from modicum.workspace.feed.search.asking import PaperHits, PaperQuery
from modicum.workspace.feed.search.papers import PaperSearch

__all__ = ["PaperHits", "PaperQuery", "PaperSearch"]
