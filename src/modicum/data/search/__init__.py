"""Which rows hold the words of a query?"""

from modicum.data.search.bm25 import BM25, WORDS
from modicum.data.search.parted import PartedBM25
from modicum.data.search.postings import Postings, arrays_of, count_words, join_postings
from modicum.data.search.stems import LANGUAGES, Stems

__all__ = ["BM25", "LANGUAGES", "WORDS", "PartedBM25", "Postings", "Stems", "arrays_of", "count_words", "join_postings"]
