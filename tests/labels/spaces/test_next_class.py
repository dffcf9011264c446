"""Next class: the authors' choices on a tree, the definition as a linear programme, leaves of a tree, edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from modicum.core import InputError, LabelSpace
from modicum.labels.spaces import GraphMetric, TreeMetric, VectorMetric, between, frechet_mean, next_classes, reach
from tests.labels.spaces.test_frechet import every

PARENTS = (0, 0, 1, 1, 0, 5, 6, 6, 3, 9, 5, 11, 12, 2, 14, 2, 16, 4, 18, 18)


def grown(parents):
    return GraphMetric([(child, int(parent)) for child, parent in enumerate(parents, start=1)], len(parents) + 1)


def random_tree(rng, classes=12):
    return grown([rng.integers(0, k) for k in range(1, classes)])


def predictable(metric, observed):
    """Classes for which some probabilities of the observed ones make them the mean, each by a linear programme."""
    squares, count = every(metric) ** 2, len(observed)
    found = []
    for own in squares[:, observed]:
        ahead = own - squares[:, observed]
        fixed = {"A_eq": np.ones((1, count)), "b_eq": [1], "bounds": (0, 1)}
        found.append(linprog(np.zeros(count), A_ub=ahead, b_ub=np.full(len(ahead), 1e-9), **fixed).status == 0)
    return np.array(found)


def test_parity_with_the_authors_choices():
    """ActiveSelection and TreeWithLocus of active_learning/libs in SprocketLab/loki, with networkx 3.3."""
    tree, observed = grown(PARENTS), [0, 3]
    chosen = next_classes(tree, observed, count=99)
    assert chosen.tolist() == [13, 15, 19, 7, 10, 17, 8, 20]
    sizes = [reach(tree, [*observed, *chosen[:k]]).sum() for k in range(len(chosen) + 1)]
    assert sizes == [3, 7, 10, 13, 15, 17, 19, 20, 21]


def test_known_world_leaves_bring_everything_within_reach():
    tree = grown(PARENTS)
    leaves = np.setdiff1d(np.arange(len(tree)), PARENTS)
    assert reach(tree, leaves).all()
    assert not any(reach(tree, np.setdiff1d(leaves, [leaf])).all() for leaf in leaves)
    assert next_classes(tree, leaves, count=3).tolist() == []


def test_known_world_equal_distances_bring_nothing_between():
    flat = TreeMetric.from_space(LabelSpace(tuple("abcd")))
    assert reach(flat, [0, 2]).tolist() == [True, False, True, False]
    assert next_classes(flat, [2], count=9).tolist() == [0, 1, 3]


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_on_trees_it_is_exactly_what_the_mean_can_predict(seed):
    rng = np.random.default_rng(seed)
    tree, observed = random_tree(rng), rng.choice(12, 3, replace=False)
    assert np.array_equal(reach(tree, observed), predictable(tree, observed))


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_elsewhere_it_promises_nothing_that_the_mean_cannot_predict(seed):
    rng = np.random.default_rng(seed)
    metric, observed = VectorMetric(rng.normal(size=(15, 3))), rng.choice(15, 4, replace=False)
    promised, exact = reach(metric, observed), predictable(metric, observed)
    assert not (promised & ~exact).any()
    proba = np.eye(4)[rng.integers(0, 4, 200)] * rng.random((200, 1))
    proba += (1 - proba.sum(axis=1, keepdims=True)) * np.eye(4)[rng.integers(0, 4, 200)]
    assert promised[frechet_mean(proba, metric, observed=observed)].all()


@given(st.integers(0, 2**32 - 1))
def test_on_trees_the_gain_is_the_distance_from_what_is_in_reach(seed):
    rng = np.random.default_rng(seed)
    tree, observed = random_tree(rng), rng.choice(12, 2, replace=False)
    before = reach(tree, observed)
    outside = np.flatnonzero(~before)
    gains = [reach(tree, [*observed, k]).sum() - before.sum() for k in outside]
    assert gains == every(tree)[outside][:, before].min(axis=1).tolist()
    if len(outside):
        assert next_classes(tree, observed)[0] == outside[np.argmax(gains)]


@given(st.integers(0, 2**32 - 1))
def test_renumbering_the_classes_renumbers_the_reach(seed):
    rng = np.random.default_rng(seed)
    names, order = rng.normal(size=(9, 3)), rng.permutation(9)
    observed = rng.choice(9, 3, replace=False)
    moved = reach(VectorMetric(names[order]), np.argsort(order)[observed])
    assert np.array_equal(moved, reach(VectorMetric(names), observed)[order])


def test_pairs_by_hand_also_in_one_call():
    """On a line the middle is between; the fourth candidate lies too far off; a pair of copies has only copies."""
    line = np.array([[0.0, 1.0, 4.0, 9.0]])
    back = np.array([[4.0, 1.0, 0.0, 9.0]])
    expected = [[True, True, True, False], [True, False, False, False]]
    assert between(np.repeat(line, 2, axis=0), np.concatenate([back, line])).tolist() == expected


def test_twins_are_in_reach_together():
    twins = VectorMetric(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    assert reach(twins, [0]).tolist() == [True, True, False]
    assert reach(twins, [0, 1]).tolist() == [True, True, False]


def test_a_thousand_classes_in_seconds():
    rng = np.random.default_rng(2)
    parents = [None] + [str(rng.integers(0, k)) for k in range(1, 1_000)]
    tree = TreeMetric.from_space(LabelSpace(tuple(map(str, range(1_000))), parents=tuple(parents)))
    first = next_classes(tree, [0])
    assert tree.block(first, np.array([0]))[0, 0] == tree.block(np.arange(1_000), np.array([0])).max()


def test_errors():
    with pytest.raises(InputError, match="no class is observed"):
        reach(grown(PARENTS), [])
    with pytest.raises(InputError, match=r"class codes must lie in 0\.\.20; found 21\.\.21"):
        reach(grown(PARENTS), [21])
    with pytest.raises(InputError, match="count must be at least 1, not 0"):
        next_classes(grown(PARENTS), [0], count=0)
