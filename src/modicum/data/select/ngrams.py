"""Hashed n-grams of words, counted chunk by chunk: what a distribution over texts is made of here.

Buckets are those of the authors' package for importance resampling (words and runs of punctuation, lower case, SHA-256
of the words joined by blanks), so that weights can be compared. Every distinct n-gram of a chunk is hashed once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

TOKEN = re.compile(r"\w+|[^\w\s]+")
CHUNK = 1 << 22
"""Letters that are counted at a time."""

Ints = NDArray[np.int64]


def hashed_ngrams(texts: Sequence[str], *, longest: int = 2, buckets: int = 10_000) -> tuple[Ints, Ints]:
    """The n-grams of 1 to `longest` words of some texts: the row (M,) and the bucket (M,) of each occurrence.

    Example:
        >>> rows, columns = hashed_ngrams(["a b a", ""], longest=2, buckets=100)
        >>> rows.tolist(), len(set(columns.tolist()))
        ([0, 0, 0, 0, 0], 4)
    """
    words = [TOKEN.findall(text.lower()) for text in texts]
    rows = np.repeat(np.arange(len(words)), [len(line) for line in words])
    flat = [word for line in words for word in line]
    known: dict[str, int] = {}
    ids = np.array([known.setdefault(word, len(known)) for word in flat], dtype=np.int64)
    found_rows, found = [rows], [_buckets(known, buckets)[ids] if len(ids) else ids]
    codes = ids
    for size in range(2, longest + 1):
        starts = np.flatnonzero(rows[: len(rows) - size + 1] == rows[size - 1 :])
        if len(starts) == 0:
            break
        longer = codes[starts] * len(known) + ids[starts + size - 1]
        _, first, place = np.unique(longer, return_index=True, return_inverse=True)
        said = (" ".join(flat[start : start + size]) for start in starts[first].tolist())
        found_rows.append(rows[starts])
        found.append(_buckets(said, buckets)[place])
        codes = np.zeros(len(rows), dtype=np.int64)
        codes[starts] = place
    return np.concatenate(found_rows), np.concatenate(found)


def _buckets(ngrams: Iterable[str], buckets: int) -> Ints:
    hashes = (int.from_bytes(sha256(ngram.encode("utf-8", "replace")).digest(), "big") for ngram in ngrams)
    return np.fromiter((value % buckets for value in hashes), dtype=np.int64)


def ngram_counts(parts: Iterable[Sequence[str]], *, longest: int = 2, buckets: int = 10_000) -> Ints:
    """Occurrences (buckets,) of each bucket in all texts of all parts."""
    total = np.zeros(buckets, dtype=np.int64)
    for texts in in_chunks(parts):
        total += np.bincount(hashed_ngrams(texts, longest=longest, buckets=buckets)[1], minlength=buckets)
    return total


def in_chunks(parts: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    """The texts of all parts, in pieces of about `CHUNK` letters; a longer text stands alone."""
    for part in parts:
        piece = np.cumsum([len(text) for text in part], dtype=np.int64) // CHUNK
        cuts = [0, *(np.flatnonzero(np.diff(piece)) + 1).tolist(), len(part)]
        yield from (part[start:end] for start, end in pairwise(cuts) if end > start)
