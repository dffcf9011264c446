"""Class metrics: parity with scikit-learn, its missing silence about absent classes, and relations that must hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, classification_report, confusion_matrix

from modicum.core import InputError
from modicum.evaluation.metrics import Confusion, accuracy, confusions, macro_f1, mean_distance, per_class

TRUTH = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 3])
ANSWER = np.array([0, 1, 1, 1, 1, 2, 0, 0, 2, 4])
"""Class 3 is never found, class 4 never true, class 5 never mentioned."""

seeds = st.integers(0, 2**32 - 1)


def random_pair(seed, classes=5, rows=40):
    rng = np.random.default_rng(seed)
    return rng.integers(0, classes, rows), rng.integers(0, classes, rows)


def test_parity_with_the_classification_report():
    report = classification_report(TRUTH, ANSWER, labels=range(6), output_dict=True, zero_division=0)
    scores = per_class(TRUTH, ANSWER, 6)
    for k in range(6):
        row = report[str(k)]
        assert scores.precision[k] == pytest.approx(row["precision"])
        assert scores.recall[k] == pytest.approx(row["recall"])
        assert scores.f1[k] == pytest.approx(row["f1-score"])
        assert scores.support[k] == row["support"]
    assert accuracy(TRUTH, ANSWER) == accuracy_score(TRUTH, ANSWER) == 0.5


def test_macro_f1_by_hand_leaves_out_classes_absent_from_the_truth():
    """F1 of classes 0 to 3: 2/6, 4/6, 4/6 and 0; class 4 lowers the recall of class 3 only."""
    assert macro_f1(TRUTH, ANSWER) == pytest.approx((2 / 6 + 4 / 6 + 4 / 6 + 0) / 4)
    assert macro_f1(np.array([0, 0, 1]), np.array([0, 0, 0])) == pytest.approx((0.8 + 0) / 2)
    assert macro_f1(np.array([0, 0, 0]), np.array([0, 0, 1])) == pytest.approx(0.8)


def test_confusions_by_hand():
    found = confusions(TRUTH, ANSWER, 6)
    assert found == [
        Confusion(0, 1, 2, pytest.approx(2 / 3)),
        Confusion(2, 0, 2, 0.5),
        Confusion(3, 4, 1, 1.0),
    ]
    assert confusions(TRUTH, ANSWER, 6, top=1) == found[:1]
    assert confusions(TRUTH, TRUTH, 6) == []


@given(seeds)
def test_confusions_are_the_cells_off_the_diagonal(seed):
    truth, answer = random_pair(seed)
    matrix = confusion_matrix(truth, answer, labels=range(5))
    rebuilt = np.diag(np.diag(matrix))
    for pair in confusions(truth, answer, 5, top=25):
        rebuilt[pair.truth, pair.predicted] = pair.count
        assert pair.share == pytest.approx(pair.count / matrix[pair.truth].sum())
    assert np.array_equal(rebuilt, matrix)


@given(seeds)
def test_renaming_the_classes_changes_no_figure(seed):
    truth, answer = random_pair(seed)
    new = np.random.default_rng(seed).permutation(5)
    assert macro_f1(new[truth], new[answer]) == pytest.approx(macro_f1(truth, answer))
    assert accuracy(new[truth], new[answer]) == accuracy(truth, answer)
    np.testing.assert_allclose(per_class(new[truth], new[answer], 5).f1[new], per_class(truth, answer, 5).f1)


@given(seeds)
def test_distance_with_all_classes_equally_far_is_the_error(seed):
    truth, answer = random_pair(seed)
    assert mean_distance(truth, answer, 1 - np.eye(5)) == pytest.approx(1 - accuracy(truth, answer))


def test_distance_goes_from_the_truth_to_the_answer():
    far = np.array([[0.0, 1.0], [5.0, 0.0]])
    assert mean_distance(np.array([0]), np.array([1]), far) == 1
    assert mean_distance(np.array([1]), np.array([0]), far) == 5


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="2 class codes for 3 rows"):
        accuracy(np.array([0, 1]), np.array([0, 1, 1]))
    with pytest.raises(InputError, match="there is no row to measure on"):
        macro_f1(np.array([], dtype=int), np.array([], dtype=int))
    with pytest.raises(InputError, match=r"class codes must lie in 0..2; found 0..4"):
        per_class(TRUTH, ANSWER, 3)
