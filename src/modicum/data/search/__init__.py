"""Which rows hold the words of a query?"""

from modicum.data.search.bm25 import BM25, LANGUAGES

__all__ = ["BM25", "LANGUAGES"]
