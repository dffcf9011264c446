"""Concurrence: do benchmarks rank the same candidates alike?

The question: does it matter on which table encoders, heads or recipes were compared? For every two benchmarks the
rankings that they give to the same candidates are compared by Kendall's tau, the share of pairs of candidates that
both order alike less the share that they order differently. Where tau is low, a figure on one says little about the
other, and an average over both hides it. Do not read much into it with fewer than five candidates: of three, rankings
at random agree entirely once in six times; nor where candidates all but tie.

Paper: "The Validity of Evaluation Results: Assessing Concurrence Across Compositionality Benchmarks" (Sun et al.
2023). Changed: any benchmarks and candidates; differences below a stated size count as ties.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modicum.core.card import Card
from modicum.core.checks import check_vectors
from modicum.core.errors import InputError

CARD = Card(
    name="concurrence",
    room="evaluation",
    question="stats",
    summary="Agreement between benchmarks in how they rank the same candidates",
    paper="The Validity of Evaluation Results: Assessing Concurrence Across Compositionality Benchmarks",
    year=2023,
    needs=("metric",),
    cost="O(B^2 M^2) for B benchmarks and M candidates",
    tags=("benchmarks", "rank correlation"),
    ids=("003-044",),
)


@dataclass(frozen=True, eq=False)
class Concurrence:
    """How far benchmarks agree."""

    tau: NDArray[np.float64]
    """Kendall's tau-b (B, B) of each two, -1 (reversed) to 1; NaN where one of them ranks nothing."""
    typical: NDArray[np.float64]
    """Mean tau of each benchmark (B,) with the others: the lowest one measures something else."""


def concurrence(scores: ArrayLike, *, tie: float = 0.0) -> Concurrence:
    """Compare the rankings of M candidates on B benchmarks.

    Args:
        scores: Figure of each candidate on each benchmark (M, B); higher is better.
        tie: Candidates that differ by no more than this are tied, at least 0.

    Raises:
        InputError: There are fewer than two candidates or two benchmarks, or `tie` is below 0.

    Example:
        >>> found = concurrence([[0.9, 0.8, 0.1], [0.7, 0.6, 0.5], [0.5, 0.55, 0.9]])
        >>> found.tau.tolist(), found.typical.tolist()
        ([[1.0, 1.0, -1.0], [1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]], [0.0, 0.0, -1.0])
    """
    table = check_vectors(np.asarray(scores, dtype=np.float64), what="scores")
    if min(table.shape) < 2:
        raise InputError(f"scores of shape {table.shape}; give at least two candidates (rows) and benchmarks (columns)")
    if not tie >= 0:
        raise InputError(f"tie must be at least 0, not {tie}")
    left, right = np.triu_indices(len(table), 1)
    apart = table[left] - table[right]
    signs = np.where(np.abs(apart) > tie, np.sign(apart), 0.0)
    ranked = (signs**2).sum(axis=0)
    with np.errstate(invalid="ignore"):
        tau = signs.T @ signs / np.sqrt(np.outer(ranked, ranked))
    others = ~np.eye(len(tau), dtype=bool)
    known = others & np.isfinite(tau)
    counts = known.sum(axis=1)
    totals = np.where(known, tau, 0.0).sum(axis=1)
    typical = np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)
    return Concurrence(tau, typical)
