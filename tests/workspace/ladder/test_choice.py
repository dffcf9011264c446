"""The choice: what is resolved is obeyed, what is not is pooled, and cheap wins where it costs nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modicum.core import LabelSpace
from modicum.core.arrays import softmax
from modicum.evaluation.stats import corrected_difference
from modicum.workspace.ladder.bank import Bank, Entry
from modicum.workspace.ladder.choice import POOL_GAIN, choose, decoding, mean_confidence, natural_scale
from modicum.workspace.ladder.climb import Climb, Trial
from modicum.workspace.ladder.recipes import Recipe, Step

K = 4


def trial(name, rung, accuracy, y, rng, pooled=True, pace=0.0, sharpness=3.0):
    """A trial that is right on a chosen share of rows, independently of other trials."""
    truth = np.where(rng.random(len(y)) < accuracy, y, (y + rng.integers(1, K, len(y))) % K)
    scores = sharpness * np.eye(K)[truth] + 0.1 * rng.normal(size=(len(y), K))
    recipe = Recipe(name, rung, (Step("heads.ClassMean"),), pooled)
    return Trial(recipe, None, scores[None], 1.0, 10, pace or 0.01 * (rung + 1))


def climbed(trials, n, represented=True):
    folds = (np.arange(n) % 5)[None]
    return Climb(tuple(trials), 1, np.full((1, n), represented), folds)


def test_a_resolved_difference_is_obeyed():
    rng, n = np.random.default_rng(0), 3_000
    y = rng.integers(0, K, n)
    good, poor = trial("good", 1, 0.9, y, rng), trial("poor", 0, 0.4, y, rng)
    choice = choose(climbed([good, poor], n), y, Bank())
    assert choice.shipped.name == "good"
    assert choice.expected_loss["poor"] > 0.3


def test_unresolved_differences_ship_the_pool():
    rng, n = np.random.default_rng(1), 24
    y = rng.integers(0, K, n)
    choice = choose(climbed([trial("one", 1, 0.6, y, rng), trial("two", 2, 0.6, y, rng)], n), y, Bank())
    assert choice.shipped.name == "pool"


def test_where_cost_buys_nothing_the_cheapest_is_shipped():
    rng, n = np.random.default_rng(2), 4_000
    y = rng.integers(0, K, n)
    cheap = trial("cheap", 0, 0.9, y, rng)
    dear = Trial(Recipe("dear", 3, cheap.recipe.steps, True), None, cheap.scores, 9.0, 10, 1.0)
    choice = choose(climbed([cheap, dear], n), y, Bank())
    assert choice.shipped.name == "cheap"


def test_the_tolerance_is_what_decides():
    rng, n = np.random.default_rng(3), 20_000
    y = rng.integers(0, K, n)
    cheap, dear = trial("cheap", 0, 0.88, y, rng, pooled=False), trial("dear", 2, 0.90, y, rng, pooled=False)
    trials = climbed([cheap, dear], n)
    assert choose(trials, y, Bank(), tolerance=0.005).shipped.name == "dear"
    assert choose(trials, y, Bank(), tolerance=0.05).shipped.name == "cheap"


def test_one_label_a_class_leaves_equal_shares_and_the_prior():
    rng, n = np.random.default_rng(4), K
    y = np.arange(K)
    choice = choose(
        climbed([trial("one", 1, 0.1, y, rng), trial("two", 2, 0.1, y, rng)], n, represented=False), y, Bank()
    )
    assert choice.shipped.name == "pool"
    np.testing.assert_allclose(choice.shipped.weights, 0.5)
    assert choice.expected_loss["one"] == pytest.approx(POOL_GAIN.mean)


def test_natural_scale_reaches_the_confidence_asked_for():
    scores = np.random.default_rng(5).normal(size=(50, K)) * 7
    scale = natural_scale(scores, 0.6)
    assert mean_confidence(scores / scale) == pytest.approx(0.6, abs=1e-3)


def test_a_confidence_that_no_scale_reaches_gives_the_nearest_end():
    """Scores that say nothing have the confidence 1 / K at every temperature."""
    level = np.zeros((5, K))
    assert natural_scale(level, 0.9) == pytest.approx(1e-3)
    assert natural_scale(level, 0.1) == pytest.approx(1e3)


def test_an_expected_loss_is_the_measured_lead_drawn_to_the_prior_by_their_precisions():
    rng, n = np.random.default_rng(10), 200
    y = rng.integers(0, K, n)
    trials = climbed([trial("one", 1, 0.8, y, rng), trial("two", 2, 0.7, y, rng)], n)
    choice = choose(trials, y, Bank())
    right = {c.name: (c.log_proba[0].argmax(axis=1) == y)[None].astype(float) for c in choice.candidates}
    behind = {"pool": 0.0}
    for name in ("one", "two"):
        told = corrected_difference(right["pool"], right[name], trials.folds)
        precision, believed = max(told.standard_error, 1 / n) ** -2, POOL_GAIN.sd**-2
        behind[name] = (precision * told.difference + believed * POOL_GAIN.mean) / (precision + believed)
    best = min(behind.values())
    assert choice.expected_loss == pytest.approx({name: loss - best for name, loss in behind.items()})


def test_without_a_pool_the_best_log_loss_has_nothing_to_lose_and_no_prior_against_it():
    rng, n = np.random.default_rng(19), 60
    y = rng.integers(0, K, n)
    trials = climbed([trial("one", 1, 0.9, y, rng, pooled=False), trial("two", 2, 0.7, y, rng, pooled=False)], n)
    choice = choose(trials, y, Bank())
    right = {c.name: (c.log_proba[0].argmax(axis=1) == y)[None].astype(float) for c in choice.candidates}
    told = corrected_difference(right["one"], right["two"], trials.folds)
    precision, believed = told.standard_error**-2, POOL_GAIN.sd**-2
    assert choice.expected_loss["one"] == 0.0
    assert choice.expected_loss["two"] == pytest.approx(
        (precision * told.difference + believed * POOL_GAIN.mean) / (precision + believed)
    )


def test_rows_that_never_differ_leave_room_for_one_that_would():
    """The same scores twice: the difference is 0, and its error is taken to be that of one row in 100."""
    rng, n = np.random.default_rng(11), 100
    y = rng.integers(0, K, n)
    one = trial("one", 1, 0.8, y, rng)
    two = Trial(Recipe("two", 2, one.recipe.steps, True), None, one.scores, 1.0, 10, 0.03)
    choice = choose(climbed([one, two], n), y, Bank())
    believed = POOL_GAIN.sd**-2
    assert choice.expected_loss["one"] == pytest.approx(believed * POOL_GAIN.mean / (100**2 + believed))


def test_a_lead_of_two_standard_errors_is_beyond_doubt():
    """Of 400 rows the tree alone is right on c, both on the others: c is enough where c > 4 (1 - c / 400)."""
    space = LabelSpace(("a", "b", "c", "d"), parents=("x", "x", "x", "y"))
    proba = np.tile([0.2, 0.2, 0.2, 0.4], (400, 1))
    proba[4:] = [0.97, 0.01, 0.01, 0.01]
    assert decoding(proba, np.zeros(400, dtype=np.int64), space) == "frechet"
    proba[3] = proba[4]
    assert decoding(proba, np.zeros(400, dtype=np.int64), space) == "argmax"


def test_the_tree_decodes_only_where_it_helps_beyond_doubt():
    space = LabelSpace(("a", "b", "c", "d"), parents=("x", "x", "x", "y"))
    rng = np.random.default_rng(6)
    codes = rng.integers(0, 4, 400)
    sure = softmax(5 * np.eye(4)[codes] + rng.normal(size=(400, 4)))
    assert decoding(sure, codes, space) == "argmax"
    # Most of the mass is spread over three siblings, one of them true: the tree takes their side.
    split = np.tile([0.2, 0.2, 0.2, 0.4], (400, 1))
    truth = np.zeros(400, dtype=np.int64)
    assert decoding(split, truth, space) == "frechet"
    assert decoding(split, truth, LabelSpace(("a", "b", "c", "d"))) == "argmax"


def test_members_are_brought_to_one_calibrated_scale():
    rng, n = np.random.default_rng(7), 2_000
    y = rng.integers(0, K, n)
    choice = choose(
        climbed([trial("sharp", 1, 0.7, y, rng, sharpness=30.0), trial("flat", 2, 0.7, y, rng, sharpness=1.0)], n),
        y,
        Bank(),
    )
    for candidate in (c for c in choice.candidates if c.name != "pool"):
        proba = np.exp(candidate.log_proba[0])
        np.testing.assert_allclose(proba.sum(axis=1), 1)
        assert proba.max(axis=1).mean() == pytest.approx((proba.argmax(axis=1) == y).mean(), abs=0.03)


def entry(shares, accuracies, classes=K, labels=1.0, table="a"):
    return Entry(table, table, classes, labels, 0.7, 0.8, shares, accuracies)


def test_the_bank_tells_shares_and_lead_where_nothing_is_measured():
    rng, n = np.random.default_rng(8), K
    y = np.arange(K)
    bank = Bank((entry({"one": 0.75, "two": 0.25}, {"one": 0.7, "two": 0.5}),))
    trials = climbed([trial("one", 1, 0.1, y, rng), trial("two", 2, 0.1, y, rng)], n, represented=False)
    choice = choose(trials, y, bank)
    assert choice.shipped.weights == pytest.approx([0.75, 0.25])
    assert choice.expected_loss["two"] == pytest.approx(0.3)


def test_a_bank_that_saw_no_lead_still_leaves_the_pool_its_own():
    rng, n = np.random.default_rng(12), K
    y = np.arange(K)
    bank = Bank((entry({"one": 0.5, "two": 0.5}, {"one": 0.8, "two": 0.9}),))
    trials = climbed([trial("one", 1, 0.1, y, rng), trial("two", 2, 0.1, y, rng)], n, represented=False)
    losses = choose(trials, y, bank).expected_loss
    assert [losses["one"], losses["two"]] == pytest.approx([POOL_GAIN.mean] * 2)


def test_of_many_equal_members_none_leaves_the_pool():
    rng, n = np.random.default_rng(13), K
    y = np.arange(K)
    trials = [trial(f"r{number}", 1, 0.1, y, rng) for number in range(25)]
    choice = choose(climbed(trials, n, represented=False), y, Bank())
    np.testing.assert_allclose(choice.get("pool").weights, np.full(25, 0.04))
    assert choice.get("pool").seconds_per_1000 == pytest.approx(25 * 0.02)


def test_without_unlike_recipes_the_best_log_loss_is_what_others_are_compared_with():
    rng, n = np.random.default_rng(14), 4_000
    y = rng.integers(0, K, n)
    sure, poor = trial("sure", 1, 0.9, y, rng, pooled=False), trial("poor", 0, 0.5, y, rng, pooled=False)
    choice = choose(climbed([poor, sure], n), y, Bank())
    assert [candidate.name for candidate in choice.candidates] == ["poor", "sure"]
    assert choice.expected_loss["sure"] == 0.0
    assert choice.expected_loss["poor"] == pytest.approx(0.4, abs=0.1)
    assert choice.shipped.name == "sure"


@pytest.mark.parametrize("pooled", [True, False])
def test_a_fold_counts_the_same_whatever_its_number(pooled):
    """Recipes that are right in one fold and wrong in the others: leaving that fold out would turn the tables."""
    rng, n = np.random.default_rng(18), 100
    y, folds = rng.integers(0, K, n), (np.arange(n) % 5)[None]
    right, wrong = np.eye(K)[y], np.eye(K)[(y + 1) % K]
    noise = 0.1 * rng.normal(size=(n, K))
    scores = {
        "first": np.where(folds[0, :, None] == 0, 20 * right, right + wrong) + noise,
        "rest": np.where(folds[0, :, None] == 0, 20 * wrong, 1.5 * right + wrong) + noise,
    }
    base = trial("base", 1, 0.5, y, rng, pooled)
    tried = [replace(base, recipe=replace(base.recipe, name=name), scores=held[None]) for name, held in scores.items()]
    one, other = (choose(replace(climbed(tried, n), folds=numbers), y, Bank()) for numbers in (folds, 4 - folds))
    for mine, its in zip(one.candidates, other.candidates, strict=True):
        assert its.weights == pytest.approx(mine.weights)
        assert its.scales == pytest.approx(mine.scales)
    assert other.expected_loss == pytest.approx(one.expected_loss)


def test_a_single_unlike_recipe_is_no_pool():
    rng, n = np.random.default_rng(17), 40
    y = rng.integers(0, K, n)
    trials = climbed([trial("one", 1, 0.8, y, rng), trial("two", 2, 0.8, y, rng, pooled=False)], n)
    assert [candidate.name for candidate in choose(trials, y, Bank()).candidates] == ["one", "two"]


def repeated(climb, times, unseen):
    """The same measurement `times` over, with `unseen` rows in front that no fold ever held out."""
    tried = []
    for one in climb.tried:
        scores = np.concatenate([np.full((1, unseen, K), np.nan), one.scores], axis=1)
        tried.append(replace(one, scores=np.repeat(scores, times, axis=0)))
    folds = np.concatenate([np.full((1, unseen), -1), climb.folds], axis=1)
    represented = np.concatenate([np.ones((1, unseen), dtype=bool), climb.represented], axis=1)
    return Climb(tuple(tried), times, np.repeat(represented, times, axis=0), np.repeat(folds, times, axis=0))


@pytest.mark.parametrize(("times", "unseen"), [(2, 0), (1, 7), (3, 7)])
@pytest.mark.parametrize("pooled", [True, False])
def test_more_of_the_same_folds_and_rows_never_held_out_tell_nothing_new(times, unseen, pooled):
    rng, n = np.random.default_rng(15), 60
    y = rng.integers(0, K, n)
    once = climbed([trial("one", 1, 0.8, y, rng, pooled), trial("two", 2, 0.55, y, rng, pooled)], n)
    more = repeated(once, times, unseen)
    codes = np.concatenate([np.zeros(unseen, dtype=np.int64), y])
    expected, found = choose(once, y, Bank()), choose(more, codes, Bank())
    for one, other in zip(expected.candidates, found.candidates, strict=True):
        assert other.weights == pytest.approx(one.weights, rel=1e-3)
        assert other.scales == pytest.approx(one.scales, rel=1e-3)
    assert found.shipped.name == expected.shipped.name


def test_losses_are_against_the_best_even_where_that_is_not_the_pool():
    rng, n = np.random.default_rng(16), 20_000
    y = rng.integers(0, K, n)
    bank = Bank((entry({"one": 0.02, "two": 0.98}, {"one": 0.9, "two": 0.5}),))
    trials = climbed([trial("one", 1, 0.95, y, rng, pooled=False), *(trial(name, 2, 0.4, y, rng) for name in "ab")], n)
    choice = choose(trials, y, bank)
    assert choice.expected_loss["one"] == 0.0
    assert choice.expected_loss["pool"] == pytest.approx(0.55, abs=0.1)


def test_a_member_of_next_to_no_share_leaves_the_pool():
    rng, n = np.random.default_rng(9), K
    y = np.arange(K)
    bank = Bank((entry({"one": 0.5, "two": 0.48, "three": 0.02}, {}),))
    trials = [trial(name, 1, 0.1, y, rng) for name in ("one", "two", "three")]
    choice = choose(climbed(trials, n, represented=False), y, bank)
    assert [t.recipe.name for t in choice.shipped.trials] == ["one", "two"]
    assert choice.shipped.weights.sum() == pytest.approx(1)
