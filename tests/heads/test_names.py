"""Similarity to names: cosine parity, names that say nothing, and what centring is for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics.pairwise import cosine_similarity

from modicum.core import InputError
from modicum.heads import NameSimilarity, telling_names
from modicum.heads.names import name_rule


def test_parity_with_cosine_of_centred_sides():
    rng = np.random.default_rng(0)
    X, names = rng.normal(size=(40, 8)), rng.normal(size=(5, 8))
    head = NameSimilarity(scale=7.0).fit(X[:5], np.arange(5), class_vectors=names, X_unlabelled=X[5:])
    centred, spoken = X - X.mean(axis=0), names - names.mean(axis=0)
    expected = 7.0 * cosine_similarity(centred, spoken) * np.linalg.norm(centred, axis=1, keepdims=True)
    np.testing.assert_allclose(head.scores(X), expected, atol=1e-9)


def test_known_world_centring_removes_the_cone():
    """Items and names share one large common direction; only what is left of it tells the classes."""
    rng = np.random.default_rng(1)
    names = np.concatenate([np.eye(3), np.full((3, 1), 50.0)], axis=1)
    codes = rng.integers(0, 3, 300)
    X = np.concatenate([np.eye(3)[codes], np.full((300, 1), -50.0)], axis=1) + 0.1 * rng.normal(size=(300, 4))
    head = NameSimilarity().fit(X[:1], [0], classes=np.arange(3), class_vectors=names, X_unlabelled=X)
    assert head.score(X, codes) == 1.0


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 100))
def test_scale_changes_no_order(seed, scale):
    rng = np.random.default_rng(seed)
    X, names = rng.normal(size=(20, 4)), rng.normal(size=(3, 4))
    plain, scaled = (name_rule(names, X.mean(axis=0), scale=s) for s in (1.0, scale))
    np.testing.assert_allclose((X @ plain[0].T + plain[1]) * scale, X @ scaled[0].T + scaled[1], atol=1e-8 * scale)


@given(st.text(max_size=20))
def test_any_text_is_judged(text):
    assert telling_names([text]).shape == (1,)


@pytest.mark.parametrize("name", ["0", "12", "A7", "x", "class 3", "label_0", "Class A", "  ", "3b", "topic 12"])
def test_names_that_say_nothing(name):
    assert not telling_names([name])[0]


@pytest.mark.parametrize("name", ["card_arrival", "topics", "go", "5G networks", "class action", "labelled", "Frage"])
def test_names_that_say_something(name):
    assert telling_names([name])[0]


def test_wrong_width_is_refused():
    with pytest.raises(InputError, match="class vectors are 3 wide where 2 is expected"):
        NameSimilarity().fit(np.eye(2), [0, 1], class_vectors=np.eye(3)[:2])
