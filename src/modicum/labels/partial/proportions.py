"""Label proportions: a classifier of rows from how often each class occurs in bags of them.

The question: only totals are known (of these 16 messages, 5 were complaints); which row is what? Two kinds of evidence
pass messages to each row: its nearest neighbours, which probably share its class, and its bag, whose counts leave only
so much room. The marginals are pseudo-labels, a softmax regression learns from them, its scores are one more evidence
in the next round, and so on until little moves. Do not use it where bags all have the same proportions, which say
nothing, or where bags hold hundreds of rows and are few.

Paper: "Learning from Label Proportions: Bootstrapping Supervised Learners via Belief Propagation" (Havaldar et al.
2024). Changed: any number of classes; the message of a bag's count is its saddle-point form, one tilt per bag and class
under which the bag's marginals add up to its counts; vectors stay frozen, so that scores of the learner, not a new
embedding, carry over to the next round.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from modicum.core.arrays import log_probabilities, log_softmax, softmax
from modicum.core.card import Card
from modicum.core.checks import check_codes, check_probabilities, check_vectors
from modicum.core.errors import InputError
from modicum.core.softmax import Rule, fit_softmax

CARD = Card(
    name="learn_from_proportions",
    room="labels",
    question="partial",
    summary="A classifier of rows from class proportions of bags, by messages of neighbours and bag counts",
    paper="Learning from Label Proportions: Bootstrapping Supervised Learners via Belief Propagation",
    year=2024,
    needs=("vectors", "unlabelled"),
    cost="O(N^2 D) for neighbours, O(N D K) per iteration, 60 iterations a round",
    tags=("weak supervision", "label proportions", "belief propagation"),
    ids=("000-046",),
)

Floats = NDArray[np.floating]
FLOOR = 1e-3
"""Least probability in a message: neighbours never forbid a class."""


@dataclass(frozen=True, eq=False)
class ProportionRule:
    """A linear rule for rows, and what was concluded for the rows it was learnt from."""

    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]
    marginals: NDArray[np.float64]
    """Class probabilities (N, K) of the rows in bags, which agree with the bags' proportions."""

    def predict_proba(self, X: Floats) -> NDArray[np.float64]:
        """Class probabilities (M, K) of any rows (M, D)."""
        return np.asarray(softmax(_scores(check_vectors(X, width=self.coef.shape[1]), (self.coef, self.intercept))))


def learn_from_proportions(
    X: Floats,
    bags: NDArray[np.int64],
    shares: Floats,
    *,
    C: float = 3.0,
    neighbours: int = 10,
    agreement: float = 1.0,
    rounds: int = 8,
) -> ProportionRule:
    """Learn to classify rows from the class proportions of bags.

    Args:
        X: Vectors (N, D).
        bags: The bag (N,) of each row, in 0..B-1; no bag is empty.
        shares: Class proportions (B, K) of each bag, rows summing to 1.
        C: Inverse strength of the regression's penalty, above 0.
        neighbours: Nearest rows that send messages.
        agreement: Weight of their message beside that of the regression; 0 for none.
        rounds: How often marginals and regression are renewed.

    Raises:
        InputError: Arrays of wrong shape, proportions that are none, or a bag without rows.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> y = rng.integers(0, 2, 200)
        >>> X = rng.normal(size=(200, 2)) + 4 * y[:, None]
        >>> bags = np.arange(200) // 8
        >>> second = np.bincount(bags, y) / 8
        >>> found = learn_from_proportions(X, bags, np.stack([1 - second, second], axis=1))
        >>> bool((found.predict_proba(X).argmax(axis=1) == y).mean() > 0.98)
        True
    """
    X = check_vectors(X)
    shares = check_probabilities(shares, what="proportions")
    bags = check_codes(bags, classes=len(shares), rows=len(X), what="bag codes")
    sizes = np.bincount(bags, minlength=len(shares))
    if not sizes.all():
        raise InputError(f"bag {int(np.flatnonzero(sizes == 0)[0])} has proportions but no rows; leave it out")
    near = min(neighbours, len(X) - 1)
    beside = NearestNeighbors(n_neighbors=max(near, 1)).fit(X).kneighbors(return_distance=False)
    marginals, rule = shares[bags], None
    for _ in range(rounds):
        rule = fit_softmax(X, marginals, C=C, start=rule, max_iter=60)
        evidence = log_softmax(_scores(X, rule))
        if near and agreement:
            message = sum(marginals[beside[:, place]] for place in range(near)) / near
            evidence = evidence + agreement * log_probabilities(message, FLOOR)
        marginals = count_marginals(evidence, bags, shares)
    coef, intercept = fit_softmax(X, marginals, C=C, start=rule, max_iter=60)
    return ProportionRule(coef, intercept, marginals)


def count_marginals(
    evidence: Floats, bags: NDArray[np.int64], shares: Floats, *, steps: int = 50
) -> NDArray[np.float64]:
    """Class probabilities (N, K) closest to the evidence whose mean over each bag is the bag's proportions.

    Args:
        evidence: Log-probabilities (N, K) up to a constant per row.
        bags: The bag (N,) of each row, in 0..B-1.
        shares: Class proportions (B, K).
        steps: Steps of proportional fitting; the mean is met in the limit.

    Example:
        >>> import numpy as np
        >>> evidence = np.log(np.array([[0.9, 0.1], [0.6, 0.4]]))
        >>> count_marginals(evidence, np.array([0, 0]), np.array([[0.5, 0.5]])).round(2).tolist()
        [[0.71, 0.29], [0.29, 0.71]]
    """
    order = np.argsort(bags, kind="stable")
    scores, bag = np.asarray(evidence, np.float64)[order], bags[order]
    starts, sizes = np.searchsorted(bag, np.arange(len(shares))), np.bincount(bag, minlength=len(shares))[:, None]
    wanted = np.log(np.maximum(shares, 1e-6))
    tilt = np.zeros(shares.shape)
    for _ in range(steps):
        means = np.add.reduceat(softmax(scores + tilt[bag]), starts, axis=0) / sizes
        tilt += wanted - np.log(np.maximum(means, 1e-12))
        tilt -= tilt.max(axis=1, keepdims=True)
    found = np.empty_like(scores)
    found[order] = softmax(scores + tilt[bag])
    return found


def _scores(X: Floats, rule: Rule) -> Floats:
    return np.asarray(X @ rule[0].T.astype(X.dtype) + rule[1].astype(X.dtype))
