"""Softmax regression with soft targets and a prior for its weights: the one numeric engine of all linear rules.

scikit-learn's LogisticRegression takes neither soft targets nor a prior mean, which pseudo-labels and names need;
on hard targets with a zero prior the two give the same rule (tested).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logsumexp

from modicum.core.arrays import normalize_rows

FLOOR = -50.0
"""Scores below the row's best by more than this count as this much: smaller powers make products of subnormal numbers,
which take processors ten times as long."""

EXACT = 1e-9
"""Least gain of a fit on labelled rows alone, whose rule is compared with that of other libraries."""
PAIRS = 5
"""Steps that L-BFGS remembers: with half the library's number a fit takes less time in all."""

Rule = tuple[NDArray[np.float64], NDArray[np.float64]]


def fit_softmax(
    X: NDArray[np.floating],
    Y: NDArray[np.floating],
    *,
    sample_weight: NDArray[np.floating] | None = None,
    C: float = 30.0,
    prior: NDArray[np.floating] | None = None,
    start: Rule | None = None,
    max_iter: int = 200,
    least_gain: float = 1e-6,
) -> Rule:
    """Minimise C * sum_i w_i * cross-entropy(Y_i, softmax(W x_i + b)) + 0.5 * ||W - prior||^2.

    Args:
        X: Vectors (N, D).
        Y: Targets (N, K): non-negative, each row usually sums to 1.
        sample_weight: Weight of each row (N,), at least 0; default 1.
        C: Inverse strength of the pull towards the prior, above 0.
        prior: Weights (K, D) that are preferred where the rows say nothing; default zeros.
        start: Weights and intercepts to begin with, for warm starts; default the prior.
        max_iter: Most L-BFGS iterations.
        least_gain: Share of the loss under which a step's gain ends the fit, at least 0. By default probabilities were
            within 0.008 of the optimum on trec, mpqa and banking77, nearer than where scikit-learn stops by default.

    Returns:
        Weights (K, D) and intercepts (K,), float64. Cost: O(N D K) per iteration, in the precision of X.
    """
    n, d = X.shape
    k = Y.shape[1]
    weight = np.ones(n, dtype=X.dtype) if sample_weight is None else np.asarray(sample_weight, dtype=X.dtype)
    Y = np.asarray(Y, dtype=X.dtype)
    mass = Y.sum(axis=1)
    centre = np.zeros((k, d)) if prior is None else np.asarray(prior, dtype=np.float64)

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        W, b = flat[: k * d].reshape(k, d), flat[k * d :]
        Z = X @ W.T.astype(X.dtype) + b.astype(X.dtype)
        Z -= Z.max(axis=1, keepdims=True)
        np.maximum(Z, FLOOR, out=Z)
        P = np.exp(Z)
        total = P.sum(axis=1)
        cross_entropy = mass * np.log(total) - np.einsum("nk,nk->n", Y, Z)
        P *= (mass / total)[:, None]
        P -= Y
        P *= weight[:, None]
        pull = W - centre
        value = C * float(np.dot(weight.astype(np.float64), cross_entropy)) + 0.5 * float((pull**2).sum())
        slope = np.concatenate([(C * (P.T @ X) + pull).ravel(), C * P.sum(axis=0)])
        return value, slope.astype(np.float64)

    first = (centre, np.zeros(k)) if start is None else start
    flat = np.concatenate([first[0].ravel(), first[1]])
    options = {"maxiter": max_iter, "gtol": 1e-4 * C, "ftol": least_gain, "maxcor": PAIRS}
    found = minimize(loss, flat, jac=True, method="L-BFGS-B", options=options)
    return found.x[: k * d].reshape(k, d), found.x[k * d :]


def with_names(
    X: NDArray[np.floating],
    Y: NDArray[np.floating],
    weight: NDArray[np.floating],
    class_vectors: NDArray[np.floating] | None,
    name_weight: float,
) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
    """Rows (N + K, D), targets and weights with each class's name added as one row of weight `name_weight`."""
    if class_vectors is None or name_weight == 0:
        return X, Y, weight
    names = class_vectors.astype(X.dtype)
    added = np.full(len(names), name_weight, dtype=X.dtype)
    return np.concatenate([X, names]), np.concatenate([Y, np.eye(len(names), dtype=Y.dtype)]), np.append(weight, added)


def name_prior(class_vectors: NDArray[np.floating] | None, strength: float) -> NDArray[np.floating] | None:
    """Prior weights (K, D): names less their mean, of length `strength`; None without names.

    Example:
        >>> import numpy as np
        >>> name_prior(np.array([[1.0, 0.0], [-1.0, 0.0]]), 5.0).tolist()
        [[5.0, 0.0], [-5.0, 0.0]]
    """
    if class_vectors is None or strength == 0:
        return None
    return strength * normalize_rows(class_vectors - class_vectors.mean(axis=0))


def fit_row(
    X: NDArray[np.floating],
    new: NDArray[np.bool_],
    rule: Rule,
    *,
    sample_weight: NDArray[np.floating] | None = None,
    C: float = 30.0,
    prior: NDArray[np.floating] | None = None,
    max_iter: int = 200,
) -> tuple[NDArray[np.float64], float]:
    """Row of one more class under the loss of `fit_softmax`, while the other classes' rows stay where they are.

    With those fixed, the loss is that of a logistic regression of new against old rows whose scores start from minus
    the log of the old classes' summed powers; it is convex, and the new row's scores are comparable to the old ones.

    Args:
        X: Vectors (N, D) of the new class and of the others.
        new: Which rows (N,) are of the new class.
        rule: Weights (K, D) and intercepts (K,) of the others.
        sample_weight: Weight of each row (N,), at least 0; default 1.
        C: Inverse strength of the pull towards the prior, above 0.
        prior: Weights (D,) that are preferred where the rows say nothing; default zeros.
        max_iter: Most L-BFGS iterations.

    Returns:
        Weights (D,) and the intercept. Cost: O(N D K), and O(N D) per iteration.

    Example:
        >>> import numpy as np
        >>> old = np.array([[-3.0], [3.0]]), np.zeros(2)
        >>> w, c = fit_row(np.array([[-1.0], [1.0], [5.0]]), np.array([False, False, True]), old)
        >>> scores = np.array([[-1.0, 1.0, 5.0]]).T @ np.append(old[0], [w], axis=0).T + np.append(old[1], c)
        >>> scores.argmax(axis=1)
        array([0, 1, 2])
    """
    rows = np.asarray(X, dtype=np.float64)
    start = -logsumexp(rows @ rule[0].T + rule[1], axis=1)
    weight = np.ones(len(rows)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    target = np.asarray(new, dtype=np.float64)
    centre = np.zeros(rows.shape[1]) if prior is None else np.asarray(prior, dtype=np.float64)

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        z = rows @ flat[:-1] + flat[-1] + start
        pull = flat[:-1] - centre
        wrong = weight * (expit(z) - target)
        value = C * float(weight @ (np.logaddexp(0, z) - target * z)) + 0.5 * float(pull @ pull)
        return value, np.append(C * (wrong @ rows) + pull, C * wrong.sum())

    options = {"maxiter": max_iter, "gtol": 1e-4 * C}
    found = minimize(loss, np.append(centre, 0.0), jac=True, method="L-BFGS-B", options=options)
    return found.x[:-1], float(found.x[-1])
