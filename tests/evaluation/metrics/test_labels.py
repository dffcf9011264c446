"""Figures of several labels a row, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from modicum.core import InputError
from modicum.evaluation.metrics import LabelScores, label_losses, label_scores


def test_parity_with_scikit_learn():
    rng = np.random.default_rng(0)
    proba = rng.random((60, 4)).round(1)
    Y = (rng.random(proba.shape) < proba).astype(int)
    given = (proba > 0.6).astype(int)
    found = label_scores(Y, given, proba)
    assert isinstance(found, LabelScores)
    told = reference.precision_recall_fscore_support(Y, given)
    for ours, theirs in zip((found.precision, found.recall, found.f1, found.support), told, strict=True):
        np.testing.assert_allclose(ours, theirs)
    assert found.micro_f1 == pytest.approx(reference.f1_score(Y, given, average="micro"))
    assert found.macro_f1 == pytest.approx(reference.f1_score(Y, given, average="macro"))
    np.testing.assert_allclose(found.average_precision, reference.average_precision_score(Y, proba, average=None))
    cut = np.clip(proba, 1e-6, 1 - 1e-6)
    theirs = sum(reference.log_loss(Y[:, k], cut[:, k]) for k in range(4))
    assert label_losses(proba, Y).mean() == pytest.approx(theirs, abs=1e-5)


def test_a_label_of_no_row_is_left_out_of_the_mean():
    found = label_scores(np.array([[1, 0], [1, 0]]), np.array([[1, 1], [1, 0]]), np.ones((2, 2)))
    assert found.macro_f1 == 1.0
    assert np.isnan(found.average_precision[1])


def test_errors():
    with pytest.raises(InputError, match="give \\(N, K\\) each"):
        label_scores(np.eye(2), np.eye(3), np.eye(2))
