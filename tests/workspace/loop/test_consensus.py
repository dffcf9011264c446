"""Answers of several people to one item: published figures of agreement, what all say, what most say, what is open."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.workspace.loop.consensus import agreement, find_consensus, label_of
from modicum.workspace.loop.events import Event
from modicum.workspace.loop.state import fold

NAMES = ("a", "b", "c")


def told(answers):
    """State after answers (person, item number, name)."""
    events = [Event("opened", classes=NAMES, n=1)]
    for n, (who, item, name) in enumerate(answers, start=2):
        events.append(Event("label", who, items=((str(item), "x"),), classes=(name,), n=n))
    return fold(events)


def test_krippendorffs_own_example():
    """Four observers, twelve units, five values, some missing: alpha for nominal data is published as 0.743."""
    votes = np.array([
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]).T - 1  # fmt: skip
    pairs, alpha = agreement(votes, 5)
    assert alpha == pytest.approx(0.743, abs=5e-4)
    agreeing, all_pairs = 0, 0
    for row in votes:
        said = row[row >= 0]
        for one in range(len(said)):
            agreeing += (said[one + 1 :] == said[one]).sum()
            all_pairs += len(said) - one - 1
    assert pairs == pytest.approx(agreeing / all_pairs)


def test_agreement_needs_an_item_that_two_answered_and_alpha_two_classes():
    assert agreement(np.array([[0, -1], [-1, 1]]), 2) == (None, None)
    assert agreement(np.array([[0, 0], [0, 0]]), 2) == (1.0, None)


@pytest.mark.parametrize(
    ("said", "label"),
    [("", None), ("a", 0), ("bb", 1), ("ab", None), ("abb", 1), ("bab", 1), ("abc", None), ("aabb", None), ("aab", 0)],
)
def test_without_a_consensus_most_decide_and_a_tie_is_open(said, label):
    state = told([(f"person {n}", 0, name) for n, name in enumerate(said)])
    found = label_of(state, ("0", "x"))
    assert found == (None if label is None else (label,))


def test_answers_that_weigh_the_same_stay_open():
    for said in ("ba", "ab", "cab", "bbaa"):
        state = told([(f"person {n}", 0, name) for n, name in enumerate(said)])
        found = find_consensus(state)
        assert found.labels == {}
        assert label_of(state, ("0", "x"), found) is None
        assert found.disagreed == (("0", "x"),)
        assert found.confidence[("0", "x")] == pytest.approx(1 / len(set(said)))


def test_the_reliable_one_settles_what_is_open_and_nobody_overrules_all():
    truth = [NAMES[n % 3] for n in range(30)]
    wrong = [NAMES[(n + 1) % 3] if n % 3 == 0 else truth[n] for n in range(30)]
    answers = [(who, n, truth[n]) for n in range(30) for who in ("ana", "ben")]
    answers += [("eve", n, wrong[n]) for n in range(30)]
    answers += [("ana", 98, "a"), ("eve", 98, "b"), ("eve", 99, "c")]
    state = told(answers)
    found = find_consensus(state)
    assert found.shared == 31
    assert found.reliability["ana"] > 0.95 > 0.8 > found.reliability["eve"]
    assert found.labels[("98", "x")] == (0,)
    assert label_of(state, ("98", "x"), found) == (0,)
    assert label_of(state, ("98", "x")) is None
    assert ("99", "x") not in found.labels, "one answer is no shared item"
    assert found.disagreed[0] == ("98", "x"), "two against one is surer than one against one"
    assert set(found.disagreed) == {("98", "x")} | {(str(n), "x") for n in range(0, 30, 3)}
    sure = [found.confidence[item] for item in found.disagreed]
    assert sure == sorted(sure)
    after = told([*answers, ("ana", 98, "b")])
    assert label_of(after, ("98", "x"), found) == (1,), "what all say now counts more than a consensus of before"
