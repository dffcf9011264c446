"""The promises of a query strategy, held against everything that has its signature: found by walking, never by list."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.workspace.registry import methods

SIGNATURE = ["X", "proba", "labelled", "budget", "rng"]


def queries():
    things = (method.load() for method in methods() if method.card.question == "active")
    return [thing for thing in things if callable(thing) and thing.__name__.endswith("_query")]


def rng():
    return np.random.default_rng(0)


def test_there_are_queries():
    assert len(queries()) >= 5


@pytest.mark.parametrize("query", queries(), ids=lambda q: q.__name__)
class TestQueries:
    def world(self, rows=40, classes=3, seed=0, dtype=np.float64):
        local = np.random.default_rng(seed)
        X = local.normal(size=(rows, 5)).astype(dtype)
        return X, local.dirichlet(np.ones(classes), size=rows).astype(dtype), local.random(rows) < 0.3

    def test_signature(self, query):
        parameters = list(inspect.signature(query).parameters.values())
        assert [one.name for one in parameters[:5]] == SIGNATURE
        assert all(one.kind is inspect.Parameter.KEYWORD_ONLY for one in parameters[5:])

    @given(seed=st.integers(0, 2**32 - 1), budget=st.integers(0, 50), dtype=st.sampled_from([np.float32, np.float64]))
    def test_never_labelled_never_twice_never_too_many(self, query, seed, budget, dtype):
        X, proba, labelled = self.world(seed=seed, dtype=dtype)
        chosen = query(X, proba, labelled, budget, np.random.default_rng(seed))
        assert chosen.dtype == np.int64
        assert len(chosen) == min(budget, int((~labelled).sum()))
        assert len(set(chosen.tolist())) == len(chosen)
        assert not labelled[chosen].any()

    def test_same_seed_same_rows(self, query):
        world = self.world()
        assert query(*world, 7, rng()).tolist() == query(*world, 7, rng()).tolist()

    def test_arguments_are_not_changed(self, query):
        world = self.world()
        before = [array.copy() for array in world]
        query(*world, 7, rng())
        assert all(np.array_equal(was, now) for was, now in zip(before, world, strict=True))

    def test_nothing_or_all_labelled_and_rows_that_are_copies(self, query):
        X, proba, _ = self.world()
        assert len(query(X, proba, np.zeros(40, bool), 6, rng())) == 6
        assert len(query(X, proba, np.ones(40, bool), 6, rng())) == 0
        copies = np.ones((40, 5)), np.full((40, 3), 1 / 3), np.arange(40) < 5
        assert len(set(query(*copies, 6, rng()).tolist())) == 6

    def test_sure_rows_and_no_rows(self, query):
        sure = np.eye(3)[np.arange(40) % 3]
        assert len(set(query(self.world()[0], sure, np.zeros(40, bool), 40, rng()).tolist())) == 40
        assert len(query(np.empty((0, 5)), np.empty((0, 3)), np.zeros(0, bool), 4, rng())) == 0

    def test_bad_input_is_told(self, query):
        X, proba, labelled = self.world()
        spoilt = proba.copy()
        spoilt[4] = np.nan
        for arguments, words in [
            ((X, spoilt, labelled, 2), "probabilities: row 4 holds NaN or infinity"),
            ((X[1:], proba, labelled, 2), "vectors have 39 rows where the table has 40"),
            ((X, np.ones((40, 1)), labelled, 2), "probabilities have 1 column; a query needs at least two classes"),
            ((X, proba, labelled[1:], 2), "labelled must be a mask of 40 rows, not bool of shape"),
            ((X, proba, np.flatnonzero(labelled), 2), "labelled must be a mask of 40 rows, not int64"),
            ((X, proba, labelled, -1), "budget must be at least 0 rows, not -1"),
            ((X, proba, labelled, 2.5), "budget must be at least 0 rows, not 2.5"),
            ((proba, X, labelled, 2), "probabilities must lie between 0 and 1"),
        ]:
            with pytest.raises(InputError, match=words):
                query(*arguments, rng())
