"""Audit of a labelled table: does it look like what a model will meet, and is its test honest?

The question: is accuracy measured on this table worth anything? Three things that made published figures fall by half
are looked at: rows of one split whose copy stands in another, class shares so even that somebody must have picked
them, and single words that give the class away. None is an error of the table; each limits what a figure on it says.
Do not take even shares for a fault where classes are labelled by turns on purpose: it says only that class shares
must be learnt elsewhere.

Paper: "Deep Learning Based Vulnerability Detection: Are We There Yet?" (Chakraborty et al. 2020): duplicates,
unrealistic distribution of classes and tokens learnt instead of causes. Changed: for any text; evenness is judged
by a test against drawing rows at random; copies are groups that the caller found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from modicum.core.card import Card
from modicum.core.checks import check_codes
from modicum.core.errors import InputError
from modicum.data.leaks.shortcuts import Shortcuts, shortcuts

CARD = Card(
    name="audit",
    room="data",
    question="leaks",
    summary="Copies across splits, class shares too even to be drawn at random, words that give classes away",
    paper="Deep Learning Based Vulnerability Detection: Are We There Yet?",
    year=2020,
    needs=("texts", "labels"),
    cost="O(total length + N log N)",
    tags=("duplicates", "leakage", "audit"),
    ids=("003-022",),
)

CHANCE = 1e-3
"""Probability under which shares as even as these are not taken for an accident."""


@dataclass(frozen=True, eq=False)
class Audit:
    """What limits figures measured on a table."""

    leaked: NDArray[np.int64]
    """Rows, ascending, whose group also stands in another split."""
    evenness: float
    """Probability that rows drawn from equally frequent classes would come out this even; small: they were picked."""
    picked: bool
    """Whether class shares must have been made even."""
    ratio: float
    """Rows of the largest class for each row of the smallest that has any."""
    shortcuts: Shortcuts


def audit(
    texts: Sequence[str],
    codes: NDArray[np.int64],
    classes: int,
    *,
    groups: ArrayLike | None = None,
    splits: ArrayLike | None = None,
) -> Audit:
    """Look for what limits figures measured on a table.

    Args:
        texts: Labelled texts (N,).
        codes: Their classes (N,), in 0..classes-1.
        classes: Number of classes K.
        groups: Rows of equal value are copies of one another (N,), as from `near_duplicates`.
        splits: Split of each row (N,), such as train and test.

    Raises:
        InputError: The arrays do not belong together.

    Example:
        >>> found = audit(["a b", "c d", "a b", "e f"], np.array([0, 1, 0, 1]), 2,
        ...               groups=[0, 1, 0, 2], splits=["train", "train", "test", "test"])
        >>> found.leaked.tolist()
        [0, 2]
    """
    codes = check_codes(codes, classes=classes, rows=len(texts))
    leaked = np.empty(0, dtype=np.int64)
    if groups is not None and splits is not None:
        _check_lengths({"groups": groups, "splits": splits}, len(texts))
        leaked = leaked_rows(groups, splits)
    counts = np.bincount(codes, minlength=classes)
    seen = counts[counts > 0]
    evenness = _evenness(seen)
    ratio = float(seen.max() / seen.min()) if len(seen) else 1.0
    return Audit(leaked, evenness, evenness < CHANCE, ratio, shortcuts(texts, codes, classes))


def leaked_rows(groups: ArrayLike, splits: ArrayLike) -> NDArray[np.int64]:
    """Row numbers, ascending, of rows whose group (N,) also stands in another split (N,).

    Raises:
        InputError: There is not one group and one split for each row.

    Example:
        >>> leaked_rows([0, 0, 1, 2], ["train", "test", "test", "test"]).tolist()
        [0, 1]
    """
    _check_lengths({"groups": groups, "splits": splits}, len(np.asarray(groups)))
    copies, sides = (np.unique(np.asarray(given), return_inverse=True)[1] for given in (groups, splits))
    pairs = np.unique(np.stack([copies, sides]), axis=1)
    held = np.bincount(pairs[0], minlength=1) if pairs.size else np.zeros(1, dtype=np.int64)
    return np.flatnonzero(held[copies] > 1)


def _check_lengths(given: Mapping[str, ArrayLike], rows: int) -> None:
    for what, values in given.items():
        shape = np.shape(values)
        if shape != (rows,):
            raise InputError(f"{what} of shape {shape} for {rows} rows; give one per row")


def _evenness(counts: NDArray[np.int64]) -> float:
    """Lower tail of Pearson's statistic against equal shares; 1 where there is nothing to compare."""
    if len(counts) < 2:
        return 1.0
    expected = counts.mean()
    return float(chi2.cdf(((counts - expected) ** 2 / expected).sum(), len(counts) - 1))
