"""Gaussian discriminant with one shared covariance, ensembled with class names.

The question: how good is a rule that is estimated, not trained? Classes are taken for Gaussians with their own mean
and a common covariance, which Bayes' formula turns into a linear rule in closed form; the covariance is shrunk by the
empirical-Bayes ridge, so that it can be inverted with fewer rows than dimensions. Similarity to class names is added
to the scores. Do not use it where classes differ in spread rather than in place, or with hundreds of rows a class,
where softmax regression is better.

Paper: "A Hard-to-Beat Baseline for Training-free CLIP-based Adaptation" (Wang et al. 2024; code: mrflogs/ICLR24).
Changed: the covariance pools deviations from class means over all labelled rows and is left to plain ridge with one
row a class; class shares are uniform by default, because labels are usually picked class by class.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import class_means
from modicum.core.card import Card
from modicum.core.checks import check_choice
from modicum.core.linear_head import NEVER, ClosedFormHead, Facts
from modicum.heads.names import name_rule, new_name_row

CARD = Card(
    name="GaussianDiscriminant",
    room="heads",
    question="heads",
    summary="Bayes rule for Gaussians with a shared shrunk covariance, plus similarity to names",
    paper="A Hard-to-Beat Baseline for Training-free CLIP-based Adaptation",
    year=2024,
    needs=("labels", "names"),
    cost="O(N D^2 + D^3) to fit, O(N D K) to predict",
    tags=("training-free", "closed-form"),
    ids=("001-179",),
)


def shrunk_precision(deviations: NDArray[np.floating], weight: NDArray[np.floating]) -> NDArray[np.float64]:
    """Inverse covariance (D, D) by the empirical-Bayes ridge: D * inv((n - 1) S + trace(S) I).

    Args:
        deviations: Rows less the mean of their class (N, D).
        weight: Weight of each row (N,); n is their sum.

    Example:
        >>> import numpy as np
        >>> shrunk_precision(np.array([[1.0, 0.0], [-1.0, 0.0]]), np.ones(2)).round(3).tolist()
        [[0.5, 0.0], [0.0, 1.0]]
    """
    n, width = float(weight.sum()), deviations.shape[1]
    wide = deviations.astype(np.float64)
    scatter = (wide * weight[:, None]).T @ wide
    freedom = max(n - 1, 1.0)
    trace = float(np.trace(scatter)) / freedom
    if trace <= 1e-12:
        return np.eye(width)
    return np.asarray(width * np.linalg.inv(scatter + trace * np.eye(width)))


def gaussian_rule(
    means: NDArray[np.floating], precision: NDArray[np.floating], log_shares: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Linear scores of Gaussians: weights P m_c and intercepts log s_c - m_c P m_c / 2, for means (K, D)."""
    W = means @ precision
    return W, log_shares - 0.5 * np.einsum("kd,kd->k", W, means)


class GaussianDiscriminant(ClosedFormHead):
    """Gaussian discriminant analysis on fixed vectors, ensembled with class names.

    Args:
        temper: Factor on the Gaussian scores, above 0: far under 1 in high dimensions, where they are overconfident.
        name_scale: Factor on the similarity to names, at least 0; without names it is ignored.
        shares: `uniform`, or `empirical` for class shares as in the labelled rows, one more of each class supposed.

    Example:
        >>> import numpy as np
        >>> X = np.array([[0.0, 0.0], [0.1, 1.0], [1.0, 0.0], [1.1, 1.0]])
        >>> GaussianDiscriminant().fit(X, [0, 0, 1, 1]).predict([[0.2, 3.0], [0.9, -3.0]])
        array([0, 1])
    """

    def __init__(self, temper: float = 0.3, name_scale: float = 10.0, shares: str = "uniform") -> None:
        self.temper = temper
        self.name_scale = name_scale
        self.shares = shares

    def _fit_rule(self, facts: Facts) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        check_choice(self.shares, ("uniform", "empirical"), "class shares")
        Y = facts.targets * facts.weight[:, None]
        totals = Y.sum(axis=0)
        empty = totals == 0
        means = class_means(facts.X, Y)
        precision = shrunk_precision(facts.X - means[facts.codes], facts.weight)
        if facts.class_vectors is not None:
            means = np.where(empty[:, None], facts.class_vectors, means)
        log_shares = np.zeros(facts.classes)
        if self.shares == "empirical":
            log_shares = np.log((totals + 1) / (totals + 1).sum())
        W, b = gaussian_rule(means, precision, log_shares)
        W, b = self.temper * W, self.temper * b
        if facts.class_vectors is None:
            return W, np.where(empty, NEVER, b)
        W_names, b_names = name_rule(facts.class_vectors, facts.X.mean(axis=0), scale=self.name_scale)
        return W + W_names, b + b_names

    def _new_row(self, facts: Facts) -> tuple[NDArray[np.floating], float]:
        w, c = super()._new_row(replace(facts, class_vectors=None))
        if facts.class_vectors is None:
            return w, c
        w_name, c_name = new_name_row(facts, facts.class_vectors, self.name_scale)
        return w + w_name, c + c_name
