"""Frechet mean: its definition, unseen classes, metrics by hand, 100,000 classes in bounded memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from modicum.core import InputError, LabelSpace
from modicum.heads import ClassMean
from modicum.labels.spaces import FrechetMean, GraphMetric, TreeMetric, VectorMetric, frechet_mean

TREE = LabelSpace(
    ("cat", "dog", "oak", "stone"),
    parents=("animal", "animal", "plant", None),
    group_parents=(("animal", "life"), ("plant", "life")),
)


def every(metric):
    numbers = np.arange(len(metric))
    return metric.block(numbers, numbers)


def test_tree_distances_by_hand():
    """Edges: root-life, root-stone, life-animal, life-plant, animal-cat, animal-dog, plant-oak."""
    expected = [[0, 2, 4, 4], [2, 0, 4, 4], [4, 4, 0, 4], [4, 4, 4, 0]]
    assert every(TreeMetric.from_space(TREE)).tolist() == expected


def test_graph_distances_by_hand():
    ring = GraphMetric([(0, 1), (1, 2), (2, 3), (3, 0)], 4)
    assert every(ring).tolist() == [[0, 1, 2, 1], [1, 0, 1, 2], [2, 1, 0, 1], [1, 2, 1, 0]]
    assert every(GraphMetric([(0, 1), (1, 2)], 3, lengths=[0.5, 2.0]))[0].tolist() == [0, 0.5, 2.5]


def test_parity_with_the_definition():
    rng = np.random.default_rng(0)
    names, proba = rng.normal(size=(9, 4)), rng.dirichlet(np.ones(9), size=50)
    units = names / np.linalg.norm(names, axis=1, keepdims=True)
    expected = (proba @ cdist(units, units) ** 2).argmin(axis=1)
    assert np.array_equal(frechet_mean(proba, VectorMetric(names)), expected)
    assert (expected != proba.argmax(axis=1)).any()


def test_known_world_an_unseen_class_between_two_likely_ones_is_predicted():
    path = GraphMetric([(k, k + 1) for k in range(4)], 5)
    ends = np.array([0, 4])
    assert frechet_mean(np.array([[0.5, 0.5], [0.9, 0.1]]), path, observed=ends).tolist() == [2, 0]


@given(st.integers(0, 2**32 - 1))
def test_without_geometry_it_is_the_most_probable_class(seed):
    proba = np.random.default_rng(seed).dirichlet(np.ones(5), size=20)
    flat = TreeMetric.from_space(LabelSpace(tuple("abcde")))
    assert np.array_equal(frechet_mean(proba, flat), proba.argmax(axis=1))


@given(st.integers(0, 2**32 - 1))
def test_renumbering_the_classes_renumbers_the_answers(seed):
    rng = np.random.default_rng(seed)
    names, proba, order = rng.normal(size=(6, 3)), rng.dirichlet(np.ones(6), size=15), rng.permutation(6)
    moved = frechet_mean(proba[:, order], VectorMetric(names[order]))
    assert np.array_equal(order[moved], frechet_mean(proba, VectorMetric(names)))


def test_a_hundred_thousand_classes_stay_within_memory():
    rng = np.random.default_rng(1)
    count, seen = 100_000, 50
    parents = tuple(f"group {k // 100}" for k in range(count))
    metric = TreeMetric.from_space(LabelSpace(tuple(f"class {k}" for k in range(count)), parents=parents))
    proba = rng.dirichlet(np.full(seen, 0.1), size=20)
    observed = rng.choice(count, seen, replace=False)
    tracemalloc.start()
    found = frechet_mean(proba, metric, observed=observed)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_500e6
    sure = proba.max(axis=1) > 0.9
    assert np.array_equal(found[sure], observed[proba.argmax(axis=1)][sure])


def test_a_classifier_decoded_by_a_tree():
    head = ClassMean(scale=1.0).fit([[0.0], [2.0]], ["low", "high"])
    decoded = FrechetMean(head, GraphMetric([(0, 1), (1, 2)], 3), ["low", "middle", "high"])
    assert decoded.predict([[-9.0], [1.0], [11.0]]).tolist() == ["low", "middle", "high"]


def test_errors():
    with pytest.raises(InputError, match="stands above itself"):
        TreeMetric.from_space(LabelSpace(("a", "b"), parents=("x", None), group_parents=(("x", "y"), ("y", "x"))))
    with pytest.raises(InputError, match="classes 0 and 2 are not connected"):
        every(GraphMetric([(0, 1)], 3))
    head = ClassMean().fit([[0.0], [2.0]], ["low", "high"])
    path = GraphMetric([(0, 1)], 2)
    with pytest.raises(InputError, match="class 'high' of the classifier is not among `classes`"):
        FrechetMean(head, path, ["low", "middle"]).predict([[1.0]])
    with pytest.raises(InputError, match="1 observed classes for 2 rows"):
        frechet_mean(np.eye(2), path, observed=np.array([0]))
