"""How good lists of found rows are, by what is known to be relevant: the figures of the BEIR benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from modicum.core.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RankingScores:
    """Figures of each query (Q,), 0 to 1; NaN for a query to which no row is relevant."""

    ndcg: Floats
    """Gain of the grades found, discounted by the logarithm of the rank, as a share of the best possible."""
    average_precision: Floats
    """Mean precision at each relevant row; one that was not found counts 0."""
    recall: Floats
    """Share of the relevant rows that were found."""
    reciprocal_rank: Floats
    """One over the rank of the first relevant row; 0 where none was found."""

    @property
    def means(self) -> dict[str, float]:
        """Mean of each figure over the queries to which some row is relevant: nDCG, MAP, recall and MRR."""
        known = ~np.isnan(self.ndcg)
        figures = (self.ndcg, self.average_precision, self.recall, self.reciprocal_rank)
        told = [float(figure[known].mean()) if known.any() else float("nan") for figure in figures]
        return dict(zip(("nDCG", "MAP", "recall", "MRR"), told, strict=True))


def ranking_scores(found: ArrayLike, relevance: ArrayLike | csr_array, *, at: int = 10) -> RankingScores:
    """Figures of the first `at` rows found, as trec_eval tells them.

    Args:
        found: Row numbers (Q, R), best first; -1 where fewer were found.
        relevance: Grades (Q, N), dense or sparse: above 0 is relevant, and the more the better.
        at: How many rows of each list count, at least 1.

    Raises:
        InputError: The arrays do not belong together, a list names a row twice, or `at` is under 1.

    Example:
        >>> import numpy as np
        >>> scores = ranking_scores(np.array([[2, 0, -1]]), np.array([[1, 2, 0]]))
        >>> {name: round(value, 3) for name, value in scores.means.items()}
        {'nDCG': 0.24, 'MAP': 0.25, 'recall': 0.5, 'MRR': 0.5}
    """
    lists, grades = _checked(found, relevance, at)
    gains = _gains(lists, grades)
    hit = gains > 0
    ranks = np.arange(1, lists.shape[1] + 1)
    discount = 1 / np.log2(ranks + 1)
    relevant = np.bincount(grades.nonzero()[0], minlength=grades.shape[0])
    known = relevant > 0
    precision = np.cumsum(hit, axis=1) / ranks
    sums = {
        "ndcg": (gains @ discount, _ideal(grades, at)),
        "average_precision": ((precision * hit).sum(axis=1), relevant),
        "recall": (hit.sum(axis=1), relevant),
        "reciprocal_rank": ((hit / ranks).max(axis=1, initial=0.0), np.ones(len(relevant))),
    }
    nothing = np.full(len(relevant), np.nan)
    return RankingScores(
        **{name: np.divide(told, whole, out=nothing.copy(), where=known) for name, (told, whole) in sums.items()}
    )


def _checked(found: ArrayLike, relevance: Any, at: int) -> tuple[NDArray[np.int64], csr_array]:
    lists = np.asarray(found)
    grades = csr_array(relevance, dtype=np.float64, copy=True)
    if at < 1:
        raise InputError(f"figures are told of the first row at least; at = {at}")
    if lists.ndim != 2 or lists.dtype.kind not in "iu" or lists.shape[0] != grades.shape[0]:
        raise InputError(f"found rows of shape {lists.shape} and grades {grades.shape}; give (Q, R) and (Q, N)")
    lists = lists[:, :at].astype(np.int64)
    if lists.size and (lists.min() < -1 or lists.max() >= grades.shape[1]):
        raise InputError(f"found rows must lie in 0..{grades.shape[1] - 1}, or be -1 where there is none")
    ordered = np.sort(lists, axis=1)
    if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any():
        raise InputError("a list names a row twice; give each row once")
    grades.data = np.maximum(grades.data, 0)
    grades.eliminate_zeros()
    return lists, grades


def _gains(lists: NDArray[np.int64], grades: csr_array) -> Floats:
    """Grades (Q, R) of the rows found; 0 where there is none."""
    queries, places = np.nonzero(lists >= 0)
    gains = np.zeros(lists.shape)
    gains[queries, places] = np.asarray(grades[queries, lists[queries, places]]).ravel()
    return gains


def _ideal(grades: csr_array, at: int) -> Floats:
    """Discounted gain (Q,) of the best list of `at` rows."""
    query = np.repeat(np.arange(grades.shape[0]), np.diff(grades.indptr))
    order = np.lexsort((-grades.data, query))
    rank = np.arange(len(order)) - grades.indptr[query[order]]
    told = np.where(rank < at, grades.data[order] / np.log2(rank + 2), 0)
    return np.asarray(np.bincount(query[order], told, minlength=grades.shape[0]), dtype=np.float64)
