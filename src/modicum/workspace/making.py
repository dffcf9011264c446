"""From a task as arrays to a model: climb the ladder, choose, fit what was chosen, calibrate it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.labels.conformal import ConformalRule, cross_conformal, shifted_rule, split_conformal
from modicum.workspace.budget import Clock, Stopwatch, parse_budget
from modicum.workspace.executors import LocalExecutor
from modicum.workspace.ladder.agreement import expected
from modicum.workspace.ladder.aside import set_aside
from modicum.workspace.ladder.bank import Guess
from modicum.workspace.ladder.choice import Choice, choose, decoding, mean_confidence, natural_scale
from modicum.workspace.ladder.climb import Climb, climb
from modicum.workspace.ladder.curve import Curve, measure_curve
from modicum.workspace.ladder.doubted import Doubted, doubted
from modicum.workspace.ladder.held_out import HeldOut, held_out
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import FeatureBank, FittedRecipe, Recipe, fit_recipe
from modicum.workspace.model import Model
from modicum.workspace.settings import PER_CLASS, Settings
from modicum.workspace.shifted import Shift, find_shift
from modicum.workspace.tuning.attempt import Attempt
from modicum.workspace.unknown import UnknownRule, unknown_rule, witness

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Made:
    """A model, and everything that led to it."""

    problem: Problem
    bank: FeatureBank
    climbed: Climb
    choice: Choice | None
    """None where nothing could be measured."""
    model: Model
    curve: Curve | None
    """None where there are too few labels to tell."""
    found: HeldOut | None
    """Held-out answers of what was chosen; None where nothing could be measured."""
    guess: Guess | None = None
    """Accuracy to be expected, from the agreement of recipes on unlabelled rows; None where it is measured."""
    doubted: Doubted | None = None
    """What is to be believed of the labels; None where too little is known to judge them."""
    mended: bool = False
    """Whether the model learnt from corrected labels."""
    shift: Shift | None = None
    """Class shares of the unlabelled rows; None where there is no label, or no row without one."""
    attempt: Attempt | None = None
    """What became of tuning the encoder's weights; None where nobody asked."""


def make_model(
    problem: Problem, settings: Settings, *, watch: Stopwatch | None = None, progress: Progress = silent
) -> Made:
    """Climb the ladder, choose, and fit what was chosen on all labelled rows.

    Raises:
        InputError: The budget is no time, or there is neither a label nor a class name that says something.
    """
    watch = watch or Stopwatch()
    problem = set_aside(problem, settings)
    with watch.stage("ladder"):
        plan = replace(settings.plan, seed=settings.seed)
        clock, executor = Clock(parse_budget(settings.budget)), _executor(settings)
        climbed = climb(problem, settings.recipes, clock, plan=plan, executor=executor, progress=progress)
        choice = None
        if climbed.tried:
            choice = choose(climbed, problem.y, settings.bank, tolerance=settings.tolerance)
    return finish(problem, climbed, choice, settings, watch=watch, progress=progress)


def finish(
    problem: Problem,
    climbed: Climb,
    choice: Choice | None,
    settings: Settings,
    *,
    watch: Stopwatch,
    progress: Progress = silent,
) -> Made:
    """Fit what was chosen on all labelled rows, and calibrate it on the held-out answers of the climb."""
    curve = None
    if choice is not None:
        with watch.stage("learning curve"):
            curve = measure_curve(problem, climbed, _executor(settings), settings.seed)
    progress("final fit", 0, 1)
    with watch.stage("final fit"):
        bank = FeatureBank(problem)
        found = held_out(choice.shipped, climbed, problem.y) if choice is not None else None
        doubts = doubted(problem, found, settings.seed) if found is not None and climbed.measurable else None
        mended = settings.repair and doubts is not None and doubts.worth
        taught = replace(bank, problem=doubts.corrected(problem)) if mended and doubts is not None else bank
        model, found, guess = _final(taught, climbed, choice, found, settings)
        held = _held(model, problem, found) if found is not None and climbed.measurable else None
        shift = find_shift(model, problem, held if settings.shift else None, settings.seed)
        if found is not None:
            model = _with_sets_of(model, problem, found, shift, settings)
            model = replace(model, unknown=_unknown(bank, climbed, found, settings))
    progress("final fit", 1, 1)
    return Made(problem, bank, climbed, choice, model, curve, found, guess, doubts, mended, shift)


def _executor(settings: Settings) -> LocalExecutor:
    return LocalExecutor(settings.workers, settings.threads)


