"""The main job for several labels or a number: the stages of `fit`, with what differs left to the kind of target."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.core.progress import Progress
from modicum.core.protocols import Encoder
from modicum.core.records import LabelSpace, Table
from modicum.workspace.budget import Clock, Stopwatch, parse_budget
from modicum.workspace.bundle import Bundle
from modicum.workspace.executors import LocalExecutor
from modicum.workspace.ladder.aside import set_aside
from modicum.workspace.ladder.climb import climb
from modicum.workspace.ladder.recipes import FeatureBank, fit_recipe
from modicum.workspace.preparing import CASCADE, prepare
from modicum.workspace.settings import Settings
from modicum.workspace.targets.labels import LabelsTarget
from modicum.workspace.targets.number import NumberTarget
from modicum.workspace.targets.reporting import write_report
from modicum.workspace.targets.target import Made, Target, TargetAnswers

KINDS = ("auto", "classes", "labels", "number")
LEAST = 5
"""Labelled rows without which nothing can be held out and still be learnt."""


def target_of(table: Table, wanted: str) -> Target | None:
    """The kind of target that is asked for, or that the table was read as; None for one class a row.

    Raises:
        InputError: There is no such kind, or the table was read as another one.
    """
    check_choice(wanted, KINDS, "target")
    if table.separator is not None and wanted in ("classes", "number"):
        raise InputError(
            f"{table.source} was read with several labels a row, so the target is not {wanted!r}; leave out "
            "--separator and name one column of labels, or leave out --target"
        )
    if wanted == "labels" and table.separator is None:
        raise InputError(
            "for several labels a row say what parts them (--separator), or name several columns (--label A --label B)"
        )
    if wanted == "number":
        return NumberTarget()
    return LabelsTarget() if table.separator is not None else None


def fit_target(
    target: Target,
    table: Table,
    declared: LabelSpace | None,
    source: str | Encoder | NDArray[np.floating] | None,
    settings: Settings,
    progress: Progress,
) -> tuple[Bundle, TargetAnswers]:
    """Make a model of several labels or of a number, and its report.

    Raises:
        InputError: The table, the labels, the vectors or a setting are not usable; the sentence says why.
    """
    if settings.encoder_mode == CASCADE:
        raise InputError("encoder mode 'cascade' needs one class a row; take another")
    if settings.unknown is not None:
        raise InputError("rows are marked as unknown where a row has one class; leave --unknown out")
    task = target.read(table, declared)
    known = int(task.labelled.sum())
    if known < LEAST:
        raise InputError(f"{table.source} has {known} labelled rows; label at least {LEAST} to learn from")
    watch = Stopwatch()
    bare = replace(table, labels=(None,) * len(table))
    prepared = prepare(bare, task.space, source, settings, watch, progress)
    whole = replace(prepared.problem, codes=task.strata, labelled=task.labelled, targets=task.targets)
    problem = set_aside(whole, settings)
    executor = LocalExecutor(settings.workers, settings.threads)
    with watch.stage("ladder"):
        plan, clock = replace(settings.plan, seed=settings.seed), Clock(parse_budget(settings.budget))
        climbed = climb(problem, target.recipes(problem), clock, plan=plan, executor=executor, progress=progress)
        if not climbed.tried:
            raise InputError(f"all labelled rows of {table.source} stand in one group; label rows of another")
        choice = target.choose(climbed, task.targets[problem.rows], settings.tolerance)
    progress("final fit", 0, 1)
    with watch.stage("final fit"):
        bank, recipes = FeatureBank(problem), [trial.recipe for trial in choice.shipped.trials]
        for recipe in recipes:
            bank.get(recipe)
        members = tuple(executor.map(lambda recipe: fit_recipe(recipe, bank, seed=settings.seed), recipes))
        model = target.model(choice, members, climbed, problem, settings)
        answers = model.predict(problem.X)
    progress("final fit", 1, 1)
    with watch.stage("report"):
        report = write_report(target, Made(table, problem, climbed, choice, model, answers), prepared, settings)
    report["timings"] = watch.seconds
    return Bundle(model, prepared.encoder, report, prepared.encoder_arrays), answers
