"""Greedy soup: who joins, in which order, and what that guarantees."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from modicum.weights.merge import greedy_soup  # noqa: E402


def points(*values):
    return [{"w": torch.tensor(value)} for value in values]


def closeness(*target):
    return lambda state: -float((state["w"] - torch.tensor(target)).square().sum())


def recipe(values, score):
    """Recipe 1 of the paper, on numbers, written as it is told there."""
    ranked = sorted(range(len(values)), key=lambda place: -score(values[place]))
    soup = []
    for place in ranked:
        if not soup or score(np.mean([values[i] for i in (*soup, place)], axis=0)) >= score(
            np.mean([values[i] for i in soup], axis=0)
        ):
            soup.append(place)
    return tuple(soup)


@pytest.mark.parametrize("seed", range(20))
def test_parity_with_the_recipe(seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(6, 2))
    soup = greedy_soup(points(*values.tolist()), closeness(0.1, 0.2))
    assert soup.members == recipe(values, lambda value: -float(((value - [0.1, 0.2]) ** 2).sum()))


def test_known_world_two_that_lie_around_the_optimum_and_one_far_off():
    soup = greedy_soup(points([1.0], [-1.25], [50.0]), closeness(0.0))
    assert soup.members == (0, 1)
    assert soup.state["w"].item() == -0.125
    assert soup.score == -0.015625
    assert soup.scores == (-1.0, -1.5625, -2500.0)


@given(st.lists(st.floats(-5, 5, width=16), min_size=1, max_size=7), st.floats(-5, 5))
def test_it_is_never_below_its_best_member(values, target):
    score = closeness(target)
    soup = greedy_soup(points(*[[value] for value in values]), score)
    assert soup.score >= max(soup.scores)
    assert soup.score == score(soup.state)
    assert soup.scores[soup.members[0]] == max(soup.scores)


@given(st.integers(1, 6))
def test_ties_join(count):
    assert greedy_soup(points(*[[2.0]] * count), closeness(0.0)).members == tuple(range(count))


def test_a_score_that_is_not_a_number_is_the_worst():
    soup = greedy_soup(points([1.0], [3.0]), lambda state: math.nan if state["w"].item() != 3 else 0.5)
    assert soup.members == (1,)
    assert soup.scores == (-math.inf, 0.5)


def test_each_model_is_scored_once_and_each_soup_once():
    asked = []
    greedy_soup(points([1.0], [2.0], [3.0]), lambda state: asked.append(state) or 0.0)
    assert len(asked) == 5
