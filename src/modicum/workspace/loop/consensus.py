"""Several annotators of rows with one label: how far they agree, where they do not, and what is probably right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from modicum.labels.noisy import dawid_skene
from modicum.workspace.loop.events import LABEL, Item
from modicum.workspace.loop.state import State

SMOOTHING = 2.0
"""Right answers that every annotator is credited with, so that three shared items do not make a reputation."""
EVEN = 0.02
"""Distance of a probability from even odds below which nothing is decided."""

Label = tuple[int, ...]


@dataclass(frozen=True)
class Consensus:
    """What is known from items that more than one annotator labelled."""

    labels: dict[Item, Label] = field(default_factory=dict)
    """The probable label of each such item, where answers do not weigh the same."""
    confidence: dict[Item, float] = field(default_factory=dict)
    """Its probability, given the reliability of those who answered."""
    disagreed: tuple[Item, ...] = ()
    """Items with different labels that nobody has settled, least sure first."""
    reliability: dict[str, float] = field(default_factory=dict)
    """Probability that an annotator is right; of several labels a row, the F1 to be expected."""
    shared: int = 0
    """Items with two labels or more."""
    agreement: float | None = None
    """Share of pairs of answers to one item that are the same; None without a shared item. Of several labels a row, the
    share of labels given by one of a pair that the other gave, too."""
    alpha: float | None = None
    """Krippendorff's alpha: agreement beyond chance, 1 at best, 0 where it is chance."""
    by_label: dict[int, float] = field(default_factory=dict)
    """The agreement on each label that was given, where a row may have several."""


def standing(state: State, item: Item) -> dict[str, Label]:
    """The labels that stand for an item, by annotator."""
    return {who: state.labels(a) for who, a in state.answers.get(item, {}).items() if a.kind == LABEL}


def label_of(state: State, item: Item, settled: Consensus | None = None) -> Label | None:
    """The label of an item: what all say, else the probable one, else what most say; None where that is open."""
    said = list(standing(state, item).values())
    if not said:
        return None
    distinct = list(dict.fromkeys(said))
    if len(distinct) == 1:
        return distinct[0]
    if settled is not None and settled.labels.get(item) in distinct:
        return settled.labels[item]
    counts = sorted((said.count(label) for label in distinct), reverse=True)
    return max(distinct, key=said.count) if counts[0] > counts[1] else None


def find_consensus(state: State) -> Consensus:
    """Weigh the annotators' answers against each other.

    Reliability is one rate for each annotator (Dawid and Skene's model with even errors): tables of errors would need
    hundreds of shared items. Cost: O(answers times distinct labels).
    """
    said = {item: standing(state, item) for item in state.answers}
    several = [item for item, labels in said.items() if len(labels) > 1]
    if not several:
        return Consensus()
    people = sorted({who for item in several for who in said[item]})
    labels = sorted({label for item in several for label in said[item].values()})
    places = {label: code for code, label in enumerate(labels)}
    votes = np.full((len(several), len(people)), -1, dtype=np.int64)
    for row, item in enumerate(several):
        for column, who in enumerate(people):
            if who in said[item]:
                votes[row, column] = places[said[item][who]]
    found = dawid_skene(votes, max(len(labels), 2), model="reliability", smoothing=SMOOTHING)
    best = found.proba.argmax(axis=1)
    second, sure = np.sort(found.proba, axis=1)[:, -2:].T
    open_ = [row for row, item in enumerate(several) if _differ(list(said[item].values()))]
    return Consensus(
        {item: labels[best[row]] for row, item in enumerate(several) if sure[row] - second[row] >= 2 * EVEN},
        {item: float(sure[row]) for row, item in enumerate(several)},
        tuple(several[row] for row in sorted(open_, key=lambda row: float(sure[row]))),
        {who: float(rate) for who, rate in zip(people, found.reliability, strict=True)},
        len(several),
        *agreement(votes, len(labels)),
    )


def agreement(votes: NDArray[np.int64], classes: int) -> tuple[float | None, float | None]:
    """Share of agreeing pairs, and Krippendorff's alpha for nominal labels.

    Args:
        votes: Codes (N, A) by item and annotator, -1 where there is no answer.
        classes: Number of codes.

    Returns:
        Both as numbers up to 1; None where no item has two answers, alpha also where all answers are one class.

    Example:
        >>> agreement(np.array([[0, 0], [1, 1], [0, 1], [1, -1]]), 2)[0]
        0.666...
    """
    counts = np.stack([(votes == code).sum(axis=1) for code in range(classes)], axis=1)
    counts = counts[counts.sum(axis=1) > 1]
    if not len(counts):
        return None, None
    answers = counts.sum(axis=1)
    same = (counts * (counts - 1)).sum(axis=1)
    pairs = float(same.sum() / (answers * (answers - 1)).sum())
    observed = 1 - float((same / (answers - 1)).sum() / answers.sum())
    totals, n = counts.sum(axis=0), int(counts.sum())
    chance = 1 - float((totals * (totals - 1)).sum()) / (n * (n - 1))
    return pairs, 1 - observed / chance if chance > 0 else None


def _differ(labels: Sequence[Label]) -> bool:
    return any(a != b for a, b in pairwise(labels))
