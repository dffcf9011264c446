"""Topics: parity with scipy's tree and k-means, known worlds, properties, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.metrics import adjusted_rand_score, v_measure_score

from modicum.core import InputError
from modicum.core.arrays import normalize_rows
from modicum.vectors.topics import Topics, find_topics


def world(topics=8, rows=400, spread=0.5, seed=0, width=40):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, topics, rows)
    return rng.normal(size=(topics, width))[codes] + spread * rng.normal(size=(rows, width)), codes


def test_parity_with_scipys_tree_and_plain_steps():
    X = normalize_rows(world(spread=2.0)[0])
    codes = fcluster(linkage(X, "ward"), 8, "maxclust") - 1
    for _ in range(10):
        means = normalize_rows(np.stack([X[codes == k].sum(axis=0) for k in range(8)]))
        codes = (X @ means.T).argmax(axis=1)
    found = Topics(n_topics=8).fit(X)
    assert adjusted_rand_score(found.labels_, codes) == 1
    assert (np.diff(np.bincount(found.labels_)) <= 0).all(), "the largest topic comes first"


def test_known_world_is_found_with_its_number():
    X, codes = world(spread=0.4)
    found = Topics().fit(X)
    assert len(found.centres_) == 8
    assert v_measure_score(codes, found.labels_) == 1
    assert sorted(set(found.cut(3).tolist())) == [0, 1, 2]


def test_large_tables_are_gathered_first():
    X, codes = world(topics=20, rows=9_000, spread=0.5, width=20)
    found = Topics(n_topics=20).fit(X.astype(np.float32))
    assert v_measure_score(codes, found.labels_) > 0.98


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1), order=st.integers(0, 2**32 - 1))
def test_copies_share_a_topic_and_lengths_do_not_count(seed, order):
    X, _ = world(topics=4, rows=60, spread=1.0, seed=seed, width=5)
    twice = np.concatenate([X, 7 * X])
    found = Topics(n_topics=4).fit(twice)
    assert found.labels_[:60].tolist() == found.labels_[60:].tolist()
    assert found.predict(0.1 * X).tolist() == found.labels_[:60].tolist()


@given(seed=st.integers(0, 2**32 - 1))
def test_turning_the_space_turns_nothing(seed):
    X, _ = world(topics=3, rows=30, seed=seed, width=4)
    Q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(4, 4)))
    assert adjusted_rand_score(Topics(n_topics=3).fit_predict(X), Topics(n_topics=3).fit_predict(X @ Q)) == 1


def test_copies_only_and_zeros():
    assert Topics(n_topics=3).fit(np.ones((10, 2))).labels_.tolist() == [0] * 10
    assert len(Topics().fit(np.ones((50, 2))).centres_) == 1
    X = np.concatenate([np.eye(3), np.zeros((2, 3))])
    assert np.unique(Topics(n_topics=3).fit(X).labels_[:3]).tolist() == [0, 1, 2]
    assert Topics().fit(np.ones((1, 2))).labels_.tolist() == [0]


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="9 topics were asked for of 4 rows; ask for 1 to 4"):
        Topics(n_topics=9).fit(np.eye(4))
    with pytest.raises(InputError, match="all vectors are zero"):
        Topics().fit(np.zeros((4, 2)))
    with pytest.raises(InputError, match="3 topics cannot be cut into 4 groups"):
        Topics(n_topics=3).fit(np.eye(3)).cut(4)
    with pytest.raises(InputError, match="ask for 1 to 2"):
        find_topics(np.eye(2), np.random.default_rng(0), count=0)
