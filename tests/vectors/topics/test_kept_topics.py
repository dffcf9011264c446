"""Kept topics: parity with nearest centres, what stays when rows come, merging and splitting, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.core.arrays import normalize_rows
from modicum.vectors.topics import Topics, keep_topics
from modicum.vectors.topics.kept_topics import MOST_FAR

AXES = np.eye(12)


def rows_at(axes, each=40, spread=0.15, seed=0):
    rng = np.random.default_rng(seed)
    return normalize_rows(np.repeat(AXES[axes], each, axis=0) + spread * rng.normal(size=(len(axes) * each, 12)))


def kept(X, count, agreement=0.8):
    found = Topics(n_topics=count).fit(X)
    return keep_topics(found.centres_, X, agreement=agreement, rng=np.random.default_rng(0)), found


def test_parity_with_nearest_centres_and_confidence_as_measured():
    X = rows_at(range(4), spread=0.4)
    topics, found = kept(X, 4)
    place = topics.place(X)
    assert place.topics.tolist() == found.predict(X).tolist()
    np.testing.assert_allclose(place.similarity, (X @ found.centres_.T).max(axis=1))
    assert place.confidence.mean() == pytest.approx(0.8, abs=0.01)
    assert place.far.mean() <= MOST_FAR


def test_known_world_new_rows_bring_a_new_topic_and_move_nothing():
    X = rows_at(range(4))
    topics, _ = kept(X, 4)
    before = topics.place(X).topics
    new = rows_at([7, 8], seed=1)
    grown = topics.grown(np.concatenate([X, new]), np.random.default_rng(0))
    assert grown.ids.tolist() == [0, 1, 2, 3, 4, 5]
    assert grown.place(X).topics.tolist() == before.tolist()
    assert len(set(grown.place(new).topics.tolist())) == 2
    assert topics.grown(X, np.random.default_rng(0)).ids.tolist() == [0, 1, 2, 3]
    again = grown.grown(np.concatenate([X, rows_at([10], seed=2)]), np.random.default_rng(0))
    assert again.ids.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert again.place(new).topics.tolist() == grown.place(new).topics.tolist()


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), others=st.integers(0, 2**32 - 1))
def test_a_rows_topic_does_not_depend_on_other_rows(seed, others):
    X = rows_at(range(4), each=10, spread=0.5, seed=seed)
    topics, _ = kept(X, 4)
    more = np.concatenate([X, np.random.default_rng(others).normal(size=(30, 12))])
    assert topics.place(X).topics.tolist() == topics.place(more).topics[: len(X)].tolist()


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_merging_and_splitting_touch_no_other_topic(seed):
    X = rows_at(range(5), each=12, spread=0.5, seed=seed)
    topics, _ = kept(X, 5)
    before = topics.place(X).topics
    merged = topics.merged([3, 1])
    assert merged.place(X).topics.tolist() == np.where(before == 1, 3, before).tolist()
    assert merged.ids.tolist() == [0, 2, 3, 4]
    split = merged.split(3, X, np.random.default_rng(0))
    after = split.place(X).topics
    rest = ~np.isin(before, [1, 3])
    assert after[rest].tolist() == before[rest].tolist()
    assert set(after[~rest].tolist()) == {3, 6}
    assert (after == 3).sum() >= (after == 6).sum()
    twice = split.split(3, X, np.random.default_rng(0)) if (after == 3).sum() > 1 else split
    assert twice.place(X).topics[after != 3].tolist() == after[after != 3].tolist()
    back = split.merged([3, 6])
    assert back.place(X).topics.tolist() == merged.place(X).topics.tolist()


def test_copies_zeros_and_few_rows():
    X = np.ones((20, 2))
    topics, _ = kept(X, 1)
    assert topics.place(X).confidence.tolist() == [1.0] * 20
    assert topics.place(np.zeros((3, 2))).similarity.tolist() == [0, 0, 0]
    assert topics.grown(np.concatenate([X, np.zeros((30, 2))]), np.random.default_rng(0)).ids.tolist() == [0]
    with pytest.raises(InputError, match="the rows of topic 0 cannot be told apart; it stays whole"):
        topics.split(0, X, np.random.default_rng(0))


def test_errors_name_what_is_wrong():
    topics, _ = kept(rows_at(range(3)), 3)
    with pytest.raises(InputError, match="there is no topic 9; there are 0, 1, 2"):
        topics.merged([0, 9])
    with pytest.raises(InputError, match="merging takes two topics or more"):
        topics.merged([1, 1])
    with pytest.raises(InputError, match="which make no 99 parts"):
        topics.split(0, rows_at(range(3)), np.random.default_rng(0), parts=99)
    with pytest.raises(InputError, match="vectors are 3 wide where 12 is expected"):
        topics.place(np.eye(3))
