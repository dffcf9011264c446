"""Equiangular basis vectors: classes are fixed directions of equal standing, and rows are turned towards theirs.

The question: must every class have weights of its own? Each class is given a fixed unit vector, all nearly orthogonal
to one another, and one affine map is learnt that sends rows near the vector of their class, measured by angle. With
more classes than dimensions the vectors are pushed apart until no two are more alike than `alpha`, so the number of
learnt parameters no longer grows with the number of classes. Do not use it to gain accuracy on frozen vectors: an
affine map followed by fixed vectors orders the classes as some softmax regression would, and `Linear`, whose loss is
convex, is usually more accurate with few labels. It is for very many classes, and for a space in which no class stands
out.

Paper: "Equiangular Basis Vectors" (Shen et al. 2023; code: aassxun/Equiangular-Basis-Vectors). Changed: an affine map
instead of a network, held near the one that answers with the nearest class mean; where there is room, the vectors are
exactly orthogonal; else the push grows with the overlap, which gets closer to the least possible overlap.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from modicum.core.arrays import class_means, log_softmax, normalize_rows
from modicum.core.card import Card
from modicum.core.equiangular import equiangular_vectors
from modicum.core.linear_head import Facts, Head
from modicum.heads.class_mean import nearest_mean_rule

CARD = Card(
    name="EquiangularBasisVectors",
    room="heads",
    question="heads",
    summary="Classes as fixed, nearly orthogonal unit vectors; one affine map turns rows towards theirs",
    paper="Equiangular Basis Vectors",
    year=2023,
    needs=("labels",),
    cost="O(N E (D + K)) per iteration for width E, at most 100; O(K^2 E) per step to push vectors apart",
    tags=("fixed classifier", "angular"),
    ids=("004-007",),
)

TINY = 1e-12

Floats = NDArray[np.floating]


def angular_loss(
    flat: NDArray[np.float64], X: Floats, targets: Floats, basis: Floats, weight: Floats, temperature: float
) -> tuple[float, NDArray[np.float64]]:
    """Weighted mean cross-entropy of softmax(cosines / temperature), and its gradient.

    Args:
        flat: The map (E, D), flattened.
        X: Vectors (N, D).
        targets: Indicator matrix (N, K).
        basis: Class vectors (K, E) of length 1.
        weight: Weights of the rows (N,) that sum to 1.
        temperature: Above 0; the paper has 0.07.

    Returns:
        The loss in nats, and its gradient in the shape of `flat`. Cost: O(N E (D + K)).

    Example:
        >>> import numpy as np
        >>> one = np.eye(2)
        >>> loss, _ = angular_loss(one.ravel(), one, one, one, np.array([0.5, 0.5]), 1.0)
        >>> round(loss, 4)  # log(1 + exp(-1))
        0.3133
    """
    turned = X @ flat.reshape(basis.shape[1], -1).T.astype(X.dtype)
    length = np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), TINY)
    unit = turned / length
    logs = log_softmax(unit @ basis.T / temperature)
    slope = (weight[:, None] * (np.exp(logs) - targets)) @ basis / temperature
    slope = (slope - (slope * unit).sum(axis=1, keepdims=True) * unit) / length
    return -float(weight @ (logs * targets).sum(axis=1)), (slope.T @ X).ravel().astype(np.float64)


def _first_map(X: Floats, targets: Floats, basis: Floats) -> NDArray[np.float64]:
    """Map (E, D + 1) that turns rows towards the class of the nearest mean, to a mean length of 1.

    X (N, D + 1) are centred rows and a column of ones. Classes without a row have no part in it: as the others' scores
    sum to 0, one of those is above it.
    """
    seen = targets.sum(axis=0) > 0
    W, b = nearest_mean_rule(class_means(X[:, :-1], targets[:, seen]), metric="euclidean", scale=1.0)
    rule = np.column_stack([W, b])
    first = basis[seen].T @ (rule - rule.mean(axis=0))
    length = float(targets.sum(axis=1) @ np.linalg.norm(X @ first.T, axis=1))
    return np.asarray(first / max(length, TINY), dtype=np.float64)


class EquiangularBasisVectors(Head):
    """Fixed class vectors and a learnt affine map.

    Args:
        width: Dimension of the class vectors; default the number of classes, which makes them orthogonal.
        alpha: Largest absolute cosine between two class vectors where they are more than `width`.
        temperature: Cosines are divided by this, above 0.
        pull: Weight of half the squared distance from the map of the nearest mean, beside the mean loss; at least 0.
        iterations: Most L-BFGS iterations.
        random_state: Seed of the class vectors.

    Attributes:
        basis_: Class vectors (K, E).
        map_: The map (E, D).
        offset_: Added to mapped vectors (E,).

    Example:
        >>> import numpy as np
        >>> X = np.array([[0.0, 1.0], [0.1, 1.0], [1.0, 0.0], [1.0, 0.1]])
        >>> EquiangularBasisVectors().fit(X, ["up", "up", "right", "right"]).predict([[0.2, 0.9]])
        array(['up'], dtype='<U5')
    """

    def __init__(
        self,
        width: int | None = None,
        alpha: float = 0.2,
        temperature: float = 0.07,
        pull: float = 0.1,
        iterations: int = 100,
        random_state: int | None = 0,
    ) -> None:
        self.width = width
        self.alpha = alpha
        self.temperature = temperature
        self.pull = pull
        self.iterations = iterations
        self.random_state = random_state

    def _learn(self, facts: Facts) -> None:
        rng, width = np.random.default_rng(self.random_state), self.width or facts.classes
        self.basis_ = equiangular_vectors(facts.classes, width, alpha=self.alpha, rng=rng)
        weight = facts.weight / facts.weight.sum()
        centre = weight @ facts.X
        X = np.column_stack([facts.X - centre, np.ones(len(weight), dtype=facts.X.dtype)])
        basis = self.basis_.astype(X.dtype)
        first = _first_map(X, weight[:, None] * facts.targets, basis).ravel()

        def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            value, slope = angular_loss(flat, X, facts.targets, basis, weight, self.temperature)
            away = flat - first
            return value + 0.5 * self.pull * float(away @ away), slope + self.pull * away

        options = {"maxiter": self.iterations}
        found = minimize(loss, first, jac=True, method="L-BFGS-B", options=options).x.reshape(width, -1)
        self.map_ = found[:, :-1]
        self.offset_ = found[:, -1] - self.map_ @ centre

    def _scores(self, X: Floats) -> Floats:
        turned = X @ self.map_.T.astype(X.dtype) + self.offset_.astype(X.dtype)
        return np.asarray(normalize_rows(turned) @ self.basis_.T.astype(X.dtype) / self.temperature)
