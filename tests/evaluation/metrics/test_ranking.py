"""Retrieval figures: parity with trec_eval, a world with a known answer, properties, edges, wording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from modicum.core import InputError
from modicum.evaluation.metrics import RankingScores, ranking_scores

TREC_EVAL = {
    3: {
        "ndcg": [0.598108, 0.400688, 0.0, 0.703918, 0.312852, 0.498522],
        "average_precision": [0.333333, 0.233333, 0.0, 0.333333, 0.066667, 0.2],
        "recall": [0.4, 0.4, 0.0, 0.4, 0.2, 0.2],
    },
    10: {
        "ndcg": [0.755047, 0.323864, 0.279172, 0.661035, 0.47924, 0.43141],
        "average_precision": [0.583333, 0.233333, 0.077778, 0.419048, 0.246667, 0.2],
        "recall": [0.8, 0.4, 0.4, 0.6, 0.6, 0.2],
    },
    40: {"reciprocal_rank": [1.0, 0.5, 0.166667, 1.0, 0.333333, 1.0]},
}
"""pytrec_eval-terrier 0.5.11 on `world()`: ndcg_cut, map_cut, recall, and recip_rank of the whole list."""


def world():
    rng = np.random.default_rng(7)
    grades = np.zeros((6, 40), int)
    for query in range(6):
        rows = rng.choice(40, 5, replace=False)
        grades[query, rows] = rng.integers(1, 5, 5)
    scores = rng.normal(size=(6, 40)) + 0.4 * grades
    return np.argsort(-scores, axis=1, kind="stable"), grades


@pytest.mark.parametrize("at", TREC_EVAL)
def test_parity_with_trec_eval(at):
    found, grades = world()
    for relevance in (grades, csr_array(grades)):
        scores = ranking_scores(found, relevance, at=at)
        for name, values in TREC_EVAL[at].items():
            np.testing.assert_allclose(getattr(scores, name), values, atol=1e-6, err_msg=name)


def test_known_world_one_relevant_row_at_rank_three():
    scores = ranking_scores(np.array([[5, 4, 3, 2]]), np.eye(6)[[3]])
    assert scores.means == pytest.approx({"nDCG": 0.5, "MAP": 1 / 3, "recall": 1.0, "MRR": 1 / 3})


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_figures_lie_between_0_and_1_and_the_best_list_reaches_1(seed, at):
    rng = np.random.default_rng(seed)
    grades = rng.integers(0, 3, (4, 9))
    grades[:, 0] = 1
    best = ranking_scores(np.argsort(-grades, axis=1, kind="stable"), grades, at=at)
    assert np.allclose([best.ndcg, best.reciprocal_rank], 1)
    other = ranking_scores(rng.permuted(np.tile(np.arange(9), (4, 1)), axis=1), grades, at=at)
    for figure in (other.ndcg, other.average_precision, other.recall, other.reciprocal_rank):
        assert ((figure >= 0) & (figure <= 1 + 1e-12)).all()


@given(st.integers(0, 2**32 - 1))
def test_names_of_rows_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    grades, order = rng.integers(0, 4, (3, 8)), rng.permutation(8)
    found = rng.permuted(np.tile(np.arange(8), (3, 1)), axis=1)
    plain, renamed = (
        ranking_scores(found, grades, at=5),
        ranking_scores(np.argsort(order)[found], grades[:, order], at=5),
    )
    np.testing.assert_allclose(renamed.ndcg, plain.ndcg)
    np.testing.assert_allclose(renamed.average_precision, plain.average_precision)


def test_short_lists_negative_grades_and_queries_without_a_relevant_row():
    grades = np.array([[1, 0, -2], [0, 0, 0], [0, 3, 1]])
    scores = ranking_scores(np.array([[2, 0, -1], [0, 1, 2], [-1, -1, -1]]), grades)
    assert isinstance(scores, RankingScores)
    assert scores.reciprocal_rank[[0, 2]].tolist() == [0.5, 0.0]
    assert np.isnan(scores.ndcg).tolist() == [False, True, False]
    assert scores.means["recall"] == 0.5
    nothing = ranking_scores(np.empty((2, 0), int), grades[:2])
    assert nothing.recall[0] == 0
    assert np.isnan(ranking_scores(np.array([[0]]), np.zeros((1, 2))).means["nDCG"])


def test_arguments_are_not_changed():
    grades = csr_array(np.array([[1.0, -2.0, 0.0]]))
    before = grades.toarray()
    ranking_scores(np.array([[0, 1]]), grades)
    assert np.array_equal(grades.toarray(), before)
    assert grades.nnz == 2


def test_errors_name_what_is_wrong():
    with pytest.raises(
        InputError, match=r"found rows of shape \(2, 1\) and grades \(1, 3\); give \(Q, R\) and \(Q, N\)"
    ):
        ranking_scores(np.array([[0], [1]]), np.ones((1, 3)))
    with pytest.raises(InputError, match=r"found rows must lie in 0..2, or be -1"):
        ranking_scores(np.array([[3]]), np.ones((1, 3)))
    with pytest.raises(InputError, match="a list names a row twice"):
        ranking_scores(np.array([[1, 1]]), np.ones((1, 3)))
    with pytest.raises(InputError, match="at = 0"):
        ranking_scores(np.array([[1]]), np.ones((1, 3)), at=0)
