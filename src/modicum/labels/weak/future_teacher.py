"""Future teacher: pseudo-labels from where the student is about to be.

The question: how can self-training get out of the circle in which an old teacher confirms a student's mistakes? In
each step the student first walks ahead for trial, the teacher (a moving average of students) takes in that future
student and only then labels the unlabelled rows, and the student takes one real step from where it stood. How many
steps it looks ahead (depth) and in how many directions, each on its own rows (width), are settings; depth 0 is the
ordinary moving-average teacher. Do not use it where the first rule is near chance: nothing evens out the shares of
classes, and with a lower threshold they collapse into one. With few labels a linear rule is hardly ever sure, so that
little happens; `BalancedSelfTraining` then gains more.

Paper: "Learning from Future: A Novel Self-Training Framework for Semantic Segmentation" (Du et al. 2022; FST-D, FST-W).
Changed: the student is linear on frozen vectors, starts from the rule of shots and names, and takes plain gradient
steps in units of the loss's curvature; nothing is augmented or mixed; depth and width can be combined, and the first
of the virtual students sees the rows of the real step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import softmax
from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.core.linear_head import Facts, LinearHead
from modicum.core.softmax import Rule, fit_softmax, with_names

CARD = Card(
    name="FutureTeacher",
    room="labels",
    question="weak",
    summary="Self-training whose moving-average teacher looks ahead before it labels",
    paper="Learning from Future: A Novel Self-Training Framework for Semantic Segmentation",
    year=2022,
    needs=("labels", "names", "unlabelled"),
    cost="O((N + B) D K (1 + depth width)) per step for batches of B unlabelled rows",
    tags=("semi-supervised", "pseudo-labels", "mean teacher"),
    ids=("000-017",),
)

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Walk:
    """How student and teacher walk."""

    steps: int = 1000
    """Real steps of the student, at least 0."""
    depth: int = 1
    """Virtual steps before each real one; 0 is the ordinary moving-average teacher."""
    width: int = 1
    """Virtual students, each with its own batches, whose mean the teacher takes in."""
    momentum: float = 0.99
    """Share of the old teacher in the new one, 0 to 1; smaller in the first steps."""
    threshold: float = 0.9
    """Probability from which on a pseudo-label is sure; the share of sure ones in a batch is the weight of all."""
    batch_size: int | None = 256
    """Unlabelled rows a step, drawn anew each time; None for all."""
    pool_weight: float = 1.0
    """Weight of the unlabelled rows' mean loss beside the labelled rows'."""
    C: float = 30.0
    """Inverse strength of the penalty for the summed loss of the labelled rows, above 0."""

    def __post_init__(self) -> None:
        if self.width < 1 or self.depth < 0 or self.steps < 0:
            raise InputError("a walk takes a width of at least 1, and a depth and steps of at least 0")
        if self.width > 1 and self.batch_size is None:
            raise InputError("a width above 1 needs a batch_size: on all rows every direction is the same")
        if not 0 <= self.momentum <= 1:
            raise InputError(f"momentum must lie in 0..1, not {self.momentum!r}")


def learn_from_future(
    X: Floats,
    Y: Floats,
    pool: Floats,
    start: Rule,
    walk: Walk,
    *,
    sample_weight: Floats | None = None,
    rng: np.random.Generator | None = None,
) -> tuple[Rule, Rule]:
    """Let a linear student learn from labelled rows and from what its future self says of unlabelled ones.

    Args:
        X: Labelled vectors (N, D).
        Y: Their targets (N, K).
        pool: Unlabelled vectors (M, D), M at least 1.
        start: Weights (K, D) and intercepts (K,) that student and teacher begin with.
        walk: How they walk.
        sample_weight: Weight of each labelled row (N,), at least 0; default 1.
        rng: Draws the batches; default a generator seeded with 0.

    Returns:
        Student and teacher, each as weights (K, D) and intercepts (K,). Cost: O((N + B) D K (1 + depth width)) a step.

    Example:
        >>> import numpy as np
        >>> X, Y, pool = np.array([[-1.0], [0.2]]), np.eye(2), np.array([[-1.2], [-0.9], [0.9], [1.1]])
        >>> start = np.array([[-1.0], [1.0]]), np.array([0.0, 0.5])
        >>> student, _ = learn_from_future(X, Y, pool, start, Walk(steps=50, batch_size=None))
        >>> (pool @ student[0].T + student[1]).argmax(axis=1)
        array([0, 0, 1, 1])
    """
    rng = np.random.default_rng(0) if rng is None else rng
    loss = _Loss(X, Y, pool, sample_weight, walk)
    student = np.column_stack(start).astype(X.dtype)
    teacher = student.copy()
    for number in range(1, walk.steps + 1):
        keep = min(1 - 1 / (number + 1), walk.momentum)
        batch = loss.draw(rng)
        teacher = keep * teacher + (1 - keep) * student
        ahead = [student] * walk.width
        own = [batch, *(loss.draw(rng) for _ in range(walk.width - 1))]
        for _ in range(walk.depth):
            ahead = [loss.step(one, teacher, rows) for one, rows in zip(ahead, own, strict=True)]
            teacher = keep * teacher + (1 - keep) * sum(ahead) / walk.width
        student = loss.step(student, teacher, batch)
    return _rule(student), _rule(teacher)


class _Loss:
    """Mean loss of labelled rows plus that of pseudo-labelled ones plus penalty, and one gradient step on it."""

    def __init__(self, X: Floats, Y: Floats, pool: Floats, sample_weight: Floats | None, walk: Walk) -> None:
        weight = np.ones(len(X), dtype=X.dtype) if sample_weight is None else sample_weight
        total = float(weight.sum())
        self.rows, self.targets = _extended(X), Y.astype(X.dtype)
        self.weight = (weight / total)[:, None].astype(X.dtype)
        self.pool = _extended(pool.astype(X.dtype, copy=False))
        self.walk = walk
        self.penalty = 1 / (walk.C * total)
        lengths = float(self.weight[:, 0] @ (self.rows**2).sum(axis=1))
        lengths += walk.pool_weight * float((self.pool**2).sum() / len(self.pool))
        self.rate = 1 / (0.5 * lengths + self.penalty)
        """The curvature of softmax regression is at most half the mean squared length of its rows."""

    def draw(self, rng: np.random.Generator) -> Floats:
        """Unlabelled rows of one step."""
        size = self.walk.batch_size
        if size is None or size >= len(self.pool):
            return self.pool
        return self.pool[rng.choice(len(self.pool), size, replace=False)]

    def step(self, student: Floats, teacher: Floats, batch: Floats) -> Floats:
        """Student (K, E) after one gradient step under the teacher's pseudo-labels."""
        told = softmax(batch @ teacher.T)
        trust = float((told.max(axis=1) >= self.walk.threshold).mean())
        slope = ((softmax(self.rows @ student.T) - self.targets) * self.weight).T @ self.rows
        if trust > 0:
            wrong = softmax(batch @ student.T)
            wrong[np.arange(len(batch)), told.argmax(axis=1)] -= 1
            slope += (self.walk.pool_weight * trust / len(batch)) * (wrong.T @ batch)
        slope[:, :-1] += self.penalty * student[:, :-1]
        return np.asarray(student - self.rate * slope)


