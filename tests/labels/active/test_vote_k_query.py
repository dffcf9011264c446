"""Vote-k: the published rule written out, clouds, discount, graph."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from modicum.core import InputError
from modicum.labels.active import vote_k_query
from modicum.labels.active.vote_k_query import neighbour_votes


def ask(X, labelled, budget, seed=0, **settings):
    return vote_k_query(X, np.full((len(X), 2), 0.5), labelled, budget, np.random.default_rng(seed), **settings)


def votes_for(X, chosen, neighbours):
    """Votes of rows not chosen yet, each divided by 3 for every chosen row it voted for, written out."""
    near = NearestNeighbors(n_neighbors=neighbours + 1, metric="cosine").fit(X).kneighbors(X)[1][:, 1:]
    score = np.zeros(len(X))
    for voter in set(range(len(X))) - set(chosen):
        score[near[voter]] += 3.0 ** -len(set(near[voter]) & set(chosen))
    score[chosen] = -1
    return score


def test_parity_with_the_rule_written_out():
    X = np.random.default_rng(1).normal(size=(50, 6))
    chosen = ask(X, np.zeros(50, bool), 25, neighbours=7, discount=3.0).tolist()
    for step, row in enumerate(chosen):
        score = votes_for(X, chosen[:step], 7)
        assert score[row] == pytest.approx(score.max()), f"choice {step} does not have most votes"


def test_parity_of_the_graph_with_scikit_learn():
    X = np.random.default_rng(2).normal(size=(40, 5))
    graph = NearestNeighbors(n_neighbors=6, metric="cosine").fit(X).kneighbors_graph().toarray()
    assert np.array_equal(neighbour_votes(X, 6).toarray(), graph)


def test_known_world_every_cloud_has_its_say_the_largest_first():
    y = np.repeat([0, 1, 2], [40, 30, 20])
    X = np.eye(3)[y] + 0.05 * np.random.default_rng(3).normal(size=(90, 3))
    assert sorted(y[ask(X, np.zeros(90, bool), 3, neighbours=19)].tolist()) == [0, 1, 2]


def test_labelled_rows_discount_their_voters():
    y = np.repeat([0, 1], 20)
    X = np.eye(2)[y] + 0.05 * np.random.default_rng(4).normal(size=(40, 2))
    assert y[ask(X, (y == 0) & (np.arange(40) < 10), 1, neighbours=10)].tolist() == [1]


@given(st.integers(0, 2**32 - 1))
def test_length_of_vectors_does_not_matter(seed):
    local = np.random.default_rng(seed)
    X = local.normal(size=(30, 4))
    scaled = X * 2.0 ** local.integers(-3, 4, size=30)[:, None]
    assert (
        ask(X, np.zeros(30, bool), 5, neighbours=4).tolist()
        == ask(scaled, np.zeros(30, bool), 5, neighbours=4).tolist()
    )


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_each_row_votes_for_as_many_as_there_are(seed, neighbours):
    votes = neighbour_votes(np.random.default_rng(seed).normal(size=(12, 3)), neighbours).toarray()
    assert (votes.sum(axis=1) == min(neighbours, 11)).all()
    assert votes.trace() == 0


def test_errors():
    with pytest.raises(InputError, match="neighbours and discount must be at least 1, not 0 and 10"):
        ask(np.eye(3), np.zeros(3, bool), 1, neighbours=0)
