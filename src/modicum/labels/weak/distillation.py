"""Distillation: one linear rule that answers as a costlier teacher does.

The question: can a cheap rule keep what an expensive one knows? A teacher, say a pool of recipes or one that looks up
neighbours, gives its probabilities on all rows, labelled or not; a linear student is fitted to these soft targets,
which say more of a row than its best class does. True labels, where there are any, can be mixed in. Do not use it
where the teacher is wrong more often than the labels at hand, or where there are few rows besides the labelled ones:
the student then sees nothing that its own labels do not tell.

Papers: "Big Self-Supervised Models are Strong Semi-Supervised Learners" (SimCLRv2, its third step) and "Distilling
the Knowledge in a Neural Network" (Hinton et al. 2015: the temperature). Changed: the student is linear on frozen
vectors and found by a convex solver; true labels are scored at the student's temperature, too, so that the loss stays
one cross-entropy (at temperature 1 it is that of SimCLRv2).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from modicum.core.arrays import log_probabilities, softmax
from modicum.core.card import Card
from modicum.core.checks import check_probabilities, check_vectors
from modicum.core.errors import InputError
from modicum.core.linear_head import Facts, LinearHead
from modicum.core.softmax import Rule, fit_softmax
from modicum.labels.weak.balanced_self_training import BalancedSelfTraining

CARD = Card(
    name="Distilled",
    room="labels",
    question="weak",
    summary="A linear student of any teacher's probabilities on labelled and unlabelled rows",
    paper="Big Self-Supervised Models are Strong Semi-Supervised Learners",
    year=2020,
    needs=("labels", "unlabelled"),
    cost="O((N + M) D K) per iteration for M unlabelled rows, at most 200, after the teacher",
    tags=("semi-supervised", "distillation", "compression"),
    ids=("000-027",),
)


def distill(
    X: NDArray[np.floating],
    teacher_proba: NDArray[np.floating],
    *,
    labels: NDArray[np.floating] | None = None,
    alpha: float = 1.0,
    temperature: float = 1.0,
    sample_weight: NDArray[np.floating] | None = None,
    C: float = 30.0,
) -> Rule:
    """Linear rule whose probabilities are close to the teacher's.

    It minimises, summed over rows, C times the cross-entropy of the student to alpha times the teacher and 1 - alpha
    times the label, plus half the squared length of the weights. With a temperature T both are compared after their
    scores were divided by T, and the cross-entropy is multiplied by T squared, which keeps its slopes comparable.

    Args:
        X: Vectors (N, D) on which the teacher was asked.
        teacher_proba: Its probabilities (N, K), whatever they come from: one model, or the mean of a pool.
        labels: Indicator matrix (N, K) of true classes, rows of zeros where none is known; default none is known.
        alpha: Share of the teacher, above 0 to 1; the rest is the label's. Unlabelled rows weigh alpha.
        temperature: Divisor of the scores, above 0; above 1 small probabilities count more.
        sample_weight: Weight of each row (N,), at least 0; default 1.
        C: Inverse strength of the penalty, above 0.

    Returns:
        Weights (K, D) and intercepts (K,) for predictions at temperature 1. Cost: O(N D K) per iteration.

    Raises:
        InputError: `teacher_proba` are no probabilities, rows differ in number, or a setting is out of range.

    Example:
        >>> import numpy as np
        >>> X = np.array([[-1.0], [0.0], [1.0]])
        >>> W, b = distill(X, np.array([[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]]), C=1e4)
        >>> bool(abs((W[1] - W[0])[0] - np.log(9)) < 0.01)
        True
    """
    if not 0 < alpha <= 1:
        raise InputError(f"alpha must lie above 0 and not above 1, not {alpha!r}")
    if not temperature > 0:
        raise InputError(f"temperature must be above 0, not {temperature!r}")
    proba = check_probabilities(teacher_proba, what="the teacher's probabilities")
    rows = check_vectors(X, rows=len(proba))
    targets = alpha * softmax(log_probabilities(proba) / temperature)
    if labels is not None:
        targets += (1 - alpha) * check_vectors(labels, width=proba.shape[1], rows=len(rows), what="labels")
    # With W' = W / T, T^2 scales the loss and the penalty alike and cancels: W' is an ordinary fit.
    W, b = fit_softmax(rows, targets, sample_weight=sample_weight, C=C)
    return temperature * W, temperature * b


class Distilled(LinearHead):
    """Linear student of a teacher that is fitted first.

    Args:
        teacher: Estimator with `fit(X, y)` and `predict_proba`; a clone of it is fitted, and is given `sample_weight`,
            `classes`, `class_vectors` and `X_unlabelled` where its `fit` knows them. Default: a
            `BalancedSelfTraining`, whose student is hardly cheaper, so that this is for trying out only.
        alpha: Share of the teacher in the targets of labelled rows, above 0 to 1.
        temperature: Divisor of the teacher's and the student's scores, above 0.
        C: Inverse strength of the student's penalty, above 0.
        max_pool: Most unlabelled rows the student learns from, drawn at random.
        random_state: Seed of that draw, also handed to a teacher that takes one.

    The teacher is not kept: what is stored and asked later is the student alone.

    Example:
        >>> import numpy as np
        >>> from sklearn.neighbors import KNeighborsClassifier
        >>> X = np.array([[-1.0], [-0.8], [0.7], [1.0]])
        >>> student = Distilled(KNeighborsClassifier(2)).fit(X, ["low", "low", "high", "high"])
        >>> student.predict([[-0.5], [0.6]]).tolist(), student.coef_.shape
        (['low', 'high'], (2, 1))
    """

    def __init__(
        self,
        teacher: Any = None,
        alpha: float = 1.0,
        temperature: float = 1.0,
        C: float = 30.0,
        max_pool: int = 20_000,
        random_state: int | None = 0,
    ) -> None:
        self.teacher = teacher
        self.alpha = alpha
        self.temperature = temperature
        self.C = C
        self.max_pool = max_pool
        self.random_state = random_state

    def _fit_rule(self, facts: Facts) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        teacher = self._fitted_teacher(facts)
        pool = facts.pool(self.max_pool, self.random_state)
        X = np.concatenate([facts.X, pool])
        proba = np.zeros((len(X), facts.classes))
        proba[:, np.asarray(teacher.classes_, dtype=np.int64)] = teacher.predict_proba(X)
        return distill(
            X,
            proba,
            labels=np.concatenate([facts.targets, np.zeros((len(pool), facts.classes))]),
            alpha=self.alpha,
            temperature=self.temperature,
            sample_weight=np.append(facts.weight, np.ones(len(pool))),
            C=self.C,
        )

    def _fitted_teacher(self, facts: Facts) -> Any:
        teacher = BalancedSelfTraining() if self.teacher is None else clone(self.teacher)
        if not (hasattr(teacher, "fit") and hasattr(teacher, "predict_proba")):
            raise InputError(f"a {type(teacher).__name__} cannot teach: it needs fit and predict_proba")
        if "random_state" in teacher.get_params():
            teacher.set_params(random_state=self.random_state)
        known = {
            "sample_weight": facts.weight,
            "classes": np.arange(facts.classes),
            "class_vectors": facts.class_vectors,
            "X_unlabelled": facts.X_unlabelled,
        }
        return teacher.fit(facts.X, facts.codes, **{k: v for k, v in known.items() if has_fit_parameter(teacher, k)})
