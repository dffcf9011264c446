"""Singular alignment: whether the directions that make two models' functions point the same way.

The question: will the mean of two models keep what they do? A permutation of hidden units cannot change singular
values, and hardly brings weights closer; what it changes is how the singular vectors of large values lie to each other.
For every matrix the products of left and of right vectors of all pairs with large values are added up, which gives 1
where the leading parts agree and about 0 where they are unrelated. Do not use it to compare models of unlike widths,
or with a share so small that noise directions outnumber the rest.

Paper: "Analysis of Linear Mode Connectivity via Permutation-Based Weight Matching" (Ito et al. 2024). Changed: told for
each matrix by itself; what counts as large is a share of each matrix's own largest value.
"""

from __future__ import annotations

import torch
from torch import Tensor

from modicum.core.card import Card
from modicum.core.checks import check_fraction
from modicum.weights.states import State, check_alike, matrices

CARD = Card(
    name="singular_alignment",
    room="weights",
    question="diagnose",
    summary="Agreement of two models' singular vectors of large values, matrix by matrix",
    paper="Analysis of Linear Mode Connectivity via Permutation-Based Weight Matching",
    year=2024,
    needs=("weights",),
    cost="O(out * in * min(out, in)) a matrix",
    tags=("singular values", "permutation"),
    ids=("004-000",),
)


def singular_alignment(
    first: State, second: State, *, share: float = 0.3, targets: str | None = None
) -> dict[str, float]:
    """Agreement of the directions along large singular values.

    Args:
        first: State dict.
        second: State dict of the same architecture, such as `weights.merge.reordered` gives.
        share: From which share of a matrix's largest singular value on a value is large, between 0 and 1.
        targets: Which tensors of two axes or more, by a regular expression found in their names; None for all.

    Returns:
        For each matrix a number from -1 to 1: 1 where the large parts are the same up to their values. Cost: two
        decompositions a matrix.

    Raises:
        InputError: The models differ in names or shapes, no tensor is meant, or the share is not between 0 and 1.

    Example:
        >>> first = torch.diag(torch.tensor([3.0, 2.0, 0.1]))
        >>> swapped = first[[1, 0, 2]]
        >>> singular_alignment({"w": first}, {"w": first}), singular_alignment({"w": first}, {"w": swapped})
        ({'w': 1.0}, {'w': 0.0})
    """
    check_fraction(share, "share")
    check_alike(first, second)
    others = matrices(second, targets)
    return {name: _agreement(matrix, others[name], share) for name, matrix in matrices(first, targets).items()}


def _agreement(first: Tensor, second: Tensor, share: float) -> float:
    (left, right), (other_left, other_right) = (_large(matrix, share) for matrix in (first, second))
    most = min(left.shape[1], other_left.shape[1])
    return float(((left.T @ other_left) * (right @ other_right.T)).sum() / max(most, 1))


def _large(matrix: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Singular vectors of large values: left (out, n), right (n, in)."""
    U, s, V = torch.linalg.svd(matrix.double(), full_matrices=False)
    count = int((s >= share * s[0]).sum()) if s[0] > 0 else 0
    return U[:, :count], V[:count]
