"""Attention over bags: labels are known for bags of rows only; what is a bag, and which of its rows say so?

A document is labelled and its sentences are not, a slide and not its patches. A small network gives each row of a bag a
score, the softmax of the scores over the bag weighs its rows, and their weighted mean is classified. As settings,
several branches of attention, each with a classifier of its own and kept apart by a penalty on their cosines, look for
several kinds of telling rows, and while it learns some of the rows of most attention are hidden by chance, so that the
softmax gives their weight to the others.

Do not use it where many rows of a bag say what it is: there a logistic regression on the means of bags is better.
Measured on bags of 16 vectors of sentences, area under the ROC curve against that regression (4 draws): one row of a
banking77 class, 50 bags 0.79 to 0.63, 200 bags 0.93 to 0.78; one row of a trec class, 200 bags 0.70 to 0.57, 800 bags
0.82 to 0.67; four rows, no difference; half the rows against a quarter on trec, 200 bags, 0.67 to 0.89. Five branches
need more bags (trec, 800 bags, 0.74); they were ahead where the telling row is of any of four classes (200 bags, 0.65
to 0.62, means 0.61). Hiding rows did not pay in bags as small as these: often it hides the only row that tells.

Paper: "Attention-Challenging Multiple Instance Learning for Whole Slide Image Classification" (ACMIL, Zhang et al.
2024). Changed: vectors enter as they are, without a layer that reduces them; batches of bags instead of one bag a step,
with gradients in closed form; the last weights are taken, as no bags are set aside to choose among epochs; one branch
and no masking unless asked for, which is the attention pooling that the paper sets out from.
"""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from modicum.core.arrays import one_hot, softmax
from modicum.core.card import Card
from modicum.core.checks import check_codes, check_fraction, check_several
from modicum.core.errors import InputError
from modicum.labels.partial.attention_network import (
    AttentionWeights,
    bag_loss,
    bag_softmax,
    mask_top,
    row_scores,
    start_weights,
)

CARD = Card(
    name="AttentionBags",
    room="labels",
    question="partial",
    summary="Classes of bags, and the rows that tell them, by attention over their rows",
    paper="Attention-Challenging Multiple Instance Learning for Whole Slide Image Classification",
    year=2024,
    needs=("labels", "vectors"),
    cost="O(N D (H + T K)) an epoch for T branches and H hidden units",
    tags=("weak supervision", "multiple instance", "attention"),
    ids=("001-019",),
)

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]
BATCH = 32
"""Bags a step."""
RATE = 0.01
"""Size of the first steps; it falls to zero along half a cosine."""


