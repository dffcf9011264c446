"""Sets of several annotators: agreement by hand, alpha as for one label, consensus that a reliable one wins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.workspace.loop.consensus import agreement
from modicum.workspace.loop.events import Event
from modicum.workspace.loop.forms.agreed import find_sets, label_agreement, set_of
from modicum.workspace.loop.state import fold

NAMES = ("a", "b", "c")
SET = st.sets(st.sampled_from(NAMES)).map(lambda found: tuple(sorted(found)))


def told(answers):
    """State after answers (person, item number, names)."""
    events = [Event("opened", classes=NAMES, n=1)]
    for n, (who, item, names) in enumerate(answers, start=2):
        events.append(Event("label", who, items=((str(item), "x"),), classes=tuple(names), n=n))
    return fold(events)


def test_agreement_counts_the_labels_that_were_given():
    """Pairs of sets {a,b}/{a}, {}/{}, {b}/{b,c}: 2 shared of (2+1) + 0 + (1+2), so 4 / 6; b: 1 of 2 where given."""
    found = find_sets(told([("ana", 0, "ab"), ("ben", 0, "a"), ("ana", 1, ""), ("ben", 1, ""), ("ana", 2, "b"),
                            ("ben", 2, "bc"), ("ana", 3, "c")]))  # fmt: skip
    assert found.shared == 3
    assert found.agreement == pytest.approx(4 / 6)
    assert found.by_label == pytest.approx({0: 1.0, 1: 2 / 3, 2: 0.0})


def test_alpha_of_one_label_is_that_of_yes_and_no():
    rng = np.random.default_rng(1)
    votes = rng.integers(0, 2, (40, 3))
    votes[rng.random(votes.shape) < 0.2] = -1
    votes = votes[(votes >= 0).sum(axis=1) > 1]
    given = votes[(votes == 1).any(axis=1)]
    found = label_agreement(given, np.zeros(len(given), dtype=np.int64), int((votes >= 0).sum()))
    assert found[1] == pytest.approx(agreement(votes, 2)[1])


def test_the_reliable_one_is_believed_label_by_label():
    rng = np.random.default_rng(3)
    answers = []
    for item in range(60):
        truth = {name for name in NAMES if rng.random() < 0.4}
        careless = {name for name in truth if rng.random() < 0.6}
        answers += [("ana", item, sorted(truth)), ("ben", item, sorted(truth)), ("eve", item, sorted(careless))]
    answers += [("ana", 99, "ab"), ("eve", 99, "a")]
    state = told(answers)
    found = find_sets(state)
    assert found.labels[("99", "x")] == (0, 1)
    assert found.reliability["ana"] > 0.95 > 0.85 > found.reliability["eve"]
    assert set_of(state, ("99", "x"), found) == (0, 1)
    assert set_of(state, ("99", "x")) is None, "without the others' record b is open"
    sets = {item: tuple(NAMES.index(name) for name in names) for who, item, names in answers[:180] if who == "ana"}
    assert np.mean([found.labels[(str(item), "x")] == truth for item, truth in sets.items()]) > 0.95


@given(SET, SET, SET)
def test_what_all_say_stands_and_nothing_is_invented(one, two, three):
    state = told([("ana", 0, one), ("ben", 0, two), ("eve", 0, three)])
    item = ("0", "x")
    for settled in (None, find_sets(state)):
        found = {NAMES[number] for number in set_of(state, item, settled) or ()}
        assert set(one) & set(two) & set(three) <= found <= set(one) | set(two) | set(three)


@given(SET, SET)
def test_a_consensus_of_before_never_overrules_what_all_say_now(before, now):
    item = ("0", "x")
    old = find_sets(told([("ana", 0, before), ("ben", 0, "abc")]))
    state = told([("ana", 0, now), ("ben", 0, now)])
    assert set_of(state, item, old) == tuple(NAMES.index(name) for name in now)


def test_two_people_who_differ_leave_a_label_open():
    state = told([(who, item, names) for item, names in enumerate(("a", "ab", "c", "")) for who in ("ana", "ben")])
    agreed = find_sets(state)
    assert agreed.labels == {(str(n), "x"): found for n, found in enumerate(((0,), (0, 1), (2,), ()))}
    assert min(agreed.reliability.values()) > 0.9
    split = told([("ana", 0, "a"), ("ben", 0, "b"), ("ana", 1, "c"), ("ben", 1, "c")])
    found = find_sets(split)
    assert set(found.labels) == {("1", "x")}
    assert found.confidence[("0", "x")] == pytest.approx(0.25)
    assert found.disagreed == (("0", "x"),)
    assert set_of(split, ("0", "x"), found) is None
    assert found.reliability["ana"] == pytest.approx(found.reliability["ben"])


def test_edges():
    assert find_sets(told([("ana", 0, "a")])).shared == 0
    nothing = find_sets(told([("ana", 0, ""), ("ben", 0, "")]))
    assert (nothing.shared, nothing.agreement, nothing.labels) == (1, None, {("0", "x"): ()})
    assert set_of(told([]), ("0", "x")) is None
    assert set_of(told([("ana", 0, "")]), ("0", "x")) == ()
