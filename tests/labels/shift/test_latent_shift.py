"""Latent label shift: an anchored world is recovered, also where clouds do not tell the classes; properties, errors."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from modicum.core import InputError
from modicum.core.arrays import one_hot
from modicum.labels.shift import latent_classes

SHARES = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.4, 0.3, 0.3]])


def rows(rng, count=4_000):
    """Each class owns two of six cells, far apart, and three classes share a seventh; p(domain | cell) is exact."""
    domains = rng.integers(0, 4, count)
    y = (rng.random((count, 1)) > SHARES[domains].cumsum(axis=1)).sum(axis=1)
    cell = np.where(rng.random(count) < 0.1, 6, y + 3 * rng.integers(0, 2, count))
    within = np.concatenate([np.eye(3), np.eye(3), np.ones((1, 3))])
    proba = (within / within.sum(axis=0)) @ SHARES.T
    return (proba / proba.sum(axis=1, keepdims=True))[cell], domains, y, cell


def agreement(found, y):
    """Accuracy under the best naming of the classes found."""
    return max((np.array(names)[found] == y).mean() for names in itertools.permutations(range(3)))


def test_known_world_anchored_classes_are_recovered():
    proba, domains, y, cell = rows(np.random.default_rng(0))
    found = latent_classes(proba, domains, 3)
    assert agreement(found.proba.argmax(axis=1), y) > 0.93
    errors = [np.abs(found.shares[:, names] - SHARES).max() for names in itertools.permutations(range(3))]
    assert min(errors) < 0.03
    clouds = KMeans(3, n_init=3, random_state=0).fit_predict(np.eye(7)[cell])
    assert agreement(clouds, y) < 0.8, "the world must be one that clusters of vectors cannot read"


def test_parity_with_bayes_for_the_shared_cell():
    """In the cell that all classes share, the posterior is each domain's own class shares."""
    proba, domains, _, cell = rows(np.random.default_rng(1))
    found = latent_classes(proba, domains, 3)
    shared = cell == 6
    np.testing.assert_allclose(found.proba[shared], found.shares[domains[shared]], atol=0.03)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_shares_and_posteriors_are_probabilities(seed):
    rng = np.random.default_rng(seed)
    found = latent_classes(rng.dirichlet(np.ones(4), size=60), rng.integers(0, 4, 60), 3)
    np.testing.assert_allclose(found.shares.sum(axis=1), 1)
    np.testing.assert_allclose(found.proba.sum(axis=1), 1)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_order_of_domains_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    proba, domains, _, _ = rows(rng, 400)
    order = rng.permutation(4)
    plain, turned = latent_classes(proba, domains, 3), latent_classes(proba[:, order], np.argsort(order)[domains], 3)
    same = one_hot(plain.proba.argmax(axis=1), 3).T @ one_hot(turned.proba.argmax(axis=1), 3)
    assert same.max(axis=1).sum() > 0.98 * len(domains)


def test_errors():
    with pytest.raises(InputError, match="2 domains can tell 2 to 2 classes apart, not 3; give more domains"):
        latent_classes(np.full((5, 2), 0.5), np.zeros(5, int), 3)
    with pytest.raises(InputError, match="rows have only 1 different domain probabilities for 2 classes"):
        latent_classes(np.full((5, 2), 0.5), np.zeros(5, int), 2)
