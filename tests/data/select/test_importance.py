"""DSIR: log weights of the authors' package, a world whose weights can be told by hand, properties, streaming."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.data.select import (
    Importance,
    draw_rows,
    fit_importance,
    hashed_ngrams,
    importance_resampling,
    ngram_counts,
    ngrams,
)

POOL = [
    "the cat sat on the mat",
    "stocks fell sharply today",
    "",
    "a dog, a cat; and stocks!",
    "Bonds rose. Rates fell",
]
TARGET = ["stocks rose today", "bonds and rates fell"]
# data-selection 1.0.3, HashedNgramDSIR(ngrams=2, num_buckets=10000): fit_importance_estimator(num_tokens_to_fit="all")
# and compute_importance_weights() on POOL as raw data and TARGET as target.
AUTHORS = [-163.08084793205416, -56.03441212886502, 0.0, -219.7213957644895, -52.7426998400443]


def rng(seed=0):
    return np.random.default_rng(seed)


def test_parity_with_the_authors_package():
    found = fit_importance(POOL, TARGET, smoothing=0).log_weights(POOL)
    np.testing.assert_allclose(found, AUTHORS, rtol=1e-9)


def test_known_world_one_word_with_known_shares():
    """The pool says a three times in four, the target once in four: a weighs 1/3, b weighs 3."""
    model = fit_importance(["a"] * 3 + ["b"], ["a"] + ["b"] * 3, longest=1, smoothing=0)
    np.testing.assert_allclose(model.log_weights(["a", "b", "a b b"]), np.log([1 / 3, 3, 3]), atol=1e-6)
    everything = np.bincount(hashed_ngrams(["a", "b", "b", "b"], longest=1)[1], minlength=10_000)
    gained = 0.25 * np.log(1 / 3) + 0.75 * np.log(3)
    assert model.kl_reduction(everything) == pytest.approx(gained, abs=1e-5)


def test_how_rows_are_cut_never_matters():
    """Counted in pieces, weighed in pieces and drawn from pieces, the choice is that of the whole."""
    pool, target = POOL * 30, TARGET * 2
    whole = importance_resampling(pool, target, 20, rng=rng())
    pieces = [pool[start : start + 7] for start in range(0, len(pool), 7)]
    model = Importance.of(sum(ngram_counts([piece]) for piece in pieces), ngram_counts([target]))
    found = draw_rows(map(model.log_weights, pieces), 20, lambda: pieces, model, rng=rng())
    assert found.rows.tolist() == whole.rows.tolist()
    np.testing.assert_array_equal(found.scores, whole.scores)
    assert found.facts == whole.facts


def test_smoothing_bounds_what_one_ngram_costs():
    """Half of the smoothed target is the pool, so that no n-gram costs more than log 2."""
    gains = fit_importance(POOL, TARGET).log_ratio
    assert gains.min() == pytest.approx(-np.log(2), abs=1e-6)


def test_draws_follow_the_weights():
    """Without replacement, the first row drawn is drawn in proportion to its weight."""
    pool = ["a", "b"]
    drawn = [
        importance_resampling(pool, ["a", "b", "b", "b"], 1, longest=1, smoothing=0, rng=rng(seed)).rows[0]
        for seed in range(600)
    ]
    assert np.mean(drawn) == pytest.approx(0.75, abs=0.05)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 7))
def test_chunks_never_matter(seed, keep, size):
    local = rng(seed)
    pool = [" ".join(local.choice(["a", "b", "c", "d"], local.integers(0, 6))) for _ in range(40)]
    whole = importance_resampling(pool, ["a b", "c"], keep, rng=rng(seed))
    parts = importance_resampling(
        lambda: (pool[start : start + size] for start in range(0, 40, size)), ["a b", "c"], keep, rng=rng(seed)
    )
    assert whole.rows.tolist() == parts.rows.tolist()
    assert whole.facts == pytest.approx(parts.facts)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_rows_are_distinct_and_the_largest_weights_win_without_noise(seed, keep):
    local = rng(seed)
    pool = [" ".join(local.choice(["a", "b", "c", "d"], local.integers(1, 6))) for _ in range(30)]
    weights = fit_importance(pool, ["a b", "c"]).log_weights(pool)
    found = importance_resampling(pool, ["a b", "c"], keep, noise=False, rng=rng())
    assert len(set(found.rows.tolist())) == keep
    assert sorted(found.scores) == pytest.approx(sorted(weights)[-keep:])


def test_leaders_are_let_go_in_time(monkeypatch):
    monkeypatch.setattr("modicum.data.select.importance.SPARE", 5)
    monkeypatch.setattr(ngrams, "CHUNK", 30)
    pool = [f"word{n % 7} and word{n % 3}" for n in range(200)]
    small = importance_resampling(pool, ["word1"], 12, rng=rng())
    monkeypatch.undo()
    assert small.rows.tolist() == importance_resampling(pool, ["word1"], 12, rng=rng()).rows.tolist()


def test_long_and_odd_texts():
    rows, columns = hashed_ngrams(["word " * 200_000, "", "\ud800 x"], longest=3)
    assert np.bincount(rows, minlength=3).tolist() == [599_997, 0, 3]
    assert columns.max() < 10_000
    assert hashed_ngrams([], longest=2)[0].tolist() == []


def test_errors():
    with pytest.raises(InputError, match="6 rows are wanted of a pool of 5; keep fewer, or give a larger pool"):
        importance_resampling(POOL, TARGET, 6, rng=rng())
    with pytest.raises(InputError, match="the target holds no word"):
        importance_resampling(POOL, ["", " "], 1, rng=rng())
    with pytest.raises(InputError, match="the pool holds no word"):
        importance_resampling([], TARGET, 1, rng=rng())
    with pytest.raises(InputError, match="smoothing must be at least 0, not -1"):
        importance_resampling(POOL, TARGET, 1, smoothing=-1, rng=rng())
    with pytest.raises(InputError, match="at least one row must be kept, not 0"):
        importance_resampling(POOL, TARGET, 0, rng=rng())
    for setting in ({"longest": 0}, {"buckets": 0}):
        with pytest.raises(InputError, match="longest and buckets must be at least 1, not"):
            importance_resampling(POOL, TARGET, 1, rng=rng(), **setting)
