"""Budgets in words, and the clock that counts them down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.workspace.budget import Clock, parse_budget


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45", 45),
        (45, 45),
        (0.5, 0.5),
        (1e-5, 1e-5),
        (1e16, 1e16),
        ("90s", 90),
        ("2m", 120),
        ("1.5h", 5400),
        ("1h30m", 5400),
        ("250ms", 0.25),
        (" 1 min ", 60),
    ],
)
def test_durations(text, seconds):
    assert parse_budget(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "soon", "-5", "0", "5x", "1m-3s", "s", "nan", "inf", 0, -1.0, float("inf"), float("nan"), True]
)
def test_broken_budgets_say_how_to_write_one(text):
    with pytest.raises(InputError, match="write it like 45, 90s, 2m or 1h30m"):
        parse_budget(text)


@given(st.integers(0, 50), st.integers(0, 59), st.integers(1, 59))
def test_parts_add_up(hours, minutes, seconds):
    assert parse_budget(f"{hours}h{minutes}m{seconds}s") == 3600 * hours + 60 * minutes + seconds


def test_clock_counts_down():
    ticks = iter([10.0, 12.0, 13.0, 30.0])
    clock = Clock(5.0, now=lambda: next(ticks))
    assert clock.spent() == 2.0
    assert clock.left() == 2.0
    assert clock.left() == -15.0
