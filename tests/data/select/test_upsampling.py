"""Upsampling at the end: shares by the stated arithmetic, rounds, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.data.select import upsample_at_end


def rng(seed=0):
    return np.random.default_rng(seed)


def test_known_world_shares_are_exact_in_the_last_phase():
    """Of 2,000 steps the last 20% are 400, and 60% of these, 240, are precious."""
    mask = np.arange(500) < 10
    order = upsample_at_end(mask, 2000, last=0.2, share=0.6, rng=rng())
    assert mask[order[1600:]].sum() == 240
    assert mask[order[:1600]].sum() == pytest.approx(32, abs=10)
    assert np.bincount(order[1600:], minlength=500)[:10].tolist() == [24] * 10


@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.floats(0.05, 0.9), st.floats(0.05, 0.9))
def test_so_many_steps_of_rows_that_there_are(seed, steps, last, share):
    order = upsample_at_end(rng(seed).permutation(40) < 7, steps, last=last, share=share, rng=rng(seed))
    assert len(order) == steps
    assert order.min() >= 0
    assert order.max() < 40


@given(st.integers(0, 2**32 - 1))
def test_no_row_comes_twice_before_all_came_once(seed):
    order = upsample_at_end(np.arange(50) < 5, 100, last=0.1, share=0.5, rng=rng(seed))
    assert len(set(order[:50].tolist())) == 50


def test_errors():
    for mask in (np.zeros(4, bool), np.ones(4, bool)):
        with pytest.raises(InputError, match="some rows must be precious, and some not"):
            upsample_at_end(mask, 10, rng=rng())
    with pytest.raises(InputError, match="at least one step is needed, not 0"):
        upsample_at_end([True, False], 0, rng=rng())
    with pytest.raises(InputError, match="last must lie strictly between 0 and 1"):
        upsample_at_end([True, False], 5, last=1.0, rng=rng())
