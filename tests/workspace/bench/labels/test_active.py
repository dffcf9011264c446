"""The benchmark of queries: one pool a seed, rows with baselines, and labels needed between rounds."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.core.records import LabelSpace
from modicum.labels.active import random_query
from modicum.workspace.bench.labels.active import HOUSE, RANDOM, STRATEGIES, Trace, goal, labels_needed, to_rows, trace
from modicum.workspace.bench.tasks import Collection


@pytest.fixture
def collection():
    rng = np.random.default_rng(0)
    codes, codes_test = (np.repeat(np.arange(3), count) for count in (40, 20))
    X, X_test = (np.eye(3)[y] + 0.4 * rng.normal(size=(len(y), 3)) for y in (codes, codes_test))
    names = np.eye(3)[[1, 2, 0]] + np.eye(3)  # names that mislead
    space = LabelSpace(("a", "b", "c"))
    return Collection("tiny", space, names, X, codes, np.arange(120), X_test, codes_test)


def test_labels_needed():
    assert labels_needed(np.array([0.5, 0.6, 0.8]), 0.7) == pytest.approx(1.5)
    assert labels_needed(np.array([0.5, 0.6, 0.8]), 0.4) == 0
    assert labels_needed(np.array([0.5, 0.6, 0.8]), 0.9) == 2


def test_labels_teach_and_seeds_draw_their_own_pools(collection):
    found = trace(collection, random_query, 0, rounds=8)
    assert len(found.accuracies) == 9
    assert found.accuracies[-1] > found.accuracies[0]
    assert found.accuracies.tolist() == trace(collection, random_query, 0, rounds=8).accuracies.tolist()
    assert found.accuracies.tolist() != trace(collection, random_query, 1, rounds=8).accuracies.tolist()
    assert goal(collection, 0) > 0.6


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_every_strategy_runs(collection, name):
    assert trace(collection, STRATEGIES[name], 0, rounds=2).accuracies.min() > 0


def test_rows_tell_labels_accuracies_and_times():
    slow, quick = Trace(np.linspace(0, 1, 17), 0.1), Trace(np.minimum(np.linspace(0, 2, 17), 1), 0.2)
    rows = {
        (row.measure, row.on): row for row in to_rows("tiny", 3, {RANDOM: [slow] * 2, HOUSE: [quick] * 2}, [1.0, 1.0])
    }
    needed = rows[f"labels needed, {HOUSE}", "tiny test, to reach 16 random labels a class"]
    assert (needed.value, needed.baseline, needed.target, needed.seeds) == (0.5, 1.0, 0.6, 2)
    shown = rows[f"accuracy, {HOUSE}", "tiny test, 12 labels"]
    assert (shown.value, shown.baseline) == (0.5, 0.25)
    assert rows[f"time of a query, {HOUSE}", "tiny train"].value == 0.2
