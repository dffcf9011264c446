"""Facts of prediction sets: by hand, and relations between them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.evaluation.metrics import set_metrics


def test_by_hand():
    sets = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0], [1, 1, 1]], dtype=bool)
    facts = set_metrics(sets, np.array([0, 1, 1, 0]))
    assert (facts.coverage, facts.mean_size, facts.sizes.tolist()) == (0.75, 1.5, [1, 1, 1, 1])
    np.testing.assert_array_equal(facts.class_coverage, [1.0, 0.5, np.nan])


@given(st.integers(0, 2**32 - 1))
def test_the_parts_agree_with_the_whole(seed):
    rng = np.random.default_rng(seed)
    sets, codes = rng.random((50, 4)) < 0.6, rng.integers(0, 4, 50)
    facts = set_metrics(sets, codes)
    assert facts.sizes.sum() == 50
    assert facts.sizes @ np.arange(5) / 50 == pytest.approx(facts.mean_size)
    shares = np.bincount(codes, minlength=4) / 50
    assert np.nansum(facts.class_coverage * shares) == pytest.approx(facts.coverage)


@given(st.integers(0, 2**32 - 1))
def test_sets_and_their_complements_cover_once(seed):
    rng = np.random.default_rng(seed)
    sets, codes = rng.random((30, 3)) < 0.5, rng.integers(0, 3, 30)
    assert set_metrics(sets, codes).coverage + set_metrics(~sets, codes).coverage == pytest.approx(1)


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="1 class codes for 2 rows"):
        set_metrics(np.ones((2, 2), dtype=bool), np.array([0]))
    with pytest.raises(InputError, match="there is no row"):
        set_metrics(np.ones((0, 2), dtype=bool), np.array([], dtype=int))
