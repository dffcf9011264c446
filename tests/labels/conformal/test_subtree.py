"""Sets that are one subtree: the definition by hand, coverage, nesting, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError, LabelSpace
from modicum.labels.conformal import ClassTree, pac_threshold, threshold
from modicum.labels.spaces import TreeMetric

TREE = ClassTree(np.array([[0, 1, 2], [0, 1, 3], [0, 4, -1], [5, 6, -1], [5, 7, -1]]))


def slow_set(proba, level, tree=TREE):
    """The definition, row by row: go to the likeliest child while it has more than `level`."""
    inside, answer = list(range(len(proba))), list(range(len(proba)))
    for depth in range(tree.ancestors.shape[1]):
        mass = {}
        for k in inside:
            node = tree.ancestors[k, depth]
            if node >= 0:
                mass[node] = mass.get(node, 0.0) + proba[k]
        if not mass:
            break
        best = max(sorted(mass), key=mass.get)
        if mass[best] <= level + 1e-12:
            break
        answer = inside = [k for k in inside if tree.ancestors[k, depth] == best]
    return answer


def test_parity_with_the_definition():
    proba = np.random.default_rng(0).dirichlet(np.ones(5), size=200)
    for level in (0.1, 0.4, 0.7, 0.95):
        sets = TREE.sets(TREE.nodes(proba, level))
        assert [np.flatnonzero(row).tolist() for row in sets] == [slow_set(row, level) for row in proba]


@pytest.mark.parametrize("find", [threshold, pac_threshold])
def test_known_world_exact_probabilities_are_covered_as_promised(find):
    rng = np.random.default_rng(1)
    proba = rng.dirichlet(np.full(5, 0.5), size=12_000)
    codes = (proba.cumsum(axis=1) > rng.random((len(proba), 1))).argmax(axis=1)
    level = find(TREE.scores(proba[:2_000])[np.arange(2_000), codes[:2_000]], 0.1)
    hit = TREE.sets(TREE.nodes(proba[2_000:], level))[np.arange(10_000), codes[2_000:]].mean()
    assert hit == pytest.approx(0.9 if find is threshold else 0.91, abs=0.02)


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_scores_tell_when_a_class_enters(seed, level):
    proba = np.random.default_rng(seed).dirichlet(np.ones(5), size=20)
    np.testing.assert_array_equal(TREE.sets(TREE.nodes(proba, level)), TREE.scores(proba) <= level + 1e-12)


@given(st.integers(0, 2**32 - 1), st.floats(0, 1), st.floats(0, 1))
def test_sets_are_nested_in_the_level(seed, one, other):
    proba = np.random.default_rng(seed).dirichlet(np.ones(5), size=20)
    small, large = (TREE.sets(TREE.nodes(proba, level)) for level in sorted((one, other)))
    assert (small <= large).all()
    assert small.any(axis=1).all()


def test_it_takes_the_tree_of_a_label_space():
    space = LabelSpace(("visa", "cash", "loan"), parents=("card", "card", None), group_parents={})
    tree = ClassTree(TreeMetric.from_space(space).ancestors)
    assert tree.sets(tree.nodes(np.array([[0.45, 0.45, 0.1]]), 0.6)).tolist() == [[True, True, False]]


def test_errors():
    with pytest.raises(InputError, match=r"ancestors must be \(classes, depth\)"):
        ClassTree(np.array([0, 1]))
    with pytest.raises(InputError, match="each row a way from the top that is not empty"):
        ClassTree(np.array([[0, 1], [-1, -1]]))
    with pytest.raises(InputError, match="sums to 2, not 1"):
        TREE.nodes(np.full((1, 5), 0.4), 0.5)
