"""What a search among papers is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PaperQuery:
    """What is looked for. With neither text nor papers to be like, the newest papers come first."""

    text: str = ""
    like: tuple[int, ...] = ()
    """Numbers of papers that what is found shall be like."""
    unlike: tuple[int, ...] = ()
    """Numbers of papers that it shall not be like."""
    since: date | None = None
    """First day of a paper's date; papers without a date are left out."""
    until: date | None = None
    """Last day of a paper's date; papers without a date are left out."""
    sources: tuple[int, ...] = ()
    """Numbers of sources, of which one at least carries the paper; none for all."""
    among: Collection[int] | NDArray[np.int64] | None = None
    """Numbers of the papers that may be found, such as those of a topic; None for all."""
    unfinished: bool = False
    """Whether the last word is still being typed, and also stands for words that begin with it."""
    without: Collection[int] = ()
    """Numbers of papers that may not be found."""


@dataclass(frozen=True, eq=False)
class PaperHits:
    """Papers found, best first."""

    papers: NDArray[np.int64]
    """Numbers (k,)."""
    scores: NDArray[np.float64]
    """Scores (k,), higher is better: of both lists together, where 1 is the top of both; of one list its own; of none
    the day, counted from the first of year 1."""
    words: NDArray[np.float64]
    """BM25 (k,) of the words; minus infinity where none of them stands in the paper."""
    cosines: NDArray[np.float64]
    """Cosines (k,) with the query, also of papers that words alone found; minus infinity where there are no vectors."""
    total: int
    """Papers that pass the filters and hold a word of the query; where it has no words, all that pass."""
