"""Balanced self-training: pseudo-labels for the unlabelled rows, kept from favouring easy classes.

The question: what do the unlabelled rows add? A first rule from shots and names predicts them; the predictions are
sharpened, shifted so that no class swallows the rest, weighted by confidence, and a second rule is fitted to labelled
and pseudo-labelled rows under one loss; a second round starts from that rule. How far class shares are evened out is
a setting: fully is right where classes are equally frequent, and wrong where one is rare. Do not use it where the
first rule is near chance, or where unlabelled rows come from elsewhere.

Papers: "Enhancing CLIP with CLIP: Exploring Pseudolabeling for Limited-Label Prompt Tuning" (one loss for labelled
and pseudo-labelled rows) and "Predictions For Pre-training Language Models" (pseudo-labels as a training stage).
Changed: on frozen vectors with a convex loss; soft targets; shares matched by a per-class shift.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import log_softmax, softmax
from modicum.core.card import Card
from modicum.core.linear_head import Facts, LinearHead
from modicum.core.softmax import Rule, fit_softmax, name_prior, with_names

CARD = Card(
    name="BalancedSelfTraining",
    room="labels",
    question="weak",
    summary="Soft pseudo-labels with class balance and confidence weights, refitted in rounds",
    paper="Enhancing CLIP with CLIP: Exploring Pseudolabeling for Limited-Label Prompt Tuning",
    year=2023,
    needs=("labels", "names", "unlabelled"),
    cost="O((N + M) D K) per iteration for M unlabelled rows, 20 iterations a round",
    tags=("semi-supervised", "pseudo-labels"),
    ids=("000-005", "000-071"),
)

ITERATIONS = 20
"""Of a refit, which sets out from the rule before it: three times as many move accuracy by a tenth of a point."""


def balanced_targets(
    log_proba: NDArray[np.floating], *, sharpness: float = 2.0, balance: float = 0.5, steps: int = 20
) -> NDArray[np.floating]:
    """Soft pseudo-labels (M, K): sharpened predictions, shifted per class until their mean shares are evened out.

    Args:
        log_proba: Log-probabilities (M, K).
        sharpness: Factor on the log-probabilities, at least 1.
        balance: From 0 (shares as predicted) to 1 (equal shares); between them, the geometric mean of the two.
        steps: Damped steps of the shift.

    Returns:
        Rows that sum to 1. Cost: O(M K) a step.

    Example:
        >>> import numpy as np
        >>> proba = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4]])
        >>> balanced_targets(np.log(proba), balance=1.0).mean(axis=0).round(2).tolist()
        [0.5, 0.5]
    """
    scores = sharpness * log_proba
    shares = np.maximum(softmax(scores).mean(axis=0), 1e-6)
    wanted = shares ** (1 - balance)
    wanted /= wanted.sum()
    shift = np.zeros(scores.shape[1], dtype=scores.dtype)
    for _ in range(steps):
        found = np.maximum(softmax(scores + shift).mean(axis=0), 1e-9)
        shift = shift + (0.5 * np.log(wanted / found)).astype(scores.dtype)
    return softmax(scores + shift)


class BalancedSelfTraining(LinearHead):
    """Self-training from shots and names with balanced soft pseudo-labels.

    Args:
        C: Inverse strength of the penalty, above 0.
        name_weight: Weight of a class's name as a labelled row, at least 0.
        prior_scale: Length of the prior weights along a class's name, at least 0.
        balance: How far class shares of the pseudo-labels are evened out, 0 to 1.
        pool_weight: Summed weight of all pseudo-labelled rows, relative to that of the labelled ones.
        rounds: Refits; 0 gives the first rule.
        max_pool: Most unlabelled rows, drawn at random.
        random_state: Seed of that draw.

    Without unlabelled rows it is the first rule.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> pool = np.concatenate([rng.normal(-1, 0.3, (50, 2)), rng.normal(1, 0.3, (50, 2))])
        >>> head = BalancedSelfTraining().fit([[-0.2, -0.1], [0.1, 0.3]], [0, 1], X_unlabelled=pool)
        >>> int((head.predict(pool) == np.repeat([0, 1], 50)).sum())
        100
    """

    def __init__(
        self,
        C: float = 30.0,
        name_weight: float = 1.0,
        prior_scale: float = 0.0,
        balance: float = 0.3,
        pool_weight: float = 3.0,
        rounds: int = 2,
        max_pool: int = 10_000,
        random_state: int | None = 0,
    ) -> None:
        self.C = C
        self.name_weight = name_weight
        self.prior_scale = prior_scale
        self.balance = balance
        self.pool_weight = pool_weight
        self.rounds = rounds
        self.max_pool = max_pool
        self.random_state = random_state

    def _fit_rule(self, facts: Facts) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        X, Y, weight = with_names(facts.X, facts.targets, facts.weight, facts.class_vectors, self.name_weight)
        prior = name_prior(facts.class_vectors, self.prior_scale)
        rule = fit_softmax(X, Y, sample_weight=weight, C=self.C, prior=prior)
        pool = facts.pool(self.max_pool, self.random_state)
        if len(pool) == 0 or self.rounds == 0:
            return rule
        rows = np.concatenate([X, pool])
        mass = self.pool_weight * float(facts.weight.sum())
        for number in range(self.rounds):
            soft = self._pseudo_labels(pool, rule, sharpness=2.0 if number == 0 else 1.5)
            trust = soft.max(axis=1) ** 2
            trust *= mass / trust.sum()
            rule = fit_softmax(
                rows,
                np.concatenate([Y, soft]),
                sample_weight=np.append(weight, trust),
                C=self.C,
                prior=prior,
                start=rule,
                max_iter=ITERATIONS,
            )
        return rule

    def _pseudo_labels(self, pool: NDArray[np.floating], rule: Rule, *, sharpness: float) -> NDArray[np.floating]:
        scores = pool @ rule[0].T.astype(pool.dtype) + rule[1].astype(pool.dtype)
        return balanced_targets(log_softmax(scores), sharpness=sharpness, balance=self.balance)