def _final(
    bank: FeatureBank, climbed: Climb, choice: Choice | None, found: HeldOut | None, settings: Settings
) -> tuple[Model, HeldOut | None, Guess | None]:
    problem = bank.problem
    if choice is None or found is None:
        return _unmeasured(problem, bank, settings)
    shipped, guess = choice.shipped, None
    members = _members([trial.recipe for trial in shipped.trials], bank, settings)
    if not climbed.measurable:
        told = expected(members, shipped.scales, shipped.weights, problem, settings.bank, settings.seed)
        if told is not None:
            guess, found = told[0], replace(found, temperature=told[1])
    decode = decoding(found.after, found.codes, problem.space)
    model = Model(problem.space, members, shipped.scales, shipped.weights, found.temperature, None, decode)
    return model, found, guess


def _members(recipes: Sequence[Recipe], bank: FeatureBank, settings: Settings) -> tuple[FittedRecipe, ...]:
    """Fit recipes on all labelled rows, side by side."""
    for recipe in recipes:
        bank.get(recipe)
    return tuple(_executor(settings).map(lambda recipe: fit_recipe(recipe, bank, seed=settings.seed), recipes))


def conformal_rule(
    calibrate: Callable[..., ConformalRule], proba: Floats, codes: NDArray[np.int64], settings: Settings
) -> ConformalRule:
    """Prediction sets as the settings want them, calibrated on held-out probabilities (n, K) and classes (n,)."""
    score, per_class = settings.sets.removesuffix(PER_CLASS), settings.sets.endswith(PER_CLASS)
    rng = np.random.default_rng(settings.seed)
    return calibrate(proba, codes, alpha=settings.alpha, score=score, per_class=per_class, rng=rng)


def _held(model: Model, problem: Problem, found: HeldOut) -> tuple[Floats, NDArray[np.int64]]:
    """Probabilities and classes of the rows that calibrate: those set aside, or else the labelled ones, held out."""
    if problem.aside is None:
        return found.after, found.codes
    aside = np.flatnonzero(problem.aside)
    return model.proba(problem.X[aside]), problem.codes[aside]


def _with_sets_of(model: Model, problem: Problem, found: HeldOut, shift: Shift | None, settings: Settings) -> Model:
    """The model corrected for a shift of class shares, if that is worth it, with sets for its own answers."""
    proba, codes = _held(model, problem, found)
    corrected = replace(model, factors=None if shift is None else shift.factors)
    known = corrected.corrected(proba)
    if shift is not None and corrected.factors is not None and not settings.sets.endswith(PER_CLASS):
        rule = shifted_rule(known, codes, shift.held, alpha=settings.alpha, score=settings.sets)
    else:
        rule = conformal_rule(cross_conformal if problem.aside is None else split_conformal, known, codes, settings)
    return replace(corrected, conformal=rule)


def _unknown(bank: FeatureBank, climbed: Climb, found: HeldOut, settings: Settings) -> UnknownRule | None:
    """The rule for rows of none of the classes, where it is asked for and can be learnt."""
    trial = None if settings.unknown is None or not climbed.measurable else witness(climbed)
    if settings.unknown is None or trial is None:
        return None
    head = fit_recipe(trial.recipe, bank, seed=settings.seed).classifier
    seen, rule = found.rows[found.represented], (head.coef_, head.intercept_)
    return unknown_rule(bank.problem, seen, trial.scores[0], rule, rate=settings.unknown, seed=settings.seed)


def _unmeasured(problem: Problem, bank: FeatureBank, settings: Settings) -> tuple[Model, None, Guess | None]:
    """Where no row can be held out: the pooled recipes and the names themselves, which can start from names alone."""
    labels = len(problem.rows)
    if problem.class_vectors is None:
        few, rows = "there is 1 label" if labels else "there is no label", "a few rows"
        if labels > 1:
            few, rows = f"all {labels:,} labels are of one group", "rows of at least two groups"
        raise InputError(f"{few}, and the class names say nothing; label {rows}")
    wanted = [recipe for recipe in settings.recipes if recipe.pooled or recipe.rung == 0]
    classes = len(problem.space)
    shares = settings.bank.shares([recipe.name for recipe in wanted], classes, labels / classes)
    members = _members(wanted, bank, settings)
    scores = [member.scores(problem.X[:2_000]).astype(np.float64) for member in members]
    confidence = float(np.median([mean_confidence(s) for s in scores]))
    scales = np.array([natural_scale(s, confidence) for s in scores])
    told = expected(members, scales, shares, problem, settings.bank, settings.seed)
    guess, temperature = told or (None, 1.0)
    return Model(problem.space, members, scales, shares, temperature), None, guess