def _rule(weights: Floats) -> Rule:
    wide = weights.astype(np.float64)
    return wide[:, :-1], wide[:, -1]


def _extended(X: Floats) -> Floats:
    return np.column_stack([X, np.ones(len(X), dtype=X.dtype)])


class FutureTeacher(LinearHead):
    """Self-training from shots and names under a teacher that looks ahead.

    Args:
        C: Inverse strength of the penalty, above 0.
        depth: Virtual steps before each real one; 0 is the ordinary moving-average teacher.
        width: Virtual students, each with its own batches.
        momentum: Share of the old teacher in the new one, 0 to 1.
        steps: Real steps of the student.
        threshold: Probability from which on a pseudo-label is sure; their share is the weight of all pseudo-labels.
        batch_size: Unlabelled rows a step; None for all.
        random_state: Seed of the draws.

    Each class's name, where there is one, counts as one labelled row. Without unlabelled rows it is the first rule.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> pool = np.concatenate([rng.normal(-1, 0.3, (50, 2)), rng.normal(1, 0.3, (50, 2))])
        >>> head = FutureTeacher().fit([[-0.2, -0.1], [0.1, 0.3]], [0, 1], X_unlabelled=pool)
        >>> int((head.predict(pool) == np.repeat([0, 1], 50)).sum())
        100
    """

    def __init__(
        self,
        C: float = 30.0,
        depth: int = 1,
        width: int = 1,
        momentum: float = 0.99,
        steps: int = 1000,
        threshold: float = 0.9,
        batch_size: int | None = 256,
        random_state: int | None = 0,
    ) -> None:
        self.C = C
        self.depth = depth
        self.width = width
        self.momentum = momentum
        self.steps = steps
        self.threshold = threshold
        self.batch_size = batch_size
        self.random_state = random_state

    def _fit_rule(self, facts: Facts) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        walk = Walk(
            C=self.C,
            depth=self.depth,
            width=self.width,
            momentum=self.momentum,
            steps=self.steps,
            threshold=self.threshold,
            batch_size=self.batch_size,
        )
        X, Y, weight = with_names(facts.X, facts.targets, facts.weight, facts.class_vectors, 1.0)
        first = fit_softmax(X, Y, sample_weight=weight, C=self.C)
        if facts.X_unlabelled is None or len(facts.X_unlabelled) == 0:
            return first
        rng = np.random.default_rng(self.random_state)
        student, _ = learn_from_future(X, Y, facts.X_unlabelled, first, walk, sample_weight=weight, rng=rng)
        return student
