"""LAC: MAPIE's sets, the promise kept in a world where it can be checked, smallest sets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.labels.conformal import aps_scores, lac_scores, split_conformal
from tests.labels.references import world


def test_parity_with_mapie():
    """MAPIE 1.6.0: SplitConformalClassifier(prefit, conformity_score="lac", 0.9), first 200 rows calibrate."""
    proba, codes, _, _ = world()
    sets = split_conformal(proba[:200], codes[:200], alpha=0.1).sets(proba[200:])
    sizes = [2, 2, 4, 2, 3, 1, 3, 2, 4, 2, 2, 1, 1, 4, 3, 2, 1, 3, 2, 4, 2, 2, 2, 2, 1, 1, 1, 2, 3, 2]
    assert sets.sum(axis=1)[:30].tolist() == sizes
    assert sets.sum() == 234
    assert sets[np.arange(100), codes[200:]].mean() == 0.95


@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_known_world_coverage_lies_within_the_proven_bounds(alpha):
    """Mean coverage over many draws lies between 1 - alpha and 1 - alpha + 1 / (n + 1), but for Monte Carlo error."""
    rng = np.random.default_rng(0)
    n, hits = 59, []
    for _ in range(400):
        proba = rng.dirichlet(np.ones(4), size=n + 50)
        codes = (proba.cumsum(axis=1) > rng.random((n + 50, 1))).argmax(axis=1)
        sets = split_conformal(proba[:n], codes[:n], alpha=alpha).sets(proba[n:])
        hits.append(sets[np.arange(50), codes[n:]].mean())
    error = 3 * np.std(hits) / np.sqrt(len(hits))
    assert 1 - alpha - error <= np.mean(hits) <= 1 - alpha + 1 / (n + 1) + error


def test_no_score_gives_smaller_sets_on_exact_probabilities():
    proba, codes, _, _ = world()
    lac, aps = (split_conformal(proba[:200], codes[:200], alpha=0.1, score=s).sets(proba[200:]) for s in ("lac", "aps"))
    assert lac.sum() < aps.sum()


@given(st.integers(0, 2**32 - 1))
def test_likelier_classes_conform_better(seed):
    proba = np.random.default_rng(seed).dirichlet(np.ones(5), size=10)
    order = np.argsort(proba, axis=1)
    for scores in (lac_scores(proba), aps_scores(proba)):
        assert (np.diff(np.take_along_axis(scores, order, axis=1), axis=1) <= 1e-12).all()


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.4), st.floats(0.05, 0.4))
def test_a_smaller_alpha_gives_larger_sets(seed, a, b):
    rng = np.random.default_rng(seed)
    proba, codes = rng.dirichlet(np.ones(4), size=80), rng.integers(0, 4, 80)
    strict, loose = (split_conformal(proba, codes, alpha=x).sets(proba) for x in (min(a, b), max(a, b)))
    assert (strict >= loose).all()
