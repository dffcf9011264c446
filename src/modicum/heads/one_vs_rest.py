"""One rule per label: which of the labels does each row have, when it may have several or none?

The question: a row can carry several labels at once; what do linear rules reach, and what do label names add? Each
label has its own logistic regression against all rows without it, and all of them are fitted in one solve. Names
enter as in `NamesAndShots`: as one more row that has the label, and as the prior mean of the label's weights; with
C = 0 the weights are the names alone, and the rows only set each label's threshold. Do not use it where a row has
exactly one label: `Linear` knows that labels exclude each other. Nor does it know that labels imply each other.

Source: one-vs-rest, as in "In Defense of One-Vs-All Classification" (Rifkin & Klautau 2004); the prior mean is that of
"Adaptation of Maximum Entropy Capitalizer" (Chelba & Acero 2006). Changed: names as rows and prior; intercepts are
held weakly at the log-odds of the label's share, so that a label without a row has finite odds.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from modicum.core.arrays import normalize_rows
from modicum.core.card import Card
from modicum.core.checks import check_indicators, check_vectors
from modicum.core.logistic import fit_logistic
from modicum.core.softmax import Rule, name_prior

CARD = Card(
    name="OneVsRest",
    room="heads",
    question="heads",
    summary="Logistic regression for rows of several labels, all labels in one solve, with or without names",
    paper="In Defense of One-Vs-All Classification",
    year=2004,
    needs=("labels",),
    cost="O(N D K) per iteration, at most 200 iterations",
    tags=("multi-label", "baseline", "names"),
)

Floats = NDArray[np.floating]


def one_vs_rest(
    X: Floats,
    Y: Floats,
    class_vectors: Floats | None = None,
    *,
    C: float = 30.0,
    name_weight: float = 1.0,
    prior_scale: float = 2.5,
) -> Rule:
    """Weights and intercepts of every label.

    Args:
        X: Vectors (N, D).
        Y: Indicator matrix (N, K): 1 where the row has the label, else 0.
        class_vectors: Embedded label names (K, D), or None.
        C: Inverse strength of the pull towards the prior, at least 0; 0 leaves the weights at the prior.
        name_weight: Weight of a label's name as a row that has this label and is silent on the others; at least 0.
        prior_scale: Length of the prior weights along a label's name, at least 0.

    Returns:
        Weights (K, D) and intercepts (K,) of the log-odds. Cost: O(N D K) per iteration.

    Example:
        >>> import numpy as np
        >>> X, Y = np.array([[1.0, 0.0], [0.0, 1.0], [0.7, 0.7]]), np.array([[1, 0], [0, 1], [1, 1]])
        >>> W, b = one_vs_rest(X, Y)
        >>> (np.array([[0.8, 0.6], [1.0, 0.1]]) @ W.T + b > 0).tolist()
        [[True, True], [True, False]]
    """
    prior = name_prior(class_vectors, prior_scale)
    weight = np.ones(len(X), dtype=X.dtype)
    if class_vectors is None or name_weight == 0 or C == 0:
        return fit_logistic(X, Y, sample_weight=weight, C=C, prior=prior)
    names = class_vectors.astype(X.dtype)
    shares = np.tile((Y.sum(axis=0) + 0.5) / (len(Y) + 1), (len(names), 1))
    np.fill_diagonal(shares, 1.0)
    X, Y = np.concatenate([X, names]), np.concatenate([Y, shares.astype(Y.dtype)])
    weight = np.append(weight, np.full(len(names), name_weight, dtype=X.dtype))
    return fit_logistic(X, Y, sample_weight=weight, C=C, prior=prior)


class OneVsRest(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Logistic regression of every label against the rest.

    Args:
        C: Inverse strength of the pull towards the prior, at least 0; 0 leaves the weights at the prior: the names.
        name_weight: Weight of a label's name as a row, at least 0; without names it means nothing.
        prior_scale: Length of the prior weights along a label's name, at least 0.

    Attributes:
        coef_: Weights (K, D).
        intercept_: Intercepts (K,).

    Example:
        >>> import numpy as np
        >>> X, Y = np.array([[1.0, 0.0], [0.0, 1.0], [0.7, 0.7]]), np.array([[1, 0], [0, 1], [1, 1]])
        >>> OneVsRest().fit(X, Y).predict([[0.8, 0.6], [1.0, 0.1]])
        array([[1, 1],
               [1, 0]])
    """

    def __init__(self, C: float = 30.0, name_weight: float = 1.0, prior_scale: float = 2.5) -> None:
        self.C = C
        self.name_weight = name_weight
        self.prior_scale = prior_scale

    def __sklearn_tags__(self) -> Tags:
        """Several labels a row are asked for."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output, tags.target_tags.single_output = True, False
        return tags

    def fit(self, X: ArrayLike, Y: ArrayLike, *, class_vectors: ArrayLike | None = None) -> Self:
        """Learn from vectors (N, D), their indicator matrix (N, K) and, where given, embedded label names (K, D).

        Raises:
            ValueError: An array has the wrong shape, or Y holds anything but 0 and 1.
        """
        rows: Floats = validate_data(self, X, dtype=[np.float64, np.float32])
        targets = check_indicators(Y, rows=len(rows)).astype(rows.dtype)
        names = None
        if class_vectors is not None:
            names = check_vectors(class_vectors, width=rows.shape[1], rows=targets.shape[1], what="label vectors")
            names = normalize_rows(names)
        self.coef_, self.intercept_ = one_vs_rest(
            rows, targets, names, C=self.C, name_weight=self.name_weight, prior_scale=self.prior_scale
        )
        return self

    def scores(self, X: ArrayLike) -> Floats:
        """Log-odds of each label (N, K)."""
        check_is_fitted(self)
        rows: Floats = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return np.asarray(rows @ self.coef_.T.astype(rows.dtype) + self.intercept_.astype(rows.dtype))

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Probability of each label (N, K), each from 0 to 1."""
        return np.asarray(1 / (1 + np.exp(-np.clip(self.scores(X), -50, 50))))

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:
        """Indicator matrix (N, K) of the labels that are more likely than not; a row can have none."""
        return (self.scores(X) > 0).astype(np.int64)
