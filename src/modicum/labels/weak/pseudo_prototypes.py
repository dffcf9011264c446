"""Pseudo-prototypes: names find a few sure rows of each class, and these teach the rule.

The question: what can class names and unlabelled rows do when nobody labelled anything? Names (or descriptions)
label the unlabelled rows; of each class only the k most confident rows are kept, so that every class gets teachers
however its name attracts; a softmax regression, or the means of the kept rows, is fitted to them; its predictions
choose the rows of the next round. Labelled rows, where there are any, join with a weight of their own. Do not use it
where names mislead, or where some classes do not occur at all: they get rows, too. With many classes and several
labels each, `BalancedSelfTraining` is better.

Papers: "CLIP meets DINO for Tuning Zero-Shot Classifier using Unlabeled Image Collections" (NoLA 2024: sure rows by
class, an alignment head on them) and "LaFTer: Label-Free Tuning of Zero-shot Classifier using Language and Unlabeled
Image Collections" (Mirza et al. 2023: the texts of classes are training rows of the classifier, too). Changed: one
encoder for names and rows, no prompts to tune; the head is linear and may be class means; names are compared centred;
a row wanted by two classes goes to the one it is likelier for; rounds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import class_means, normalize_rows, one_hot, softmax
from modicum.core.card import Card
from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.core.linear_head import Facts, LinearHead
from modicum.core.softmax import Rule, fit_softmax, name_prior, with_names

CARD = Card(
    name="PseudoPrototypes",
    room="labels",
    question="weak",
    summary="The most confident unlabelled rows of each class, found by names, teach the rule",
    paper="CLIP meets DINO for Tuning Zero-Shot Classifier using Unlabeled Image Collections",
    year=2024,
    needs=("names", "unlabelled"),
    cost="O((N + M) D K) per round and iteration for M unlabelled rows",
    tags=("zero-shot", "pseudo-labels", "semi-supervised"),
    ids=("000-051",),
)

ITERATIONS = 30
"""Of a refit, which sets out from the rule before it."""
SCALE = 20.0
"""Inverse temperature of similarities to names and to means."""


def most_confident(proba: NDArray[np.floating], k: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows that are most surely of each class, and that class.

    A class's candidates are the rows it is most probable for; a class without any takes rows for which it comes
    second, or else third. No row is taken twice.

    Args:
        proba: Probabilities, or any scores that can be compared across rows, (M, K).
        k: Most rows a class, at least 1.

    Returns:
        Row numbers (J,) and classes (J,), ordered by class and then from the most confident row on. Cost:
        O(M K log K + M log M).

    Raises:
        InputError: k is below 1.

    Example:
        >>> import numpy as np
        >>> most_confident(np.array([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2]]), 2)
        (array([0, 2, 1]), array([0, 0, 1]))
    """
    if k < 1:
        raise InputError(f"a class takes at least 1 row, not {k}")
    order = np.argsort(-proba, axis=1, kind="stable")[:, :3]
    free = np.ones(len(proba), dtype=bool)
    empty = np.ones(proba.shape[1], dtype=bool)
    found: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    for choice in order.T:
        rows = np.flatnonzero(free & empty[choice])
        kept = rows[first_of_each(choice[rows], -proba[rows, choice[rows]], k)]
        found.append((kept, choice[kept]))
        free[kept] = False
        empty[choice[kept]] = False
    rows, codes = (np.concatenate(parts) for parts in zip(*found, strict=True))
    by_class = np.argsort(codes, kind="stable")
    return rows[by_class], codes[by_class]


def first_of_each(
    codes: NDArray[np.int64], keys: NDArray[np.floating], k: int | NDArray[np.integer]
) -> NDArray[np.int64]:
    """Places of the k smallest keys of each code, ordered by code and key; k may be one number for each row.

    Example:
        >>> import numpy as np
        >>> first_of_each(np.array([1, 0, 1, 1]), np.array([0.3, 0.9, 0.1, 0.2]), 2)
        array([1, 2, 3])
    """
    order = np.lexsort((keys, codes))
    codes = codes[order]
    rank = np.arange(len(codes)) - np.searchsorted(codes, codes)
    return np.asarray(order[rank < (k if np.ndim(k) == 0 else np.asarray(k)[order])])


def rows_per_class(rows: int, classes: int, *, share: float = 0.2, least: int = 16) -> int:
    """How many sure rows a class takes: a share of what it has if all are alike, at least `least`.

    Example:
        >>> rows_per_class(10_000, 77)
        25
    """
    return max(least, int(share * rows / classes))


