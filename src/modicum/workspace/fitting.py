"""The main job, end to end: a table in, a bundle and a report out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import check_choice, check_fraction
from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder
from modicum.core.records import LabelSpace, Table
from modicum.data.read import label_space, numeric_hint
from modicum.encoders import MODES
from modicum.labels.conformal import SCORES, ConformalRule, cross_conformal, split_conformal
from modicum.workspace.budget import Clock, parse_budget
from modicum.workspace.bundle import Answers, Bundle
from modicum.workspace.cascade import fit_cascade
from modicum.workspace.executors import LocalExecutor
from modicum.workspace.findings import HeldOut, held_out
from modicum.workspace.ladder.agreement import expected
from modicum.workspace.ladder.aside import set_aside
from modicum.workspace.ladder.bank import Guess
from modicum.workspace.ladder.choice import Choice, choose, decoding, mean_confidence, natural_scale
from modicum.workspace.ladder.climb import Climb, climb
from modicum.workspace.ladder.curve import measure_curve
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import FeatureBank, FittedRecipe, Recipe, fit_recipe
from modicum.workspace.made import Made
from modicum.workspace.model import Model
from modicum.workspace.predicting import prediction_columns, to_parquet
from modicum.workspace.preparing import CASCADE, prepare
from modicum.workspace.reporting import Facts, write_report
from modicum.workspace.settings import PER_CLASS, Settings
from modicum.workspace.stopwatch import Stopwatch
from modicum.workspace.targets.fitting import fit_target, target_of


@dataclass(frozen=True, eq=False)
class Result:
    """What `fit` gives back: the bundle, and the answers for every row of the table."""

    bundle: Bundle
    predictions: Answers
    table: Table

    @property
    def report(self) -> dict[str, Any]:
        """The content of report.json."""
        return dict(self.bundle.report)

    @property
    def ladder(self) -> list[dict[str, Any]]:
        """One entry per recipe: what it is, what it showed, whether it was shipped."""
        return list(self.bundle.report["ladder"])

    def predict(self, texts: Sequence[str]) -> Answers:
        """Answer for new texts."""
        return self.bundle.predict(texts)

    def save(self, path: str | Path) -> Path:
        """Write the bundle as a folder, with the predictions of the table's rows."""
        columns = prediction_columns(self.table, self.predictions, self.bundle.classes)
        return self.bundle.save(path, to_parquet(columns))


def fit(
    table: Table,
    *,
    classes: LabelSpace | None = None,
    encoder: str | Encoder | None = None,
    vectors: NDArray[np.floating] | None = None,
    settings: Settings | None = None,
    progress: Progress = silent,
    **changes: Any,
) -> Result:
    """Make a calibrated task model from a table with a few labels.

    Args:
        table: Items, from `modicum.read`; labels are `None` where unknown.
        classes: Declared classes, with descriptions and parents; default the labels seen.
        encoder: Name, folder or encoder; default all-MiniLM-L6-v2.
        vectors: Precomputed vectors (N, D), instead of an encoder.
        settings: All settings at once.
        progress: Called with stage, units done and units in all.
        **changes: Single settings by name, for instance `budget="60s"` or `seed=1`; see `Settings`.

    Returns:
        The result; `result.save(path)` writes the bundle.

    Raises:
        InputError: The table, the classes, the vectors or a setting are not usable; the sentence says why.
    """
    settings = _checked(settings or Settings(), changes)
    target = target_of(table, settings.target)
    if target is not None:
        bundle, found = fit_target(target, table, classes, encoder if vectors is None else vectors, settings, progress)
        return Result(bundle, found, table)
    hint = numeric_hint(table) if settings.target == "auto" and classes is None else None
    if hint is not None:
        warnings.warn(hint, UserWarning, stacklevel=2)
    watch = Stopwatch()
    space = label_space(table, classes)
    prepared = prepare(table, space, encoder if vectors is None else vectors, settings, watch, progress)
    made = make_model(prepared.problem, settings, watch=watch, progress=progress)
    answers = made.model.predict(prepared.problem.X)
    cascade = None
    if prepared.static is not None:
        with watch.stage("cascade"):
            rng, teacher = np.random.default_rng(settings.seed), answers.probabilities
            cascade = fit_cascade(prepared.static, teacher, tolerance=settings.tolerance, rng=rng, progress=progress)
    with watch.stage("report"):
        report = write_report(Facts(table, made, answers, prepared, settings, cascade))
    report["timings"] = watch.seconds
    bundle = Bundle(made.model, prepared.encoder, report, prepared.encoder_arrays, cascade.cascade if cascade else None)
    return Result(bundle, answers, table)


