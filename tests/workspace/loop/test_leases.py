"""Leases: one row, one tab, until its time is over; times are whole seconds of a clock that starts at 0."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modicum.workspace.loop.leases import Leases


def test_a_row_is_lent_for_its_time_and_no_longer():
    leases = Leases(seconds=10.0)
    assert leases.take(3, "a", 0.0)
    assert not leases.take(3, "b", 9.0)
    assert leases.held("b") == []
    assert leases.take(3, "b", 10.0), "a lease ends with its last second"
    assert (leases.held("a"), leases.held("b")) == ([], [3])


def test_a_tab_may_take_its_own_row_again_and_then_has_it_for_longer():
    leases = Leases(seconds=10.0)
    leases.take(3, "a", 0.0)
    assert leases.free(3, "a", 5.0)
    assert leases.take(3, "a", 5.0)
    assert not leases.free(3, "b", 14.0)
    assert leases.free(3, "b", 15.0)


def test_renewing_lends_all_rows_of_a_tab_anew_and_no_others():
    leases = Leases(seconds=10.0)
    for row, tab in ((1, "a"), (2, "b"), (3, "a")):
        leases.take(row, tab, 0.0)
    leases.renew("a", 50.0)
    assert [leases.free(row, "c", 59.0) for row in (1, 2, 3)] == [False, True, False]
    assert [leases.free(row, "c", 60.0) for row in (1, 3)] == [True, True]


def test_shortening_never_lengthens_and_leaves_other_tabs_alone():
    leases = Leases(seconds=10.0)
    leases.take(1, "a", 0.0)
    leases.take(2, "a", 5.0)
    leases.take(3, "b", 5.0)
    leases.shorten("a", 12.0)
    assert [leases.free(row, "c", 10.0) for row in (1, 2, 3)] == [True, False, False]
    assert [leases.free(row, "c", 12.0) for row in (1, 2, 3)] == [True, True, False]


def test_released_rows_are_free_at_once_even_if_nobody_had_them():
    leases = Leases()
    leases.take(1, "a", 0.0)
    leases.take(2, "a", 0.0)
    leases.release([1, 7])
    assert leases.held("a") == [2]
    assert leases.free(1, "b", 0.0)


def test_a_sweep_forgets_what_ran_out_and_nothing_else():
    leases = Leases(seconds=10.0)
    leases.take(1, "a", 0.0)
    leases.take(2, "a", 1.0)
    leases.sweep(10.0)
    assert leases.held("a") == [2]


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abc"), st.integers(0, 4)), max_size=30))
def test_no_two_tabs_ever_have_a_row_at_one_time(takes):
    """Against the definition: whoever took a row within the last 5 seconds has it, and nobody else gets it."""
    leases, taken, now = Leases(seconds=5.0), {}, 0
    for row, tab, wait in takes:
        now += wait
        holder, at = taken.get(row, (tab, now))
        expected = holder == tab or now - at >= 5
        assert leases.take(row, tab, now) == expected
        if expected:
            taken[row] = (tab, now)
