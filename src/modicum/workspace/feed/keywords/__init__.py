"""Keyword pages: what a feed is about, under addresses that stay, and which papers are on them."""

from modicum.workspace.feed.keywords.finding import find_keywords
from modicum.workspace.feed.keywords.pages import Keyword, Keywords
from modicum.workspace.feed.keywords.places import PaperMap, map_papers

__all__ = ["Keyword", "Keywords", "PaperMap", "find_keywords", "map_papers"]