def make_model(
    problem: Problem, settings: Settings, *, watch: Stopwatch | None = None, progress: Progress = silent
) -> Made:
    """Climb the ladder, choose, and fit what was chosen on all labelled rows."""
    watch = watch or Stopwatch()
    problem = set_aside(problem, settings)
    with watch.stage("ladder"):
        plan = replace(settings.plan, seed=settings.seed)
        clock, executor = Clock(parse_budget(settings.budget)), _executor(settings)
        climbed = climb(problem, settings.recipes, clock, plan=plan, executor=executor, progress=progress)
        choice = None
        if climbed.tried:
            choice = choose(climbed, problem.y, settings.bank, tolerance=settings.tolerance)
    curve = None
    if choice is not None:
        with watch.stage("learning curve"):
            curve = measure_curve(problem, climbed, executor, settings.seed)
    progress("final fit", 0, 1)
    with watch.stage("final fit"):
        bank = FeatureBank(problem)
        model, found, guess = _final(problem, bank, climbed, choice, settings)
        if problem.aside is not None and found is not None:
            model = replace(model, conformal=_split_rule(model, problem, settings))
    progress("final fit", 1, 1)
    return Made(problem, bank, climbed, choice, model, curve, found, guess)


def _executor(settings: Settings) -> LocalExecutor:
    return LocalExecutor(settings.workers, settings.threads)


def _checked(settings: Settings, changes: dict[str, Any]) -> Settings:
    for name in changes:
        check_choice(name, Settings.__dataclass_fields__, "setting")
    settings = replace(settings, **changes)
    check_fraction(settings.alpha, "alpha")
    check_choice(settings.encoder_mode, (*MODES, CASCADE), "encoder mode")
    check_choice(settings.sets.removesuffix(PER_CLASS), SCORES, "score of prediction sets")
    parse_budget(settings.budget)
    return settings


def _final(
    problem: Problem, bank: FeatureBank, climbed: Climb, choice: Choice | None, settings: Settings
) -> tuple[Model, HeldOut | None, Guess | None]:
    if choice is None:
        return _unmeasured(problem, bank, settings)
    shipped, guess = choice.shipped, None
    members = _members([trial.recipe for trial in shipped.trials], bank, settings)
    found = held_out(shipped, climbed, problem.y)
    if not climbed.measurable:
        told = expected(members, shipped.scales, shipped.weights, problem, settings.bank, settings.seed)
        if told is not None:
            guess, found = told[0], replace(found, temperature=told[1])
    rule = cross_conformal(
        found.after,
        found.codes,
        alpha=settings.alpha,
        score=settings.sets.removesuffix(PER_CLASS),
        per_class=settings.sets.endswith(PER_CLASS),
    )
    decode = decoding(found.after, found.codes, problem.space)
    model = Model(problem.space, members, shipped.scales, shipped.weights, found.temperature, rule, decode)
    return model, found, guess


def _members(recipes: Sequence[Recipe], bank: FeatureBank, settings: Settings) -> tuple[FittedRecipe, ...]:
    """Fit recipes on all labelled rows, side by side."""
    for recipe in recipes:
        bank.get(recipe)
    return tuple(_executor(settings).map(lambda recipe: fit_recipe(recipe, bank, seed=settings.seed), recipes))


def _split_rule(model: Model, problem: Problem, settings: Settings) -> ConformalRule:
    aside = np.flatnonzero(~problem.visible)
    return split_conformal(
        model.proba(problem.X[aside]),
        problem.codes[aside],
        alpha=settings.alpha,
        score=settings.sets.removesuffix(PER_CLASS),
        per_class=settings.sets.endswith(PER_CLASS),
    )


def _unmeasured(problem: Problem, bank: FeatureBank, settings: Settings) -> tuple[Model, None, Guess | None]:
    """Without a label: the pooled recipes and the names themselves, which can start from class names alone."""
    if problem.class_vectors is None:
        raise InputError("there is no label, and the class names say nothing; label a few rows")
    wanted = [recipe for recipe in settings.recipes if recipe.pooled or recipe.rung == 0]
    shares = settings.bank.shares([recipe.name for recipe in wanted], len(problem.space), 0)
    members = _members(wanted, bank, settings)
    scores = [member.scores(problem.X[:2_000]).astype(np.float64) for member in members]
    confidence = float(np.median([mean_confidence(s) for s in scores]))
    scales = np.array([natural_scale(s, confidence) for s in scores])
    told = expected(members, scales, shares, problem, settings.bank, settings.seed)
    guess, temperature = told or (None, 1.0)
    return Model(problem.space, members, scales, shares, temperature), None, guess
