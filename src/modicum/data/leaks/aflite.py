"""AfLite: rows that any linear rule gets right from any part of the table.

The question: which rows are so easy that they teach nothing and flatter every figure? Linear rules are fitted to many
random parts of the table and asked about the rest; a row's predictability is the share of them that was right. The
filter takes the most predictable rows away, a few at a time, and asks again, because what was easy beside its
copies may be hard without them. Do not filter a table that a model is to learn from when labels are few, and do not
compare accuracies before and after: the rows left are hard by construction.

Paper: "WinoGrande: An Adversarial Winograd Schema Challenge at Scale" (Sakaguchi et al. 2020). Changed: any number of
classes; the linear rules are ridge regressions, all of them in one pass over the vectors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import one_hot
from modicum.core.card import Card
from modicum.core.checks import check_codes, check_fraction, check_share, check_vectors
from modicum.core.errors import InputError

CARD = Card(
    name="aflite",
    room="data",
    question="leaks",
    summary="Rows left when those that every linear rule predicts are taken away in rounds",
    paper="WinoGrande: An Adversarial Winograd Schema Challenge at Scale",
    year=2020,
    needs=("labels", "vectors"),
    cost="O(P (N D^2 + D^3)) a round of P parts",
    tags=("dataset bias", "too easy"),
    ids=("003-054",),
)


def predictability(
    X: NDArray[np.floating],
    codes: NDArray[np.int64],
    classes: int,
    *,
    train: float = 0.5,
    parts: int = 32,
    ridge: float = 1.0,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Share (N,) of linear rules, fitted to random parts without the row, that predict its label; 0 to 1.

    Args:
        X: Vectors (N, D).
        codes: Labels (N,), in 0..classes-1.
        classes: Number of classes K.
        train: Share of the rows that a rule is fitted to, 0 to 1.
        parts: Rules, at least 1.
        ridge: Penalty of the weights, above 0.
        rng: Draws the parts.

    Returns:
        The shares; NaN for a row that was part of every fit. Cost: O(parts * (N D^2 + D^3)).

    Raises:
        InputError: The arrays do not belong together, or a setting is out of range.

    Example:
        >>> X = np.array([[-1.0], [-0.9], [-0.8], [0.8], [0.9], [-1.1]])
        >>> predictability(X, np.array([0, 0, 0, 1, 1, 1]), 2, rng=np.random.default_rng(0))[5]
        np.float64(0.0)
    """
    X = check_vectors(X)
    codes = check_codes(codes, classes=classes, rows=len(X))
    check_fraction(train, "train")
    if parts < 1 or not ridge > 0:
        raise InputError(f"there must be at least 1 part and a ridge above 0, not {parts} and {ridge}")
    rows = np.hstack([X, np.ones((len(X), 1))]).astype(np.float64)
    Y = one_hot(codes, classes)
    penalty = np.append(np.full(X.shape[1], ridge), 1e-6)
    asked, right = np.zeros(len(X)), np.zeros(len(X))
    size = max(int(train * len(X)), 1)
    for _ in range(parts):
        order = rng.permutation(len(X))
        seen, rest = order[:size], order[size:]
        weights = np.linalg.solve(rows[seen].T @ rows[seen] + np.diag(penalty), rows[seen].T @ Y[seen])
        asked[rest] += 1
        right[rest] += (rows[rest] @ weights).argmax(axis=1) == codes[rest]
    return np.asarray(np.where(asked > 0, right / np.maximum(asked, 1), np.nan))


def aflite(
    X: NDArray[np.floating],
    codes: NDArray[np.int64],
    classes: int,
    *,
    keep: int,
    cut: int | None = None,
    threshold: float = 0.75,
    parts: int = 32,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Take away the most predictable rows until `keep` are left, or none is predictable.

    Args:
        X: Vectors (N, D).
        codes: Labels (N,), in 0..classes-1.
        classes: Number of classes K.
        keep: Rows to keep at least.
        cut: Most rows to take away in one round; default a twentieth of the table.
        threshold: A row whose predictability is below it stays, 0 to 1.
        parts: Rules of each round, at least 1.
        rng: Draws the parts, and breaks ties.

    Returns:
        Row numbers left, ascending.

    Raises:
        InputError: The arrays do not belong together, or a setting is out of range.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> X = np.concatenate([np.repeat([[-1.0], [1.0]], 20, axis=0), rng.normal(size=(10, 1)) * 0.01])
        >>> codes = np.concatenate([np.repeat([0, 1], 20), rng.integers(0, 2, 10)])
        >>> bool((aflite(X, codes, 2, keep=10, rng=rng) >= 40).sum() >= 5)
        True
    """
    X = check_vectors(X)
    codes = check_codes(codes, classes=classes, rows=len(X))
    check_share(threshold, "threshold")
    if keep < 1 or (cut is not None and cut < 1):
        raise InputError(f"at least one row must be kept and cut at a time, not {keep} and {cut}")
    most = max(len(X) // 20, 1) if cut is None else cut
    left = np.arange(len(X))
    while len(left) > keep:
        scores = np.nan_to_num(predictability(X[left], codes[left], classes, parts=parts, rng=rng))
        order = np.lexsort((rng.random(len(left)), -scores))
        gone = order[scores[order] >= threshold][: min(most, len(left) - keep)]
        left = np.delete(left, gone)
        if len(gone) < most:
            break
    return left
