"""BM25: which rows hold the words of a query?

The question: what does a search for words find, without any vector? A row scores for every word of the query that it
holds: more for rare words, more the more often it holds them, with falling returns, and less the longer it is. Words
are compared by their stems, and the most frequent words of the language count for nothing. It is hard to beat for
names, numbers and terms that an encoder has never met. Do not use it alone where queries and rows say the same in other
words, nor for languages that are written without blanks.

Paper: "The Probabilistic Relevance Framework: BM25 and Beyond" (Robertson & Zaragoza 2009), in the form and with the
settings of Lucene, by the library bm25s (Lù 2024), which stores the score of every word in every row. Changed: empty
rows and queries without a known word are answered, with zeros, where the library raises; of a query that is a whole
document only the first words count.
"""

from __future__ import annotations

from collections.abc import Sequence

import bm25s
import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import chunks
from modicum.core.card import Card
from modicum.core.progress import Progress, silent
from modicum.data.search.stems import Stems

CARD = Card(
    name="BM25",
    room="data",
    question="search",
    summary="Scores rows by the words of a query that they hold, rare words first",
    paper="The Probabilistic Relevance Framework: BM25 and Beyond",
    year=2009,
    needs=("texts",),
    cost="O(total length) to index, O(rows that hold a word of the query) a query",
    tags=("lexical", "baseline"),
)

WORDS = 1000
"""Words of a query that count."""
ROWS = 4096


class BM25:
    """Rows by their words.

    Args:
        texts: Rows (N,); empty ones are never found.
        language: One of `LANGUAGES`; `none` compares words as they are written, but for case.
        k1: From how many mentions on more of them say little, at least 0.
        b: How far long rows are held back, 0 to 1.
        progress: Called with the stage `index words` and the rows done.

    Raises:
        InputError: The language is not known.

    Example:
        >>> found = BM25(["cards that are lost", "a lost card", "exchange rates", ""])
        >>> (found.scores("my card") > 0).tolist()
        [True, True, False, False]
        >>> found.spans("All cards expire", "my card")
        [(4, 9)]
    """

    def __init__(
        self,
        texts: Sequence[str],
        *,
        language: str = "english",
        k1: float = 1.2,
        b: float = 0.75,
        progress: Progress = silent,
    ) -> None:
        self._stems = Stems(language)
        self._rows = len(texts)
        tokens: list[list[str]] = []
        for part in chunks(len(texts), ROWS):
            tokens += self._stems.tokens(texts[part])
            progress("index words", part.stop, len(texts))
        self._index = None
        if any(tokens):  # the library raises where no row holds a word
            self._index = bm25s.BM25(k1=k1, b=b, method="lucene")
            self._index.index(tokens, show_progress=False)

    def scores(self, query: str) -> NDArray[np.float32]:
        """Scores (N,) of all rows: 0 for those that hold no word of the query, above 0 for the others."""
        words = self._stems.tokens([query])[0][:WORDS]
        if self._index is None or not words:
            return np.zeros(self._rows, dtype=np.float32)
        return np.asarray(self._index.get_scores(words), dtype=np.float32)

    def spans(self, text: str, query: str) -> list[tuple[int, int]]:
        """Where (begin, end) a text holds words of the query."""
        wanted = frozenset(self._stems.tokens([query])[0][:WORDS])
        return self._stems.spans(text, wanted)