class AttentionBags(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Classifier of bags of rows by attention over the rows.

    Args:
        branches: Branches of attention, at least 1; more where there are several kinds of telling rows.
        hidden: Units of the network that scores rows, at least 1.
        gated: Whether a sigmoid scales each of them.
        top: How many rows of most attention of a bag may be hidden from a branch in a step; 0 for none.
        masked: Share of these that is, between 0 and 1.
        decay: Shrinkage of weights in a step, as a multiple of its size; at least 0.
        epochs: Passes over the bags, at least 1.
        random_state: Seed of the first weights, of the order of bags, and of what is hidden.

    Attributes:
        classes_: Class labels (K,), in the order of all columns.
        weights_: The network.

    Example:
        >>> import numpy as np
        >>> X, bags = np.random.default_rng(0).normal(size=(600, 2)), np.repeat(np.arange(60), 10)
        >>> X[::20] += 6
        >>> y = np.tile(["odd row", "nothing"], 30)
        >>> found = AttentionBags().fit(X, y, bags)
        >>> found.score(X, y, bags), int(found.attention(X[:10], bags[:10]).argmax())
        (1.0, 0)
    """

    def __init__(
        self,
        branches: int = 1,
        hidden: int = 32,
        gated: bool = True,
        top: int = 0,
        masked: float = 0.5,
        decay: float = 0.01,
        epochs: int = 60,
        random_state: int | None = 0,
    ) -> None:
        self.branches = branches
        self.hidden = hidden
        self.gated = gated
        self.top = top
        self.masked = masked
        self.decay = decay
        self.epochs = epochs
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, bags: ArrayLike | None = None) -> Self:
        """Learn from vectors (N, D), the class (B,) of each bag, and the bag (N,) of each row, in 0..B-1.

        Without `bags` each row is a bag of its own.

        Raises:
            ValueError: An array has the wrong shape or type, or holds NaN; a bag has no rows; there is but one class;
                a setting is out of its range.
        """
        check_fraction(self.masked, "masked")
        for name in ("branches", "hidden", "epochs"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1, not {getattr(self, name)}")
        rows: Floats = validate_data(self, X, dtype=[np.float64, np.float32])
        labels = column_or_1d(y, warn=True)
        assert_all_finite(labels, input_name="y")
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        check_several(self.classes_)
        order, starts = _bag_order(bags, rows=len(rows), labels=len(labels))
        self.weights_ = self._learn(rows[order], starts, one_hot(codes, len(self.classes_)).astype(rows.dtype))
        return self

    def attention(self, X: ArrayLike, bags: ArrayLike | None = None) -> Floats:
        """Weight (N,) of each row (N, D) in its bag, the mean of the branches; those of a bag sum to 1."""
        rows, order, starts = self._by_bag(X, bags)
        found = np.empty(len(rows), dtype=rows.dtype)
        found[order] = bag_softmax(row_scores(rows, self.weights_), starts).mean(axis=1)
        return found

    def predict_proba(self, X: ArrayLike, bags: ArrayLike | None = None) -> Floats:
        """Class probabilities (B, K) of bags, from vectors (N, D) and the bag (N,) of each; default one row a bag."""
        rows, _, starts = self._by_bag(X, bags)
        attention = bag_softmax(row_scores(rows, self.weights_), starts).mean(axis=1, keepdims=True)
        votes = rows @ self.weights_.coef[:, -1]
        return softmax(np.add.reduceat(attention * votes, starts) + self.weights_.intercept[-1])

    def predict(self, X: ArrayLike, bags: ArrayLike | None = None) -> NDArray[Any]:
        """Most probable class (B,) of each bag."""
        codes = self.predict_proba(X, bags).argmax(axis=1)
        return np.asarray(self.classes_[codes])

    def score(self, X: ArrayLike, y: ArrayLike, bags: ArrayLike | None = None) -> float:
        """Share of bags whose class (B,) is the most probable one."""
        return float((self.predict(X, bags) == np.asarray(y)).mean())

    def _by_bag(self, X: ArrayLike, bags: ArrayLike | None) -> tuple[Floats, Ints, Ints]:
        """Vectors (N, D) in the order (N,) of their bags, that order, and the first row (B,) of each bag in it."""
        check_is_fitted(self)
        rows: Floats = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        order, starts = _bag_order(bags, rows=len(rows))
        return rows[order], order, starts

    def _learn(self, X: Floats, starts: Ints, targets: Floats) -> AttentionWeights:
        """Steps of Adam with decayed weights; the rows of a bag stand together in X."""
        rng, sizes = np.random.default_rng(self.random_state), np.diff(starts, append=len(X))
        sides = {"width": X.shape[1], "hidden": self.hidden, "branches": self.branches, "classes": targets.shape[1]}
        net = start_weights(rng, **sides, gated=self.gated)
        flat = net.flat().astype(X.dtype)
        first, second = np.zeros_like(flat), np.zeros_like(flat)
        batches = -(-len(starts) // BATCH)
        order = np.concatenate([rng.permutation(len(starts)) for _ in range(self.epochs)])
        for step, bags in enumerate(np.array_split(order, self.epochs * batches), start=1):
            begins = np.append(0, np.cumsum(sizes[bags])[:-1])
            rows = X[np.arange(sizes[bags].sum()) + np.repeat(starts[bags] - begins, sizes[bags])]
            net = net.like(flat)
            hidden = None
            if self.top:
                hidden = mask_top(row_scores(rows, net), begins, top=self.top, share=self.masked, rng=rng)
            slope = bag_loss(rows, begins, targets[bags], net, hidden)[1].flat()
            first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
            pace = np.sqrt(second / (1 - 0.999**step)) + 1e-8
            rate = RATE * (1 + math.cos(math.pi * step / (self.epochs * batches))) / 2
            flat = flat - rate * (first / (1 - 0.9**step) / pace + self.decay * flat)
        return net.like(flat)


def _bag_order(bags: ArrayLike | None, *, rows: int, labels: int | None = None) -> tuple[Ints, Ints]:
    """Order (N,) that puts the rows of a bag together, and the first row (B,) of each bag in that order."""
    if bags is None:
        if labels not in (None, rows):
            raise InputError(f"{labels} labels for {rows} rows; give the bag of each row, or one label per row")
        return np.arange(rows), np.arange(rows)
    codes = check_codes(bags, classes=labels or rows, rows=rows, what="bag codes")
    sizes = np.bincount(codes, minlength=labels or 0)
    if not sizes.all():
        raise InputError(f"bag {int(np.flatnonzero(sizes == 0)[0])} has no rows; leave it out")
    return np.argsort(codes, kind="stable"), np.append(0, np.cumsum(sizes)[:-1])
