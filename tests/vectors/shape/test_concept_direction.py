"""Concept directions: parity with scikit-learn, a hidden axis found, properties, wording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA, TruncatedSVD

from modicum.core import InputError
from modicum.vectors.shape import concept_direction


def groups(seed, rows=20, width=6):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, width)), rng.normal(size=(rows, width)) + 2 * np.eye(width)[0]


def test_parity_with_scikit_learn_on_pairs_and_with_the_residual_vector():
    low, high = groups(0)
    leading = TruncatedSVD(1, algorithm="arpack", random_state=0).fit(high - low).components_[0]
    found = concept_direction(low, high, by="pairs").axis
    assert abs(found @ leading) == pytest.approx(1)
    residual = high.mean(axis=0) - low.mean(axis=0)
    np.testing.assert_allclose(concept_direction(low, high).axis, residual / np.linalg.norm(residual))


def test_parity_with_components_of_all_phrases_where_pairs_differ_only_in_the_concept():
    """The paper's own form, principal components of all phrases, agrees where the concept is their largest variance."""
    low = 0.1 * groups(1)[0]
    high = low + 5 * np.eye(6)[2]
    everything = PCA(1).fit(np.concatenate([low, high])).components_[0]
    assert abs(concept_direction(low, high, by="pairs").axis @ everything) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("by", ["means", "pairs"])
def test_known_world_the_hidden_axis_is_found_and_orders_rows(by):
    rng = np.random.default_rng(2)
    axis = np.linalg.qr(rng.normal(size=(30, 1)))[0][:, 0]
    topics = rng.normal(size=(400, 30))
    found = concept_direction(topics - 3 * axis, topics + 3 * axis, by=by)
    assert found.axis @ axis > 0.99
    amounts = rng.normal(size=200)
    rows = amounts[:, None] * axis + 0.05 * rng.normal(size=(200, 30))
    assert np.corrcoef(found.scores(rows), amounts)[0, 1] > 0.95


@given(st.integers(0, 2**32 - 1), st.sampled_from(["means", "pairs"]))
def test_the_means_of_the_groups_score_minus_one_and_one(seed, by):
    low, high = groups(seed)
    found = concept_direction(low, high, by=by)
    assert found.scores(low).mean() == pytest.approx(-1)
    assert found.scores(high).mean() == pytest.approx(1)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["means", "pairs"]))
def test_groups_that_change_places_change_the_sign(seed, by):
    low, high = groups(seed)
    there, back = concept_direction(low, high, by=by), concept_direction(high, low, by=by)
    np.testing.assert_allclose(there.scores(low), -back.scores(low), atol=1e-7)


def test_errors_name_what_is_wrong():
    low, high = groups(3)
    with pytest.raises(InputError, match="give at least one vector of each"):
        concept_direction(low[:0], high)
    with pytest.raises(InputError, match="20 low and 19 high vectors are no pairs"):
        concept_direction(low, high[:19], by="pairs")
    with pytest.raises(InputError, match="the two groups have the same mean"):
        concept_direction(low, low)
    with pytest.raises(InputError, match="vectors are 2 wide where 6 is expected"):
        concept_direction(low, high).scores(np.ones((1, 2)))
    with pytest.raises(InputError, match="way to find a direction 'mean' is not known; did you mean 'means'"):
        concept_direction(low, high, by="mean")
