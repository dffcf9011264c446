"""Temperature: scikit-learn's answer, a world of known temperature, and what few labels may not do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from modicum.core import InputError
from modicum.core.arrays import log_softmax, softmax
from modicum.labels.calibration import fit_temperature


def test_parity_with_scikit_learn():
    rng = np.random.default_rng(0)
    y = np.arange(600) % 3
    X = rng.normal(size=(600, 5)) + 1.5 * np.eye(5)[y]
    model = LogisticRegression(C=1e6).fit(3 * X[:100], y[:100])
    reference = CalibratedClassifierCV(FrozenEstimator(model), method="temperature").fit(X[100:], y[100:])
    logs = log_softmax(model.decision_function(X[100:]))
    ours = softmax(logs / fit_temperature(logs, y[100:], prior_strength=0.0))
    np.testing.assert_allclose(ours, reference.predict_proba(X[100:]), atol=2e-3)


def test_known_world_temperature_is_found():
    rng = np.random.default_rng(1)
    logs = log_softmax(2 * rng.normal(size=(20_000, 5)))
    codes = np.array([rng.choice(5, p=p) for p in np.exp(logs)])
    assert fit_temperature(3.0 * logs, codes) == pytest.approx(3.0, rel=0.03)
    assert fit_temperature(0.5 * logs, codes) == pytest.approx(0.5, rel=0.03)


@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_few_labels_give_no_absurd_temperature(seed, count):
    rng = np.random.default_rng(seed)
    logs = log_softmax(10 * rng.normal(size=(count, 4)))
    assert 0.2 < fit_temperature(logs, logs.argmax(axis=1)) < 1.05
    assert fit_temperature(logs, logs.argmax(axis=1), prior_strength=0.0) < 0.2


@given(st.integers(0, 2**32 - 1))
def test_weights_count_as_repeats(seed):
    rng = np.random.default_rng(seed)
    logs, codes = log_softmax(rng.normal(size=(20, 3))), rng.integers(0, 3, 20)
    twice = fit_temperature(np.concatenate([logs, logs]), np.concatenate([codes, codes]))
    assert fit_temperature(logs, codes, sample_weight=np.full(20, 2.0)) == pytest.approx(twice, rel=1e-3)


def test_errors():
    scores, codes = np.eye(3), np.array([0, 1, 2])
    with pytest.raises(InputError, match="2 class codes for 3 rows; give one per row"):
        fit_temperature(scores, codes[:2])
    with pytest.raises(InputError, match=r"class codes must lie in 0\.\.1; found 0\.\.2"):
        fit_temperature(scores[:, :2], codes)
    with pytest.raises(InputError, match="sample weights must be 3 numbers of at least 0, one per row"):
        fit_temperature(scores, codes, sample_weight=np.array([1.0, -1.0, 1.0]))


def test_no_rows_change_nothing():
    assert fit_temperature(np.empty((0, 3)), np.empty(0, dtype=np.int64)) == 1.0
