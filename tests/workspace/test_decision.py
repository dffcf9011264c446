"""The ladder's entries and the decision in words: every figure worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.core import LabelSpace
from modicum.workspace.decision import against, decision, entry_of, grounds, hindrance, ladder_rows, unmeasured
from modicum.workspace.ladder.choice import Candidate, Choice
from modicum.workspace.ladder.climb import Climb, Trial
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import Recipe, Step

STEPS = (Step("heads.ClassMean", {"metric": "cosine"}),)
TRUTH = np.array([0, 0, 1, 1, 0])
FOLDS = np.array([[0, 0, 1, 1, -1], [1, 1, 0, 0, -1]])
LIKELY = np.array([[0.9, 0.6, 0.8, 0.3, np.nan], [0.8, 0.4, 0.7, 0.2, np.nan]])
"""Probability of the true class in two repeats; the last row was never held out."""


def told(likely=LIKELY):
    """Log-probabilities (2, 5, 2) that give the true class this probability."""
    first = np.where(TRUTH == 0, likely, 1 - likely)
    return np.log(np.stack([first, 1 - first], axis=2))


def trial(name, rung, **facts):
    took = {"seconds": 1.25, "parameters": 12, "seconds_per_1000": 0.002, "megabytes": 0.5}
    return Trial(Recipe(name, rung, STEPS), **(took | facts))


def candidate(name, *trials, likely=LIKELY):
    shares = np.arange(1.0, len(trials) + 1)
    return Candidate(name, trials, np.ones(len(trials)), shares / shares.sum(), told(likely))


def climbed(*trials, represented=True):
    return Climb(trials, 2, np.full(FOLDS.shape, represented), FOLDS)


ONE, TWO = trial("one", 1), trial("two", 3, seconds=2.5, parameters=30, seconds_per_1000=0.006, megabytes=2.0)


def test_an_entry_tells_what_a_trial_is_and_took():
    assert entry_of(ONE) == {
        "name": "one",
        "steps": ["heads.ClassMean(metric='cosine')"],
        "rung": 1,
        "status": "tried",
        "reason": None,
        "seconds": 1.25,
        "parameters_moved": 12,
        "megabytes": 0.5,
        "seconds_per_1000_items": 0.002,
    }
    assert entry_of(trial("late", 2, reason="no time")).items() >= {"status": "skipped", "reason": "no time"}.items()
    long = entry_of(trial("long", 2, seconds=1.23456, seconds_per_1000=0.000123456, megabytes=0.123456))
    assert (long["seconds"], long["seconds_per_1000_items"], long["megabytes"]) == (1.235, 0.00012, 0.123)


def test_figures_of_held_out_rows_by_hand():
    """Two repeats: the first row is right twice, the second once, the third twice, the fourth never."""
    alone = candidate("one", ONE)
    choice = Choice(alone, (alone,), {"one": 0.0}, 0.005)
    (row,) = ladder_rows(climbed(ONE), choice, TRUTH, {"one": 0.7})
    assert row["cv_accuracy"] == 5 / 8
    # The repeats of a row are no further rows: 1, 1/2, 1 and 0 are four values.
    assert row["cv_se"] == pytest.approx(np.sqrt((0.375**2 + 0.125**2 + 0.375**2 + 0.625**2) / 3 / 4))
    assert row["cv_log_loss"] == pytest.approx(-np.log([0.9, 0.6, 0.8, 0.3, 0.8, 0.4, 0.7, 0.2]).mean())
    # Of the first class 3 are found, 1 is missed, 2 are claimed wrongly; of the second 2, 2 and 1.
    assert row["cv_macro_f1"] == pytest.approx((6 / 9 + 4 / 7) / 2)
    assert (row["expected_loss"], row["weight"], row["chosen"], row["test_accuracy"]) == (0.0, 1.0, True, 0.7)


def test_of_one_row_there_is_no_error():
    folds = np.array([[0, -1, -1, -1, -1]] * 2)
    alone = candidate("one", ONE)
    climb = Climb((ONE,), 2, np.ones((2, 5), dtype=bool), folds)
    (row,) = ladder_rows(climb, Choice(alone, (alone,), {"one": 0.0}, 0.005), TRUTH, {})
    assert (row["cv_accuracy"], row["cv_se"], row["test_accuracy"]) == (1.0, None, None)


def test_the_pool_is_told_of_last_as_the_sum_of_its_members():
    pool = candidate("pool", ONE, TWO)
    both = (candidate("one", ONE), candidate("two", TWO), pool)
    choice = Choice(pool, both, {"one": 0.02, "two": 0.01, "pool": 0.0}, 0.005)
    one, two, last = ladder_rows(climbed(ONE, TWO), choice, TRUTH, {"pool": 0.9})
    assert (
        last.items()
        >= {
            "name": "pool",
            "steps": ["pool of one, two"],
            "rung": 3,
            "status": "tried",
            "reason": None,
            "seconds": 3.75,
            "parameters_moved": 42,
            "megabytes": 2.5,
            "seconds_per_1000_items": 0.008,
            "cv_accuracy": 5 / 8,
            "expected_loss": 0.0,
            "weight": 0.0,
            "chosen": True,
            "test_accuracy": 0.9,
        }.items()
    )
    assert set(last) == set(one)
    assert [entry["weight"] for entry in (one, two)] == pytest.approx([1 / 3, 2 / 3])
    assert [entry["chosen"] for entry in (one, two)] == [False, False]


def test_what_was_not_measured_has_no_figures():
    skipped = trial("late", 2, reason="no time")
    alone = candidate("one", ONE)
    choice = Choice(alone, (alone,), {"one": 0.25}, 0.005)
    tried, late = ladder_rows(climbed(ONE, skipped, represented=False), choice, TRUTH, {})
    figures = ("cv_accuracy", "cv_se", "cv_log_loss", "cv_macro_f1")
    assert [tried[name] for name in figures] == [late[name] for name in figures] == [None] * 4
    assert (tried["expected_loss"], late["expected_loss"]) == (0.25, None)
    (nothing,) = ladder_rows(climbed(ONE), None, TRUTH, {})
    assert [nothing[name] for name in (*figures, "expected_loss", "weight", "chosen")] == [None] * 5 + [0.0, False]


def row(name, accuracy, loss, se=0.01, pace=0.002, **more):
    figures = {"cv_accuracy": accuracy, "cv_se": se, "expected_loss": loss, "seconds_per_1000_items": pace}
    return {"name": name, "status": "tried", "reason": None, **figures, **more}


LONE = "with one label a class: label a second row of each"


def shipping(name):
    found = candidate(name, ONE)
    return Choice(found, (found,), {}, 0.005)


def test_the_decision_names_accuracy_doubt_and_the_next_best():
    rows = [row("one", 0.8, 0.0), row("two", 0.79, 0.013, pace=0.005), row("far", 0.5, 0.3, pace=0.001)]
    assert decision(shipping("one"), rows, 40, LONE) == (
        "With 40 labels, the recipe “one” is shipped: expected accuracy 80.0 % ± 2.0 points; the next best, “two”, "
        "is expected to lose 1.3 points at 2.5 times the time per item."
    )
    assert "; the next best, “one”, is expected to bring 1.3 points at 0.4 times" in decision(
        shipping("two"), rows, 40, LONE
    )
    level = [row("one", 0.8, 0.0), row("two", 0.8, 0.0)]
    assert "“two”, is expected to lose 0.0 points at 1.0 times" in decision(shipping("one"), level, 40, LONE)


def test_what_is_level_costs_nothing_and_no_loss_has_the_sign_of_minus():
    assert against(0.5, 0.5) == "is expected to lose 0.0 points"
    assert [against(0.25, 0.125), against(0.125, 0.25)] == [
        "is expected to lose 12.5 points",
        "is expected to bring 12.5 points",
    ]


def test_the_decision_says_what_it_cannot():
    alone = "With 4 labels, the recipe “one” is shipped: expected accuracy 50.0 %."
    assert decision(shipping("one"), [row("one", 0.5, 0.0, se=None), row("late", None, None)], 4, LONE) == alone
    assert decision(shipping("pool"), [row("pool", None, 0.0), row("two", None, 0.1)], 4, LONE) == (
        "With 4 labels, a pool of unlike recipes is shipped; how good it is cannot be measured with one label a class: "
        "label a second row of each."
    )
    timeless = [row("one", 0.5, 0.0, pace=0.0), row("two", 0.4, 0.1)]
    assert decision(shipping("one"), timeless, 4, LONE).endswith("“two”, is expected to lose 10.0 points.")


def test_grounds_name_the_baseline_other_shares_and_what_was_left_out():
    rows = [
        row("linear", 0.75, 0.1),
        row("one", 0.8, 0.0),
        row("slow", None, None, status="skipped", reason="the budget of 5 s was used up"),
        row("slower", None, None, status="skipped", reason="the budget of 5 s was used up"),
        row("blind", None, None, status="skipped", reason="the class names say nothing"),
    ]
    assert grounds(shipping("one"), rows, 5.0) == [
        "Plain logistic regression reaches 75.0 %.",
        "Not tried for lack of budget (5 s): slow, slower.",
    ]
    assert grounds(shipping("one"), rows[1::-1], 5.0) == ["Plain logistic regression reaches 75.0 %."]
    assert grounds(shipping("linear"), rows[:2], 5.0) == []
    unmeasured = [rows[0] | {"cv_accuracy": None}]
    assert grounds(shipping("one"), unmeasured, 5.0) == []
    shares = "The unlabelled rows seem to hold the classes in other shares than the labelled ones"
    assert grounds(shipping("one"), [], 5.0, 0.625) == [
        f"{shares}, under which about 62.5 % is to be expected, and prediction sets may miss more often than promised."
    ]
    assert grounds(shipping("one"), [], 5.0, 0.625, corrected=True) == [
        f"{shares}; answers and prediction sets are corrected for that, and about 62.5 % is to be expected there."
    ]


@pytest.mark.parametrize(
    ("codes", "more", "said"),
    [
        ([0, 1, 2], {}, LONE),
        (
            [0, 0, 1, 1],
            {"groups": np.array([0, 0, 1, 1])},
            "since most classes have all their labelled rows in one group",
        ),
        (
            [0, 0, 1, 1],
            {"times": np.array([0.0, 0.0, 1.0, 1.0])},
            "since most labelled rows have none of their class before",
        ),
        ([0, 1, 2, 2], {"groups": np.array([0, 1, 2, 2])}, LONE),
    ],
)
def test_why_nothing_was_measured(codes, more, said):
    codes = np.array(codes)
    space, known = LabelSpace(("a", "b", "c")), np.ones(len(codes), dtype=bool)
    why = hindrance(Problem(np.zeros((len(codes), 2)), codes, known, space, None, **more))
    assert why.startswith(said)
    assert f"how good it is cannot be measured {why}." in decision(shipping("one"), [row("one", None, None)], 4, why)


@pytest.mark.parametrize(
    ("labelled", "who", "rows"),
    [
        (0, "Without a label nothing can be measured: the class names alone", "a few rows of each class"),
        (1, "With 1 label nothing can be measured: labels and class names", "a few rows of each class"),
        (
            9,
            "With 9 labels in one group nothing can be measured: labels and class names",
            "rows of at least two groups",
        ),
    ],
)
def test_what_decides_where_no_row_can_be_held_out(labelled, who, rows):
    said = f"{who} decide, pooled over 7 recipes; label {rows} to learn how good that is."
    assert unmeasured(labelled, 7) == said
