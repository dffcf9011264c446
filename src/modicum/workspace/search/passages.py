"""Passages of long texts, and how the best ones speak for their rows."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modicum.core.protocols import Encoder
from modicum.data.search import BM25
from modicum.encoders import encode
from modicum.vectors.search import Reranked, rerank
from modicum.workspace.search.lists import VectorRows

WORDS, OVERLAP = 50, 7
"""Words of a passage, and by how many it reaches into each neighbour."""
PARTS = 2
"""Passages of a text that the encoder sees."""
_WORD = re.compile(r"\S+")


def passages(text: str, words: int = WORDS, overlap: int = OVERLAP) -> list[str]:
    """Runs of `words` words, widened by `overlap` words on either side; none for a blank text.

    Example:
        >>> passages("one two three four five", words=2, overlap=1)
        ['one two three', 'two three four five', 'four five']
    """
    spans = [word.span() for word in _WORD.finditer(text)]
    starts = range(0, len(spans), words)
    cuts = [(max(0, start - overlap), min(len(spans), start + words + overlap) - 1) for start in starts]
    return [text[spans[first][0] : spans[last][1]] for first, last in cuts]


def rank_by_passages(
    texts: Sequence[str], query: str, vector: NDArray[np.floating], encoder: Encoder, language: str
) -> Reranked:
    """Rank candidates (C,), given in the order of a first list, by the cosine of their best passage.

    Words choose the passages that are encoded; where they know nothing of the query, the first passages are.
    """
    cut = [passages(text) for text in texts]
    offsets = np.cumsum([0, *map(len, cut)])
    every = [passage for parts in cut for passage in parts]
    words = BM25(every, language=language).scores(query)

    def cosines(numbers: NDArray[np.int64]) -> NDArray[np.floating]:
        return VectorRows(encode([every[number] for number in numbers], encoder)).cosines(vector)

    first = -np.arange(len(texts), dtype=np.float64)
    return rerank(first, offsets, lambda numbers: words[numbers], cosines, candidates=max(1, len(texts)), parts=PARTS)
