"""Quantization of a table: a smaller one that keeps the shape of the whole.

The question: which tenth of these rows can stand for all of them, whatever is trained on it? The table is cut into bins
one after the other: each takes, row by row, what is nearest to the rows that are still left and farthest from those it
holds already, so that early bins hold typical rows and late ones what is rare. From every bin the same share is drawn.
Do not use it on tables so small that every label counts, nor where the rare rows are rubbish: late bins are drawn from
as well; leave out some of the last bins then (`bins` and `drop`).

Paper: "Dataset Quantization" (Zhou et al. 2023). Changed: cosines instead of squared distances, which brings a step to
one product; patches of images that the authors drop, and their generator, have no counterpart here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import normalize_rows
from modicum.core.card import Card
from modicum.core.checks import check_vectors
from modicum.core.errors import InputError
from modicum.data.select.selection import Selection, check_keep

CARD = Card(
    name="quantize",
    room="data",
    question="select",
    summary="A share of every bin, when bins take rows by a submodular gain: first the typical, last the rare",
    paper="Dataset Quantization",
    year=2023,
    needs=("vectors",),
    cost="O(N^2 D): one product with all rows for each row",
    tags=("data selection", "coreset", "submodular"),
    ids=("002-010",),
)


def submodular_bins(X: NDArray[np.floating], bins: int) -> NDArray[np.int64]:
    """Bin (N,) of each row, 0 to bins-1: the first hold the most typical rows. All bins but the last are of one size.

    Raises:
        InputError: The vectors are not usable, or there are fewer rows than bins.

    Example:
        >>> X = np.array([[1.0, 0.0], [0.9, 0.1], [0.8, 0.2], [0.0, 1.0]])
        >>> submodular_bins(X, 2).tolist()
        [1, 0, 0, 1]
    """
    unit = normalize_rows(check_vectors(X)).astype(np.float32)
    if not 1 <= bins <= max(len(unit), 1):
        raise InputError(f"{bins} bins for {len(unit)} rows; a bin holds at least one row")
    out = np.full(len(unit), -1, dtype=np.int64)
    left = unit.sum(axis=0, dtype=np.float64).astype(np.float32)
    size = -(-len(unit) // bins)
    gain = np.empty(0, dtype=np.float32)
    for number in range(len(unit)):
        if number % size == 0:
            gain = unit @ left  # nearness to what is left; the bin is empty
            gain[out >= 0] = -np.inf
        row = int(gain.argmax())
        out[row] = number // size
        left -= unit[row]
        # The row leaves what is left and joins the bin: it counts twice against its neighbours.
        gain -= 2 * (unit @ unit[row])
        gain[row] = -np.inf
    return out


def quantize(
    X: NDArray[np.floating], keep: int, *, bins: int = 10, drop: int = 0, rng: np.random.Generator
) -> Selection:
    """Draw the same share from every bin.

    Args:
        X: Vectors (N, D).
        keep: Rows wanted.
        bins: Bins that rows are put into.
        drop: Bins at the end, of the rarest rows, that nothing is drawn from.
        rng: Draws from the bins.

    Returns:
        The rows; each weighs as many rows of its bin as it stands for. Scores are minus the number of the bin.

    Raises:
        InputError: The vectors are not usable, more rows are wanted than there are, or too many bins are dropped.

    Example:
        >>> X = np.random.default_rng(0).normal(size=(100, 4))
        >>> found = quantize(X, 20, bins=5, rng=np.random.default_rng(0))
        >>> len(found.rows), np.unique(-found.scores, return_counts=True)[1].tolist()
        (20, [4, 4, 4, 4, 4])
    """
    X = check_vectors(X)
    check_keep(keep, len(X))
    if not 0 <= drop < bins:
        raise InputError(f"{drop} of {bins} bins are dropped; at least one must be left")
    member = submodular_bins(X, min(bins, len(X)))
    order = rng.permutation(np.flatnonzero(member < bins - drop))
    check_keep(keep, len(order))
    order = order[np.argsort(member[order], kind="stable")]
    sizes = np.bincount(member[order])
    starts = np.cumsum(sizes) - sizes
    # How far each row is through its own bin: the rows that are not beyond a common share are kept.
    through = (np.arange(len(order)) - starts[member[order]] + 0.5) / sizes[member[order]]
    rows = order[np.argsort(through, kind="stable")[:keep]]
    drawn = np.bincount(member[rows], minlength=len(sizes))
    return Selection.of(rows, -member[rows], weights=(sizes / np.maximum(drawn, 1))[member[rows]])