def pseudo_prototype_rule(
    pool: NDArray[np.floating],
    first: Rule,
    known: tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]],
    *,
    k: int | None = None,
    rounds: int = 2,
    head: str = "softmax",
    C: float = 30.0,
) -> Rule:
    """Refit a rule, round by round, on known rows and the unlabelled rows it is surest of.

    Args:
        pool: Unlabelled vectors (M, D).
        first: Weights (K, D) and intercepts (K,) that label them in the first round, for instance those of names.
        known: Vectors (N, D), targets (N, K) and weights (N,) of all rows that stay: names, labelled rows, or both. A
            chosen row weighs 1.
        k: Most rows a class, at least 1; default a fifth of the pool in equal shares, but 16 at least.
        rounds: Refits, at least 0.
        head: `softmax` regression on the rows, or nearest `mean` by cosine.
        C: Inverse strength of the penalty of `softmax`, above 0.

    Returns:
        Weights (K, D) and intercepts (K,). Cost: O((N + M) D K) per round, and for `softmax` O((N + k K) D K) for
        each of 30 iterations.

    Example:
        >>> import numpy as np
        >>> pool, names = np.array([[0.6, 0.5], [0.7, 0.1], [0.1, 0.7]]), np.eye(2)
        >>> W, b = pseudo_prototype_rule(pool, (names, np.zeros(2)), (names, np.eye(2), np.ones(2)), k=1)
        >>> (pool @ W.T + b).argmax(axis=1)
        array([0, 0, 1])
    """
    check_choice(head, ("softmax", "mean"), "head")
    X, Y, weight = known
    k = rows_per_class(len(pool), Y.shape[1]) if k is None else k
    rule = first
    for _ in range(rounds):
        proba = softmax(pool @ rule[0].T.astype(pool.dtype) + rule[1].astype(pool.dtype))
        rows, codes = most_confident(proba, k)
        A = np.concatenate([X, pool[rows].astype(X.dtype)])
        T = np.concatenate([Y, one_hot(codes, Y.shape[1]).astype(Y.dtype)])
        w = np.append(weight, np.ones(len(rows))).astype(X.dtype)
        if head == "mean":
            rule = _cosine_rule(A, T * w[:, None], pool.mean(axis=0))
        else:
            rule = fit_softmax(A, T, sample_weight=w, C=C, start=rule, max_iter=ITERATIONS)
    return rule


def _cosine_rule(X: NDArray[np.floating], Y: NDArray[np.floating], centre: NDArray[np.floating]) -> Rule:
    """Scores by cosine to class means, all vectors less `centre`."""
    W = SCALE * normalize_rows(class_means(normalize_rows(X - centre), Y)).astype(np.float64)
    return W, -W @ centre


class PseudoPrototypes(LinearHead):
    """Names, labelled rows if any, and the unlabelled rows these are surest of.

    Args:
        k: Most unlabelled rows a class; default a fifth of them in equal shares, but 16 at least.
        rounds: Refits; 0 gives the first rule.
        head: `softmax` regression, or nearest `mean` by cosine, which is for tables without labels.
        C: Inverse strength of the penalty of `softmax`, above 0.
        label_weight: Weight of a labelled row; a name and a chosen row weigh 1.
        max_pool: Most unlabelled rows, drawn at random.
        random_state: Seed of that draw.

    With no label at all, hand in the class names as `X` and the classes as `y`: similarity to names, centred, then
    is the first rule. Without unlabelled rows it is the first rule; without names labelled rows alone choose.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> pool = np.concatenate([rng.normal(-1, 0.3, (50, 2)), rng.normal(1, 0.3, (50, 2))])
        >>> names = np.array([[-0.1, -1.0], [0.5, 1.0]])
        >>> head = PseudoPrototypes().fit(names, ["cold", "warm"], class_vectors=names, X_unlabelled=pool)
        >>> int((head.predict(pool) == np.repeat(["cold", "warm"], 50)).sum())
        100
    """

    def __init__(
        self,
        k: int | None = None,
        rounds: int = 2,
        head: str = "softmax",
        C: float = 30.0,
        label_weight: float = 4.0,
        max_pool: int = 20_000,
        random_state: int | None = 0,
    ) -> None:
        self.k = k
        self.rounds = rounds
        self.head = head
        self.C = C
        self.label_weight = label_weight
        self.max_pool = max_pool
        self.random_state = random_state

    def _fit_rule(self, facts: Facts) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        pool = facts.pool(self.max_pool, self.random_state)
        first = first_rule(facts, pool, self.C)
        if len(pool) == 0:
            return first
        own = 0.0 if only_names(facts) else self.label_weight
        known = with_names(facts.X, facts.targets, own * facts.weight, facts.class_vectors, 1.0)
        return pseudo_prototype_rule(pool, first, known, k=self.k, rounds=self.rounds, head=self.head, C=self.C)


def first_rule(facts: Facts, pool: NDArray[np.floating], C: float) -> Rule:
    """Rule that labels the pool first: centred names where nothing else is given, else names and labelled rows."""
    if facts.class_vectors is not None and only_names(facts) and len(pool):
        return names_rule(facts.class_vectors, pool)
    X, Y, weight = with_names(facts.X, facts.targets, facts.weight, facts.class_vectors, 1.0)
    return fit_softmax(X, Y, sample_weight=weight, C=C, prior=name_prior(facts.class_vectors, 2.5))


def names_rule(class_vectors: NDArray[np.floating], pool: NDArray[np.floating]) -> Rule:
    """Scores by similarity to the names (K, D), less their mean, of rows less the mean of the pool (M, D)."""
    W = np.asarray(name_prior(class_vectors, SCALE), dtype=np.float64)
    return W, -W @ pool.mean(axis=0)


def only_names(facts: Facts) -> bool:
    """Whether the labelled rows are the class names themselves, which is how a table without labels is handed in."""
    names = facts.class_vectors
    if names is None or facts.X.shape != names.shape:
        return False
    return bool((facts.codes == np.arange(facts.classes)).all() and np.array_equal(facts.X, names))
