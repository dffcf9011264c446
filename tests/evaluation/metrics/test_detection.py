"""Facts of detection: parity with scikit-learn's curve, two normals, properties, wording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import roc_curve

from modicum.core import InputError
from modicum.evaluation.metrics import detection_metrics


def test_parity_with_scikit_learns_curve():
    """Unknown rows are the positive ones and minus the score their score: the first point with the recall counts."""
    rng = np.random.default_rng(0)
    unknown = rng.random(200) < 0.4
    scores = rng.integers(0, 30, 200) - 5.0 * unknown
    false, true, _ = roc_curve(unknown, -scores, drop_intermediate=False)
    assert detection_metrics(scores, unknown, recall=0.9).false_alarms == pytest.approx(false[true >= 0.9][0])


def test_known_world_two_normals():
    rng = np.random.default_rng(1)
    unknown = np.arange(200_000) % 2 == 1
    facts = detection_metrics(rng.normal(size=200_000) - 2 * unknown, unknown)
    assert facts.auroc == pytest.approx(norm.cdf(2 / np.sqrt(2)), abs=0.003)
    assert facts.false_alarms == pytest.approx(norm.cdf(norm.ppf(0.95) - 2), abs=0.005)


@given(st.integers(0, 2**32 - 1))
def test_only_the_order_of_scores_counts(seed):
    rng = np.random.default_rng(seed)
    scores, unknown = rng.normal(size=40), np.arange(40) % 3 == 0
    assert detection_metrics(scores, unknown) == detection_metrics(np.exp(scores), unknown)


@given(st.integers(0, 2**32 - 1))
def test_the_area_of_the_opposite_score_is_the_rest(seed):
    rng = np.random.default_rng(seed)
    scores, unknown = rng.integers(0, 5, 40).astype(float), np.arange(40) % 3 == 0
    both = detection_metrics(scores, unknown).auroc + detection_metrics(-scores, unknown).auroc
    assert both == pytest.approx(1)


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="rows of both kinds"):
        detection_metrics([1.0, 2.0], np.zeros(2, dtype=bool))
    with pytest.raises(InputError, match="scores: row 0 holds NaN"):
        detection_metrics([np.nan, 2.0], np.array([True, False]))
    with pytest.raises(InputError, match="1 scores for 2 rows"):
        detection_metrics([1.0], np.array([True, False]))
