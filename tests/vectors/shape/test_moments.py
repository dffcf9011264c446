"""Moments of tokens: the published cross-covariance, the definition by loops, what a mean cannot see, ragged rows."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from modicum.core import InputError
from modicum.core.arrays import normalize_rows
from modicum.vectors.shape import moment_features, token_projection
from modicum.vectors.shape import moments as module

# The authors' `Covariance` behind a per-head LayerNorm (github.com/mingzeG/Moment-Probing, commit 0ddc040, before the
# convolutions), run with torch on the tokens of `published`. On tokens it takes away the mean of all numbers, which
# LayerNorm has made 0 (`ABOUT_ZERO`); with conv=True that of each number over the tokens (`ABOUT_MEAN`).
ABOUT_ZERO = [-0.556034838809314, -0.21548250951252457, 0.3978270441186945, 0.2681709081287026]
ABOUT_ZERO += [-0.3355077451706105, 0.2601700333968012, 0.11428909805852594, -0.41651785874045716]
ABOUT_ZERO += [0.7464669200227225, 0.642818005758411, -0.8466256681905472, -0.53557804314479]
ABOUT_ZERO += [0.14507566395720226, -0.6875055296426871, 0.33450952601332656, 0.6839249937565441]
ABOUT_MEAN = [-0.7673579590793523, -0.3102677588902404, 0.26530534241686665, 0.6961671790970099]
ABOUT_MEAN += [-0.11783503746288744, 0.34031304400427026, 0.18236507966451515, -0.7148234856207413]
ABOUT_MEAN += [0.4950052094743948, 0.6124602617100988, -0.8547677151965486, -0.036522769665440956]
ABOUT_MEAN += [0.39018778706784457, -0.6425055468241285, 0.4070972931151668, 0.05517907618917241]


def published():
    rng = np.random.default_rng(5)
    tokens = rng.normal(size=(1, 9, 8))[0]
    return tokens, np.linalg.qr(rng.normal(size=(8, 8)))[0]


def ragged(rng, rows=20, width=9, longest=7):
    counts = rng.integers(0, longest, rows)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return rng.normal(size=(offsets[-1], width)), offsets


@pytest.mark.parametrize(("centre", "expected"), [(False, ABOUT_ZERO), (True, ABOUT_MEAN)])
def test_parity_with_the_authors_cross_covariance(centre, expected):
    tokens, projection = published()
    found = moment_features(tokens, np.array([0, 9]), projection, heads=2, centre=centre, share=2.0)
    np.testing.assert_allclose(found[0, 8:], 2.0 * np.array(expected) / np.linalg.norm(expected), atol=1e-9)


def test_parity_with_the_definition_by_loops():
    rng = np.random.default_rng(0)
    tokens, offsets = ragged(rng)
    projection = rng.normal(size=(9, 9))
    found = moment_features(tokens, offsets, projection, heads=3, share=0.7)
    for row, (a, b) in enumerate(pairwise(offsets)):
        mean, second = np.zeros(9), np.zeros(18)
        if b > a:
            mean = tokens[a:b].mean(axis=0)
            mean /= np.linalg.norm(mean)
        if b > a + 1:
            heads = [part - part.mean(axis=1, keepdims=True) for part in np.split(tokens[a:b] @ projection, 3, axis=1)]
            heads = [part / np.sqrt((part**2).mean(axis=1, keepdims=True) + 1e-5) for part in heads]
            heads = [part - part.mean(axis=0) for part in heads]
            pairs = [normalize_rows((heads[i].T @ heads[i + 1]).T).T for i in range(2)]
            second = np.concatenate([pair.ravel() for pair in pairs])
            second *= 0.7 / np.linalg.norm(second)
        np.testing.assert_allclose(found[row], np.concatenate([mean, second]), atol=1e-5)


def test_known_world_two_kinds_that_differ_in_covariance_alone():
    """Tokens come in pairs around 0 whose parts go together or against each other: their means say nothing."""
    rng = np.random.default_rng(1)
    y = np.arange(400) % 2
    draws = rng.normal(size=(400, 10, 1)) * np.array([1.0, -1.0, 0.0])
    follows = np.where(y[:, None, None] == 1, draws, -draws)
    tokens = np.concatenate([draws, follows], axis=2) + 0.5 * rng.normal(size=(400, 10, 6))
    features = moment_features(tokens.reshape(-1, 6), np.arange(0, 4001, 10), np.eye(6), heads=2)
    means, both = features[:, :6], features
    half = y[:200]
    assert LogisticRegression().fit(means[:200], half).score(means[200:], y[200:]) < 0.65
    assert LogisticRegression().fit(both[:200], half).score(both[200:], y[200:]) > 0.95


@given(st.integers(0, 2**32 - 1))
def test_the_order_of_tokens_does_not_count(seed):
    rng = np.random.default_rng(seed)
    tokens, projection = rng.normal(size=(9, 6)), rng.normal(size=(6, 4))
    offsets = np.array([0, 9])
    turned = moment_features(tokens[rng.permutation(9)], offsets, projection, heads=2)
    np.testing.assert_allclose(moment_features(tokens, offsets, projection, heads=2), turned, atol=1e-7)


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 2))
def test_the_two_parts_have_the_stated_lengths(seed, share):
    rng = np.random.default_rng(seed)
    tokens, offsets = ragged(rng, longest=5)
    found = moment_features(tokens, offsets, rng.normal(size=(9, 8)), heads=2, share=share)
    counts = np.diff(offsets)
    np.testing.assert_allclose(np.linalg.norm(found[:, :9], axis=1), counts > 0, atol=1e-7)
    lengths = np.linalg.norm(found[:, 9:], axis=1)
    assert (lengths <= share + 1e-7).all(), "columns that vanish stay short"
    assert (lengths >= 0.5 * share * (counts > 1)).all()
    assert (lengths[counts < 2] == 0).all()


def test_chunks_give_the_same(monkeypatch):
    rng = np.random.default_rng(2)
    tokens, offsets = ragged(rng, rows=60)
    projection = rng.normal(size=(9, 6))
    whole = moment_features(tokens, offsets, projection, heads=2)
    cut = module._row_chunks
    monkeypatch.setattr(module, "_row_chunks", lambda offsets, most: cut(offsets, 11))
    assert len(module._row_chunks(offsets, 1)) > 5
    np.testing.assert_allclose(moment_features(tokens, offsets, projection, heads=2), whole, atol=1e-12)


def test_no_rows_no_tokens_and_half_precision():
    projection = np.eye(4)
    assert moment_features(np.empty((0, 4)), np.array([0]), projection, heads=2).shape == (0, 8)
    assert (moment_features(np.empty((0, 4)), np.array([0, 0, 0]), projection, heads=2) == 0).all()
    tokens = np.random.default_rng(3).normal(size=(5, 4)).astype(np.float16)
    found = moment_features(tokens, np.array([0, 2, 5]), projection, heads=2)
    assert found.dtype == np.float32
    assert found[0, :4] == pytest.approx(normalize_rows(tokens[:2].astype(float).mean(axis=0, keepdims=True))[0])


@pytest.mark.parametrize("kind", ["pca", "random"])
def test_projections_are_orthonormal_and_repeat_by_the_seed(kind):
    tokens = np.random.default_rng(4).normal(size=(300, 8))
    one, same, other = (
        token_projection(tokens, 4, kind=kind, rng=np.random.default_rng(s), most=100) for s in (0, 0, 1)
    )
    np.testing.assert_allclose(one.T @ one, np.eye(4), atol=1e-9)
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_principal_directions_are_those_of_greatest_variance():
    tokens = np.random.default_rng(5).normal(size=(4000, 6)) * np.array([1, 5, 1, 4, 1, 1])
    found = token_projection(tokens, 2)
    np.testing.assert_allclose((found**2).sum(axis=1), [0, 1, 0, 1, 0, 0], atol=0.01)


def test_errors_name_what_is_wrong():
    tokens = np.ones((4, 6))
    with pytest.raises(InputError, match="offsets must run from 0 to the number of tokens, 4"):
        moment_features(tokens, np.array([0, 3]), np.eye(6), heads=2)
    with pytest.raises(InputError, match="offsets must not fall"):
        moment_features(tokens, np.array([0, 3, 2, 4]), np.eye(6), heads=2)
    with pytest.raises(InputError, match=r"a projection of shape \(6, 5\) does not cut width 6 into 2 heads"):
        moment_features(tokens, np.array([0, 4]), np.eye(6)[:, :5], heads=2)
    with pytest.raises(InputError, match="tokens of width 6 have no 8 directions"):
        token_projection(tokens, 8)
    with pytest.raises(InputError, match="kind of projection 'pc' is not known; did you mean 'pca'"):
        token_projection(tokens, 2, kind="pc")
