"""Several annotators of rows with several labels: agreement and consensus, label by label.

Two sets that share four labels of five agree on more than two that share none, so every pair of an item and a label is
a question of its own, answered by yes or no. Most answers are no, so only labels that somebody gave to the item count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from modicum.labels.noisy import dawid_skene
from modicum.workspace.loop.consensus import EVEN, SMOOTHING, Consensus, Label, standing
from modicum.workspace.loop.events import Item
from modicum.workspace.loop.state import State

Said = Mapping[str, Label]
"""Labels of an item by annotator."""


def set_of(state: State, item: Item, settled: Consensus | None = None) -> Label | None:
    """The labels of an item: what all say, else the probable set, else what most say; None where a label is open."""
    said = [set(label) for label in standing(state, item).values()]
    if not said:
        return None
    every, some = set.intersection(*said), set.union(*said)
    probable = settled.labels.get(item) if settled is not None and every != some else None
    if probable is not None and every <= set(probable) <= some:
        return probable
    votes = Counter(number for numbers in said for number in numbers)
    if any(2 * count == len(said) for count in votes.values()):
        return None
    return tuple(sorted(number for number, count in votes.items() if 2 * count > len(said)))


def find_sets(state: State) -> Consensus:
    """Weigh the annotators' answers against each other, label by label.

    Dawid and Skene's model with one rate for each annotator, of being right about a label that somebody gave to the
    item. Such a label is held for as likely right as wrong before: two people cannot tell who of them misses labels and
    who gives too many. Items with a label that stays even have no probable set. Cost: O(answers times labels a row).
    """
    told = {item: standing(state, item) for item in state.answers}
    shared = {item: said for item, said in told.items() if len(said) > 1}
    people = sorted({who for said in shared.values() for who in said})
    pairs = [(item, number) for item, said in shared.items() for number in sorted(set().union(*said.values()))]
    labels: dict[Item, Label] = dict.fromkeys(shared, ())
    sure = dict.fromkeys(shared, 1.0)
    if not pairs:
        return Consensus(labels, sure, shared=len(shared))
    votes = np.stack([_votes(shared[item], people, number) for item, number in pairs])
    right = dawid_skene(votes, 2, model="reliability", smoothing=SMOOTHING, priors=(0.5, 0.5)).proba[:, 1]
    for (item, number), p in zip(pairs, right.tolist(), strict=True):
        sure[item] *= max(p, 1 - p)
        if abs(p - 0.5) < EVEN:
            labels.pop(item, None)
        elif p > 0.5 and item in labels:
            labels[item] = (*labels[item], number)
    open_ = [item for item, said in shared.items() if len(set(said.values())) > 1]
    numbers = np.array([number for _, number in pairs])
    return Consensus(
        labels,
        sure,
        tuple(sorted(open_, key=sure.__getitem__)),
        dict(zip(people, _expected_f1(votes, right).tolist(), strict=True)),
        len(shared),
        *label_agreement(votes, numbers, sum(map(len, shared.values()))),
    )


def _votes(said: Said, people: list[str], number: int) -> NDArray[np.int64]:
    """1 or 0 for each person who does or does not give the label, -1 for those who did not see the item."""
    return np.array([int(number in said[who]) if who in said else -1 for who in people], dtype=np.int64)


def _expected_f1(votes: NDArray[np.int64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """F1 of each annotator against the probable labels of the items they saw."""
    seen, given = votes >= 0, votes == 1
    both = given.sum(axis=0) + right @ seen
    return np.asarray(2 * (right @ given) / np.maximum(both, 1e-12))


def label_agreement(
    votes: NDArray[np.int64], numbers: NDArray[np.int64], answers: int
) -> tuple[float | None, float | None, dict[int, float]]:
    """Agreement on labels that were given, Krippendorff's alpha, and the agreement on each label.

    Args:
        votes: Answers (P, A) to pairs of an item and a label that somebody gave: 1 yes, 0 no, -1 where not seen.
        numbers: Number of the label of each pair (P,).
        answers: Answers there are to all items: each says yes or no to every label.

    Returns:
        The share of labels given by one of two annotators that the other gave, too (the F1 of one against the other);
        alpha, its disagreement summed over labels, each by its own chance; and the first for each label.

    Example:
        >>> votes = np.array([[1, 1], [1, 0], [1, 1]])
        >>> label_agreement(votes, np.array([0, 0, 1]), 4)[::2]
        (0.8, {0: 0.666..., 1: 1.0})
    """
    yes, told = (votes == 1).sum(axis=1), (votes >= 0).sum(axis=1)
    same, either = yes * (yes - 1), yes * (told - 1)
    labels, place = np.unique(numbers, return_inverse=True)
    shares, given = np.bincount(place, same) / np.bincount(place, either), np.bincount(place, yes)
    observed = float((2 * yes * (told - yes) / (told - 1)).sum() / answers)
    chance = float((2 * given * (answers - given)).sum() / (answers * (answers - 1)))
    alpha = 1 - observed / chance if chance > 0 else None
    return float(same.sum() / either.sum()), alpha, dict(zip(labels.tolist(), shares.tolist(), strict=True))
