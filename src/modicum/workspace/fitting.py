"""The main job, end to end: a table in, a bundle and a report out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
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
from modicum.data.read import label_space, numeric_hint, several_hint
from modicum.encoders import MODES
from modicum.labels.conformal import SCORES, ConformalRule, cross_conformal, shifted_rule, split_conformal
from modicum.workspace.budget import Clock, Stopwatch, parse_budget
from modicum.workspace.bundle import Answers, Bundle
from modicum.workspace.cascade import FittedCascade, fit_cascade
from modicum.workspace.executors import LocalExecutor
from modicum.workspace.exemplars import keep_exemplars
from modicum.workspace.ladder.agreement import expected
from modicum.workspace.ladder.aside import set_aside
from modicum.workspace.ladder.bank import Guess
from modicum.workspace.ladder.choice import Choice, choose, decoding, mean_confidence, natural_scale
from modicum.workspace.ladder.climb import Climb, climb
from modicum.workspace.ladder.curve import measure_curve
from modicum.workspace.ladder.doubted import doubted
from modicum.workspace.ladder.held_out import HeldOut, held_out
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import FeatureBank, FittedRecipe, Recipe, fit_recipe
from modicum.workspace.made import Made
from modicum.workspace.model import Model
from modicum.workspace.predicting import prediction_columns, to_parquet
from modicum.workspace.preparing import CASCADE, prepare
from modicum.workspace.reporting import Facts, write_report
from modicum.workspace.settings import PER_CLASS, Settings
from modicum.workspace.shifted import Shift, find_shift
from modicum.workspace.targets.fitting import fit_target, target_of
from modicum.workspace.unknown import UnknownRule, unknown_rule, witness

Floats = NDArray[np.floating]


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
        """Answer for new texts, or for image files by name."""
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
        encoder: Name, folder or encoder; default all-MiniLM-L6-v2. For images there is no default.
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
    hint = numeric_hint(table) or several_hint(table)
    if hint and settings.target == "auto" and classes is None:
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
            cascade = with_sets(cascade, made, prepared.static, settings)
    with watch.stage("report"):
        report = write_report(Facts(table, made, answers, prepared, settings, cascade))
    report["timings"] = watch.seconds
    problem, rng = made.problem, np.random.default_rng(settings.seed)
    exemplars = keep_exemplars(problem.X[problem.rows], problem.y, rng)
    student = cascade.cascade if cascade else None
    bundle = Bundle(made.model, prepared.encoder, report, prepared.encoder_arrays, student, exemplars)
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


def _checked(settings: Settings, changes: dict[str, Any]) -> Settings:
    for name in changes:
        check_choice(name, Settings.__dataclass_fields__, "setting")
    settings = replace(settings, **changes)
    check_fraction(settings.alpha, "alpha")
    check_choice(settings.encoder_mode, (*MODES, CASCADE), "encoder mode")
    check_choice(settings.sets.removesuffix(PER_CLASS), SCORES, "score of prediction sets")
    if settings.unknown is not None:
        check_fraction(settings.unknown, "the rate of rows that may be marked as unknown")
        if settings.encoder_mode == CASCADE:
            raise InputError("a cascade does not know which texts are unknown; take encoder mode exact, fast or static")
    parse_budget(settings.budget)
    return settings


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


def _rule(
    calibrate: Callable[..., ConformalRule], proba: Floats, codes: NDArray[np.int64], settings: Settings
) -> ConformalRule:
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
        rule = _rule(cross_conformal if problem.aside is None else split_conformal, known, codes, settings)
    return replace(corrected, conformal=rule)


def _unknown(bank: FeatureBank, climbed: Climb, found: HeldOut, settings: Settings) -> UnknownRule | None:
    """The rule for rows of none of the classes, where it is asked for and can be learnt."""
    trial = None if settings.unknown is None or not climbed.measurable else witness(climbed)
    if settings.unknown is None or trial is None:
        return None
    head = fit_recipe(trial.recipe, bank, seed=settings.seed).classifier
    seen, rule = found.rows[found.represented], (head.coef_, head.intercept_)
    return unknown_rule(bank.problem, seen, trial.scores[0], rule, rate=settings.unknown, seed=settings.seed)


def with_sets(fitted: FittedCascade, made: Made, static: Floats, settings: Settings) -> FittedCascade:
    """The cascade with prediction sets that are calibrated on held-out answers of whichever stage would answer."""
    problem, found = made.problem, made.found
    if found is None:
        return fitted
    if problem.aside is None:
        rows, calibrate = problem.rows[found.rows], cross_conformal
        exact = made.model.corrected(found.after)
        how = "The static stage learnt from a model that knew these labels, though never from the row."
    else:
        rows, calibrate, how = np.flatnonzero(problem.aside), split_conformal, ""
        exact = made.model.proba(problem.X[rows])
    sent, codes = fitted.cascade.mixed(fitted.held_out(rows, static), exact), problem.codes[rows]
    rule = _rule(calibrate, sent, codes, settings)
    said = f"{rule.guarantee} Each row was answered by the stage of the cascade that would answer it. {how}".strip()
    cascade = replace(fitted.cascade, conformal=replace(rule, guarantee=said))
    return replace(fitted, cascade=cascade, sent=sent, codes=codes)


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
