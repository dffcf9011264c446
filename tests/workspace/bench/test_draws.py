"""Draws keep their rows apart, and figures become rows beside a baseline from the same draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core.records import LabelSpace
from modicum.workspace.bench.draws import HELD, POOL, Figure, Measure, draw, gather
from modicum.workspace.bench.tasks import Collection


def collection(rows):
    codes, X = np.arange(rows) % 3, np.eye(3)[np.arange(rows) % 3]
    return Collection("c", LabelSpace(("a", "b", "c")), np.eye(3), X, codes, np.arange(rows), X[:9], codes[:9])


@given(st.integers(12, 60), st.integers(1, 4), st.integers(0, 99))
def test_no_row_is_drawn_twice_and_none_is_left(rows, shots, seed):
    drawn = draw(collection(rows), shots, seed)
    together = np.concatenate([drawn.labelled, drawn.held, drawn.unlabelled])
    assert np.array_equal(np.sort(together), np.arange(rows))
    assert len(drawn.held) <= len(drawn.unlabelled)


def test_pool_and_held_out_rows_are_bounded():
    drawn = draw(collection(9_000), 8, 0)
    assert (len(drawn.labelled), len(drawn.held), len(drawn.unlabelled)) == (24, HELD, POOL)
    again = draw(collection(9_000), 8, 0)
    assert np.array_equal(drawn.unlabelled, again.unlabelled)


def test_rows_by_hand():
    measure = Measure("error", "nats", "nothing done", lower_is_better=True, target=0.5)
    figures = [Figure(measure, "heads.A", "w", value, base) for value, base in ((1.0, 2.0), (3.0, 2.0))]
    alone = Figure(measure, "heads.B", "w", 2.0)
    row, baseline = gather([figures[0], alone, figures[1]])
    assert (row.method, row.value, row.baseline, row.seeds) == ("heads.A", 2.0, 2.0, 2)
    assert (row.against, row.lower_is_better, row.target, row.unit) == ("nothing done", True, 0.5, "nats")
    assert row.difference_spread == pytest.approx(np.sqrt(2), abs=1e-5)
    assert (baseline.baseline, baseline.against, baseline.difference_spread) == (None, "", None)


def test_the_spread_of_a_difference_is_that_of_pairs():
    """Draws differ by a whole point, the method is always a tenth better: nothing varies in the difference."""
    measure = Measure("accuracy", "share", "heads.Linear")
    (row,) = gather(Figure(measure, "heads.A", "w", base + 0.1, base) for base in (0.1, 0.5, 0.9))
    assert row.spread == pytest.approx(0.4)
    assert row.difference_spread == 0
    assert row.verdict == "better"
