"""APS: the sets of its definition, scores by hand, coverage of hard rows."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from modicum.labels.conformal import aps_scores, split_conformal
from tests.labels.references import world


def textbook_sets(proba, codes, fresh, alpha):
    """The definition of Romano et al. without randomisation, row by row, written without any function under test."""
    levels = sorted(sum(p for p in row if p >= row[k]) for row, k in zip(proba.tolist(), codes, strict=True))
    level = levels[int(np.ceil((len(codes) + 1) * (1 - alpha))) - 1]
    return [[sum(p for p in row if p >= q) <= level + 1e-12 for q in row] for row in fresh.tolist()]


def test_parity_with_the_definition():
    """MAPIE randomises its APS scores, so the definition itself is the reference here."""
    proba, codes, _, _ = world()
    sets = split_conformal(proba[:200], codes[:200], alpha=0.1, score="aps").sets(proba[200:])
    assert sets.tolist() == textbook_sets(proba[:200], codes[:200], proba[200:], 0.1)


def test_known_world_hard_rows_are_covered_better_than_by_lac():
    """Half the rows are sure, half uniform over ten classes: one threshold on probability gives up on the hard half."""
    rng = np.random.default_rng(0)
    n, K = 4_000, 10
    hard = np.arange(n) % 2 == 0
    proba = np.full((n, K), 0.02 / 9)
    proba[:, 0] = 0.98
    proba[hard] = rng.dirichlet(np.full(K, 50.0), size=int(hard.sum()))
    codes = (proba.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    covered = {}
    for score in ("lac", "aps"):
        sets = split_conformal(proba[: n // 2], codes[: n // 2], alpha=0.2, score=score).sets(proba[n // 2 :])
        hit = sets[np.arange(n // 2), codes[n // 2 :]]
        covered[score] = hit[hard[n // 2 :]].mean()
    assert covered["aps"] > covered["lac"] + 0.02


@given(st.integers(0, 2**32 - 1))
def test_scores_end_at_one_and_start_at_the_best_probability(seed):
    proba = np.random.default_rng(seed).dirichlet(np.ones(5), size=8)
    scores = aps_scores(proba)
    np.testing.assert_allclose(scores.max(axis=1), 1)
    assert scores.max() <= 1, "not even by rounding"
    np.testing.assert_allclose(scores.min(axis=1), proba.max(axis=1))


@given(st.integers(0, 2**32 - 1))
def test_permuting_classes_permutes_scores(seed):
    rng = np.random.default_rng(seed)
    proba, order = rng.dirichlet(np.ones(5), size=8), rng.permutation(5)
    np.testing.assert_allclose(aps_scores(proba[:, order]), aps_scores(proba)[:, order])


def test_by_hand():
    np.testing.assert_allclose(aps_scores(np.array([[0.2, 0.5, 0.3]])), [[1.0, 0.5, 0.8]])
