"""Missing positives: multi-label rows of which only some labels are known, and most labels are rare.

The question: a label that was not ticked may be absent or forgotten; how is one to learn from such a table? One
regression per label is fitted with focused weights: easy negatives, of which a rare label has hundreds for each
positive, count little. Unticked labels that it is surer of than of most known positives of the same label are recalled
as positives, and the next round learns with them. The threshold is each label's own, because rare labels never reach
the probabilities of frequent ones. Do not use it where an unticked label is reliably absent, or with labels of fewer
than a handful of rows.

Paper: "Learning in Imperfect Environment: Multi-Label Classification with Long-Tailed Distribution and Partial Labels"
(Zhang et al. 2023). Changed: on frozen vectors, one convex problem per round; the threshold is a quantile of a label's
known positives, predicted out of fold; no head and tail networks are distilled, weights balance the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from modicum.core.card import Card
from modicum.core.checks import check_fraction, check_vectors
from modicum.core.errors import InputError

CARD = Card(
    name="recall_positives",
    room="labels",
    question="partial",
    summary="Multi-label learning where some positives were never ticked and most labels are rare",
    paper="Learning in Imperfect Environment: Multi-Label Classification with Long-Tailed Distribution and Partial "
    "Labels",
    year=2023,
    needs=("labels", "vectors"),
    cost="O(N D L) per iteration for L labels, 100 iterations a fold and round",
    tags=("multi-label", "missing labels", "long tail"),
    ids=("000-028",),
)

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class MultiLabelRule:
    """One linear rule per label, and what was concluded about the rows it was learnt from."""

    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]
    recalled: NDArray[np.bool_]
    """Labels (N, L) that were not ticked and are taken as present."""

    def predict_proba(self, X: Floats) -> NDArray[np.float64]:
        """Probability (M, L) of every label for any rows (M, D)."""
        X = check_vectors(X, width=self.coef.shape[1])
        return np.asarray(expit(X @ self.coef.T + self.intercept), np.float64)


def recall_positives(
    X: Floats,
    ticked: NDArray[np.bool_],
    *,
    C: float = 30.0,
    quantile: float = 0.5,
    focus: float = 0.5,
    rounds: int = 2,
    folds: int = 3,
    random_state: int | None = 0,
) -> MultiLabelRule:
    """Learn labels of which positives are missing.

    Args:
        X: Vectors (N, D).
        ticked: Known labels (N, L); False means absent or forgotten.
        C: Inverse strength of the penalty, above 0.
        quantile: An unticked label is recalled above this quantile of the label's known positives, 0 to 1.
        focus: Power of a negative's probability that weighs it, at least 0; 0 weighs all alike.
        rounds: How often labels are recalled and rules refitted, at least 0; 0 takes the table as it is.
        folds: Folds for predictions of rows by rules that did not see them, 2 to N.
        random_state: Seed of the folds.

    Raises:
        InputError: Arrays of wrong shape, a label without a positive, or a setting out of range.

    Example:
        >>> import numpy as np
        >>> X = np.linspace(-1, 1, 80)[:, None]
        >>> true = X > 0
        >>> ticked = true & (np.arange(80) % 3 > 0)[:, None]
        >>> found = recall_positives(X, ticked)
        >>> bool(found.recalled.any()), bool((found.recalled & ~true).any())
        (True, False)
    """
    X = check_vectors(X)
    ticked = np.asarray(ticked, dtype=bool)
    if ticked.ndim != 2 or len(ticked) != len(X):
        raise InputError(f"ticked labels must be (rows, labels) for {len(X)} rows, not {ticked.shape}")
    if not ticked.any(axis=0).all():
        raise InputError(f"label {int(np.flatnonzero(~ticked.any(axis=0))[0])} has no ticked row; leave it out")
    check_fraction(quantile, "quantile")
    if not C > 0 or focus < 0 or rounds < 0 or not 2 <= folds <= len(X):
        told = f"they are {C}, {focus}, {rounds} and {folds}"
        raise InputError(f"penalty C must be above 0, focus and rounds at least 0, and folds 2 to {len(X)}; {told}")
    fold = np.random.default_rng(random_state).permutation(len(X)) % folds
    labels, weights = ticked, np.ones(ticked.shape)
    for _ in range(rounds):
        unseen = _out_of_fold(X, labels, weights, C, fold)
        bars = np.array([np.quantile(unseen[has, k], quantile) for k, has in enumerate(ticked.T)])
        labels = ticked | (unseen > bars)
        weights = np.where(labels, 1.0, np.maximum(unseen, 1e-3) ** focus)
    coef, intercept = fit_logistics(X, labels, weights, C=C)
    return MultiLabelRule(coef, intercept, labels & ~ticked)


def fit_logistics(
    X: Floats, labels: NDArray[np.bool_], weights: Floats, *, C: float, max_iter: int = 100
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (L, D) and intercepts (L,) of one weighted logistic regression per label, all in one problem.

    Example:
        >>> import numpy as np
        >>> coef, intercept = fit_logistics(np.array([[-1.0], [1.0]]), np.array([[0], [1]]), np.ones((2, 1)), C=1.0)
        >>> bool(coef[0, 0] > 0.5), bool(abs(intercept[0]) < 1e-3)
        (True, True)
    """
    targets, d, many = np.asarray(labels, np.float64), X.shape[1], labels.shape[1]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        W, b = flat[: many * d].reshape(many, d), flat[many * d :]
        Z = X @ W.T + b
        off = C * weights * (expit(Z) - targets)
        value = C * float((weights * (np.logaddexp(0, Z) - targets * Z)).sum()) + 0.5 * float((W**2).sum())
        return value, np.concatenate([(off.T @ X + W).ravel(), off.sum(axis=0)])

    options = {"maxiter": max_iter, "gtol": 1e-4 * C}
    found = minimize(loss, np.zeros(many * (d + 1)), jac=True, method="L-BFGS-B", options=options)
    return found.x[: many * d].reshape(many, d), found.x[many * d :]


def _out_of_fold(X: Floats, labels: NDArray[np.bool_], weights: Floats, C: float, fold: NDArray[np.int64]) -> Floats:
    """Probability (N, L) of every label by rules that did not see the row."""
    found = np.empty(labels.shape)
    for number in range(int(fold.max()) + 1):
        inside = fold != number
        coef, intercept = fit_logistics(X[inside], labels[inside], weights[inside], C=C)
        found[~inside] = expit(X[~inside] @ coef.T + intercept)
    return found
