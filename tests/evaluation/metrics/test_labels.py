"""Figures of several labels a row, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from modicum.core import InputError
from modicum.evaluation.metrics import LabelScores, f1_interval, label_losses, label_scores, wilson_interval


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


def test_the_interval_holds_the_f1_of_a_known_world_about_as_often_as_it_says():
    """Rows are right or wrong in all of their labels at once, which counting labels one by one would overlook."""

    def draw(rows, rng):
        truth = rng.random((rows, 6)) < 0.3
        lost = rng.random((rows, 1)) < 0.25
        given = np.where(lost, rng.random((rows, 6)) < 0.3, truth ^ (rng.random((rows, 6)) < 0.02))
        return truth.astype(int), given.astype(int)

    rng = np.random.default_rng(0)
    truth, given = draw(200_000, rng)
    true_f1 = label_scores(truth, given, given.astype(float)).micro_f1
    ends = np.array([f1_interval(*draw(60, rng)) for _ in range(400)])
    assert ((ends[:, 0] <= true_f1) & (true_f1 <= ends[:, 1])).mean() == pytest.approx(0.95, abs=0.03)


def test_the_interval_of_one_label_a_row_is_that_of_wilson():
    truth = np.ones((20, 1), dtype=int)
    given = (np.arange(20) < 13).astype(int)[:, None]
    low, high = wilson_interval(13, 20)
    assert f1_interval(truth, given) == pytest.approx((2 * low / (1 + low), 2 * high / (1 + high)))


def test_edges_of_the_interval():
    nothing = np.zeros((5, 2), dtype=int)
    assert f1_interval(nothing, nothing) == (0.0, 1.0)
    alone, twice = np.eye(2, dtype=int)[[0, 1] * 10], np.ones((20, 2), dtype=int)
    assert f1_interval(alone, alone) == pytest.approx(f1_interval(twice, twice)), "20 rows, not 40 labels"
    assert f1_interval(alone, alone)[1] == pytest.approx(1)
    with pytest.raises(InputError, match=r"labels and predictions of shapes \(20, 2\) and \(20, 1\)"):
        f1_interval(alone, alone[:, :1])
