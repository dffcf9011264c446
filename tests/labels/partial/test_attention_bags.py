"""Attention over bags: worlds where one row carries the class, one row a bag, properties, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.labels.partial import AttentionBags


def needles(rng, bags=120, size=8, width=5):
    """Standard normal rows; in every other bag one of them, anywhere, lies four further along the last axis."""
    X, y = rng.normal(size=(bags * size, width)), np.arange(bags) % 2
    needle = np.arange(bags) * size + rng.integers(0, size, bags)
    X[needle[y == 1], -1] += 4
    return X, y, np.repeat(np.arange(bags), size), needle


def test_known_world_attention_finds_the_row_that_tells():
    """The needle is the largest in its bag with probability 0.986, by quadrature, and no rule on means of bags is right
    for more than Phi(sqrt(1/2)) = 76.0 % of them: they lie half a unit apart, at a standard error of sqrt(1/8).
    """
    rng = np.random.default_rng(0)
    X, y, bags, _ = needles(rng, 400)
    X_new, y_new, bags_new, needle = needles(rng, 1_000)
    found = AttentionBags().fit(X, y, bags)
    weights = found.attention(X_new, bags_new)
    assert (weights.reshape(1_000, 8).argmax(axis=1) == needle % 8)[y_new == 1].mean() > 0.87
    assert found.score(X_new, y_new, bags_new) > 0.87
    np.testing.assert_allclose(np.bincount(bags_new, weights), 1)


@pytest.mark.parametrize("settings_", [{"top": 2}, {"gated": False}, {"branches": 5}])
def test_every_setting_learns_more_than_means_can(settings_):
    rng = np.random.default_rng(1)
    X, y, bags, _ = needles(rng, 200)
    X_new, y_new, bags_new, _ = needles(rng, 1_000)
    assert AttentionBags(**settings_).fit(X, y, bags).score(X_new, y_new, bags_new) > 0.8


def test_classes_by_name_and_the_kind_of_their_needle():
    rng = np.random.default_rng(2)
    X, kind = rng.normal(size=(120 * 6, 4)), np.arange(120) % 3
    X[np.arange(120) * 6 + 3, kind] += 5
    y = np.array(["north", "east", "south"])[kind]
    bags = np.repeat(np.arange(120), 6)
    found = AttentionBags().fit(X, y, bags)
    assert found.classes_.tolist() == ["east", "north", "south"]
    assert found.score(X, y, bags) > 0.95
    np.testing.assert_allclose(found.predict_proba(X, bags).sum(axis=1), 1)


@settings(max_examples=5)
@given(st.integers(0, 2**32 - 1))
def test_order_of_rows_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    X, y, bags, _ = needles(rng, 20, 4)
    found = AttentionBags(epochs=3).fit(X, y, bags)
    order = rng.permutation(len(X))
    np.testing.assert_allclose(found.predict_proba(X[order], bags[order]), found.predict_proba(X, bags), atol=1e-9)
    np.testing.assert_allclose(found.attention(X[order], bags[order]), found.attention(X, bags)[order], atol=1e-9)


@settings(max_examples=5)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_a_bag_of_copies_is_a_bag_of_one(seed, copies):
    rng = np.random.default_rng(seed)
    X, y, bags, _ = needles(rng, 20, 4)
    found = AttentionBags(epochs=3).fit(X, y, bags)
    many = found.predict_proba(np.repeat(X, copies, axis=0), np.repeat(np.arange(len(X)), copies))
    np.testing.assert_allclose(many, found.predict_proba(X), atol=1e-9)
    np.testing.assert_allclose(found.attention(X), 1)


def test_bags_of_unlike_sizes_in_single_precision():
    rng = np.random.default_rng(3)
    sizes = rng.integers(1, 9, size=60)
    X, bags = rng.normal(size=(sizes.sum(), 3)).astype(np.float32), np.repeat(np.arange(60), sizes)
    X[np.append(0, np.cumsum(sizes)[:-1])[::2], 0] += 6
    found = AttentionBags().fit(X, np.arange(60) % 2, bags)
    assert found.score(X, np.arange(60) % 2, bags) > 0.9
    assert found.predict_proba(X, bags).dtype == np.float32


def test_errors():
    X = np.eye(4)
    with pytest.raises(InputError, match="bag 1 has no rows; leave it out"):
        AttentionBags().fit(X, [0, 1, 0], [0, 0, 2, 2])
    with pytest.raises(InputError, match="2 labels for 4 rows; give the bag of each row, or one label per row"):
        AttentionBags().fit(X, [0, 1])
    with pytest.raises(InputError, match="there is only one class, '1'; a classifier needs at least two classes"):
        AttentionBags().fit(X, [1, 1], [0, 0, 1, 1])
    with pytest.raises(InputError, match=r"bag codes must lie in 0\.\.1; found 0\.\.2"):
        AttentionBags().fit(X, [0, 1], [0, 0, 1, 2])
    with pytest.raises(InputError, match="bag codes must be a flat array of integers, not <U1"):
        AttentionBags().fit(X, [0, 1], ["a", "a", "b", "b"])
    fitted = AttentionBags(epochs=1).fit(X, [0, 1], [0, 0, 1, 1])
    with pytest.raises(InputError, match="3 bag codes for 4 rows; give one per row"):
        fitted.predict(X, [0, 0, 1])
    with pytest.raises(InputError, match="masked must lie strictly between 0 and 1"):
        AttentionBags(top=1, masked=1.0).fit(X, [0, 1], [0, 0, 1, 1])
    for name in ("branches", "hidden", "epochs"):
        with pytest.raises(InputError, match=f"{name} must be at least 1, not 0"):
            AttentionBags(**{name: 0}).fit(X, [0, 1], [0, 0, 1, 1])
