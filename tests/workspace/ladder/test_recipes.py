"""Recipes: fitted on the rows they are given and no other, and stored without loss."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modicum.core import InputError, LabelSpace
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import (
    BASELINE,
    RECIPES,
    FeatureBank,
    FittedRecipe,
    Recipe,
    Step,
    fit_recipe,
    pack,
    unpack,
)


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    centres = 2 * rng.normal(size=(3, 6))
    codes = np.repeat(np.arange(3), 20)
    X = (centres[codes] + 0.3 * rng.normal(size=(60, 6))).astype(np.float32)
    labelled = np.tile([True, False, False, False], 15)
    return Problem(X, codes, labelled, LabelSpace(("a", "b", "c")), centres.astype(np.float32))


def test_names_are_unique_and_the_baseline_is_among_them():
    names = [recipe.name for recipe in RECIPES]
    assert len(names) == len(set(names))
    assert BASELINE in names
    assert [recipe.rung for recipe in RECIPES] == sorted(recipe.rung for recipe in RECIPES), "cheapest first"
    assert sum(recipe.pooled for recipe in RECIPES) >= 2


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda r: r.name)
class TestEveryRecipe:
    def test_solves_an_easy_world(self, recipe, problem):
        fitted = fit_recipe(recipe, FeatureBank(problem))
        assert (fitted.scores(problem.X).argmax(axis=1) == problem.codes).all()

    def test_labels_of_rows_left_out_are_never_seen(self, recipe, problem):
        train = problem.rows[::2]
        wrong = problem.codes.copy()
        wrong[np.setdiff1d(np.arange(len(wrong)), train)] = 0
        honest = fit_recipe(recipe, FeatureBank(problem), train).scores(problem.X)
        misled = fit_recipe(recipe, FeatureBank(replace(problem, codes=wrong)), train).scores(problem.X)
        np.testing.assert_array_equal(honest, misled)

    def test_state_survives_packing(self, recipe, problem):
        fitted = fit_recipe(recipe, FeatureBank(problem))
        estimators = [
            unpack(step, pack(estimator))
            for step, estimator in zip(recipe.steps, (*fitted.transformers, fitted.classifier), strict=True)
        ]
        again = FittedRecipe(recipe, tuple(estimators[:-1]), estimators[-1])
        np.testing.assert_array_equal(again.scores(problem.X), fitted.scores(problem.X))


@pytest.mark.parametrize(("method", "kept"), [("heads.KNNVote", 15 * 8), ("heads.EquiangularBasisVectors", 3 * 10)])
def test_heads_that_are_not_linear_fit_in_and_survive_packing(method, kept, problem):
    """Kept are 15 vectors of width 6, their codes and weights; or 3 class vectors, map and offset."""
    recipe = Recipe("one", 1, (Step(method),))
    fitted = fit_recipe(recipe, FeatureBank(problem))
    assert (fitted.scores(problem.X).argmax(axis=1) == problem.codes).all()
    assert fitted.parameters == kept
    again = unpack(recipe.steps[0], pack(fitted.classifier))
    np.testing.assert_array_equal(again.scores(problem.X), fitted.scores(problem.X))


def test_rows_kept_aside_change_nothing(problem):
    aside = np.zeros(60, dtype=bool)
    aside[50:] = True
    kept = replace(problem, labelled=problem.labelled & ~aside, aside=aside)
    moved = kept.X.copy()
    moved[50:] += 100
    recipe = RECIPES[-1]
    before = fit_recipe(recipe, FeatureBank(kept)).scores(problem.X)
    after = fit_recipe(recipe, FeatureBank(replace(kept, X=moved))).scores(problem.X)
    np.testing.assert_array_equal(before, after)


def test_without_labels_names_stand_in_and_without_names_it_says_so(problem):
    none = replace(problem, labelled=np.zeros(60, dtype=bool))
    fitted = fit_recipe(RECIPES[0], FeatureBank(none))
    assert (fitted.scores(problem.X).argmax(axis=1) == problem.codes).mean() > 0.9
    with pytest.raises(InputError, match="no label, and the class names say nothing"):
        fit_recipe(RECIPES[0], FeatureBank(replace(none, class_vectors=None)))


def test_state_that_is_not_numeric_is_refused():
    class Odd:
        def __init__(self):
            self.words_ = np.array(["a"])

    with pytest.raises(TypeError, match=r"Odd\.words_ is not numeric"):
        pack(Odd())


def test_steps_tell_their_settings():
    assert str(Step("heads.ClassMean")) == "heads.ClassMean"
    assert str(Step("heads.ClassMean", {"metric": "cosine"})) == "heads.ClassMean(metric='cosine')"
