"""Whether rung 5 can be tried, the try, and the model on tuned vectors where it gains."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder
from modicum.core.records import Table
from modicum.encoders import FolderEncoder, FusedEncoder
from modicum.workspace.budget import Stopwatch, parse_budget
from modicum.workspace.making import Made, finish
from modicum.workspace.preparing import CASCADE
from modicum.workspace.settings import Settings
from modicum.workspace.tuning.attempt import Attempt
from modicum.workspace.tuning.memory import chosen_method
from modicum.workspace.tuning.own import OwnWeights, Scratch
from modicum.workspace.tuning.rung import (
    PACE,
    Bench,
    Course,
    Measured,
    asked_of,
    expected_lead,
    lead_of,
    measure,
    replaced,
    state_file,
)
from modicum.workspace.tuning.settings import WHOLE
from modicum.workspace.tuning.shipping import as_difference
from modicum.workspace.tuning.tuner import Interrupted, Tuned, Tuner, missing, wants_thoughts

LEAST_SECONDS = 60.0
"""Budget from which on a try is thought of: importing torch and timing a few steps cost seconds by themselves."""
LEAST_LABELS = 32
"""Labelled rows from which on a lead of tuned weights is believed: with 16 its standard error is over ten points, and
on mpqa weights were shipped for such a lead that lost 13."""
REMEDY = "tuning takes minutes: try --budget 10m"


@dataclass(frozen=True, eq=False)
class Shipped:
    """What is shipped in the end, and the tuned encoder where it is one."""

    made: Made
    encoder: FolderEncoder | None = None
    weights: OwnWeights | None = None


def try_tuning(
    made: Made,
    table: Table,
    source: Encoder | None,
    settings: Settings,
    watch: Stopwatch,
    progress: Progress = silent,
) -> Shipped:
    """Tune the encoder where that is possible and the budget allows, and ship what is expected to be right more often.

    Args:
        made: The model on frozen vectors.
        table: Its texts are tuned on.
        source: The encoder of the vectors; None where vectors were given.
        settings: The budget is what the frozen ladder left of it.
        watch: Takes the stage `tuning`.
        progress: Called with a stage for every fold.

    Raises:
        InputError: Tuned weights are wanted, come what may, and cannot be had.
    """
    left = parse_budget(settings.budget) - watch.seconds.get("ladder", 0.0)
    source = source.meaning if isinstance(source, FusedEncoder) else source
    reason = _hindered(made, source, settings, left)
    if reason is None and isinstance(source, FolderEncoder):
        with watch.stage("tuning"):
            return _tried(made, table, source, settings, left, progress)
    if settings.tuning.wanted:
        raise InputError(f"weights cannot be tuned here: {reason}")
    return Shipped(replace(made, attempt=Attempt(reason)))


def _hindered(made: Made, source: Encoder | None, settings: Settings, left: float) -> str | None:
    """Why tuning is not tried, before any time is spent."""
    if settings.tuning.wanted is False:
        return "it was not wanted"
    if not isinstance(source, FolderEncoder) or source.mode != "exact" or settings.encoder_mode == CASCADE:
        return "it needs texts and an encoder in exact or fused mode"
    if source.layout.dense:
        return f"{source.name} has dense layers after pooling"
    if made.choice is None or not made.climbed.measurable:
        return "there are too few labels to measure it"
    if settings.unknown is not None:
        return "it is not tried together with --unknown"
    labelled = len(made.problem.rows)
    if not settings.tuning.wanted and labelled < LEAST_LABELS:
        return f"{labelled} labelled rows cannot tell whether tuning gains; it is tried from {LEAST_LABELS} on"
    needed = missing()
    if needed is None and not settings.tuning.wanted and left < LEAST_SECONDS:
        return f"{max(left, 0):.0f} s of the budget were left; {REMEDY}"
    return needed


def _tried(
    made: Made, table: Table, source: FolderEncoder, settings: Settings, left: float, progress: Progress
) -> Shipped:
    start = time.perf_counter()
    bench = Bench.of(made.problem, table.texts, settings)
    tuning, short = chosen_method(settings.tuning, source.layout.config)
    settings = replace(settings, tuning=tuning)
    tuner = _tuner(source, bench, settings)
    scratch = Scratch()
    folder = scratch.folder
    asked = asked_of(settings, source)
    try:
        course = Course.kept(settings.tuning.work, asked) or _planned(tuner, bench, settings, left, folder)
        if isinstance(course, str):
            if settings.tuning.wanted:
                raise InputError(f"weights cannot be tuned here: {course}")
            return Shipped(replace(made, attempt=Attempt(course, time.perf_counter() - start)))
        course.keep(settings.tuning.work, asked)
        with TemporaryDirectory(prefix="modicum-") as place:
            kept = settings.tuning.work or Path(place)
            measured = measure(tuner, bench, course, settings, kept, progress=progress)
    except Interrupted:
        if settings.tuning.wanted:
            raise KeyboardInterrupt from None
        return Shipped(replace(made, attempt=Attempt("it was interrupted", time.perf_counter() - start)))
    attempt = _compared(made, measured, settings)
    if not attempt.shipped:
        return Shipped(replace(made, attempt=replace(attempt, seconds=time.perf_counter() - start)))
    rows = np.arange(len(bench.rows))
    stop, state = measured.stopping.steps, state_file(settings, "last")
    last = tuner.run(rows, folder / "encoder", course.steps, stop=stop, state=state, progress=progress)
    last, said = _shipped_form(last, source, settings, folder)
    shipped = _finished(made, table, bench.names, last, measured, settings, progress)
    notes = tuple(dict.fromkeys((*([short] if short else []), *measured.notes, *last.tuning.notes, *said)))
    told = replace(last.tuning, stopping=measured.stopping, notes=notes)
    attempt = replace(attempt, tuning=told, seconds=time.perf_counter() - start)
    return Shipped(replace(shipped, attempt=attempt), last.encoder, OwnWeights(last.encoder.layout.root, scratch))


def _shipped_form(last: Tuned, source: FolderEncoder, settings: Settings, folder: Path) -> tuple[Tuned, list[str]]:
    """The tuned encoder with the weights that the bundle is to hold, on whose vectors the head is then fitted."""
    if settings.tuning.ship == WHOLE:
        return last, []
    encoder, said = as_difference(last.encoder, source, folder / "difference")
    return replace(last, encoder=encoder), [said]


def _planned(tuner: Tuner, bench: Bench, settings: Settings, left: float, folder: Path) -> Course | str:
    """How long runs may be in the seconds that are left, or why there is no run."""
    start = time.perf_counter()
    pace = tuner.pace(folder / "probe")
    texts = len(bench.texts) + len(bench.names or ()) + 3 * len(bench.problem.rows)
    seconds = left - (time.perf_counter() - start)
    course = Course.within(seconds, pace, texts / PACE + 2, settings.tuning.steps, len(bench.splits))
    return course or f"a step takes {pace:.2f} s, so that {max(left, 0):.0f} s are too few; {REMEDY}"


def _tuner(source: FolderEncoder, bench: Bench, settings: Settings) -> Tuner:
    codes = np.where(bench.problem.labelled, bench.problem.codes, -1)
    names = None if bench.names is None else source.tokenize(bench.names)
    tokens: Sequence[Sequence[int]] = source.tokenize(bench.texts)
    think = bench.thought if wants_thoughts(settings.tuning.objective) else None
    return Tuner(source, tokens, codes, len(bench.problem.space), names, settings.tuning, settings.seed, think)


def _compared(made: Made, measured: Measured, settings: Settings) -> Attempt:
    """What the folds told; whichever of the two is not shipped is kept for the report."""
    if made.choice is None:
        raise RuntimeError("only a measured model can be compared with")
    lead = lead_of(measured, made.climbed, made.choice.shipped, made.problem.y)
    held = int((measured.climbed.folds >= 0).sum())
    expected = expected_lead(lead, settings.bank, made.problem, held)
    shipped = bool(settings.tuning.wanted) or expected > settings.tolerance
    other = (made.climbed, made.choice) if shipped else (measured.climbed, measured.choice)
    return Attempt(None, 0.0, measured.folds, lead, expected, shipped, other=other)


def _finished(
    made: Made,
    table: Table,
    names: Sequence[str] | None,
    last: Tuned,
    measured: Measured,
    settings: Settings,
    progress: Progress,
) -> Made:
    problem = replaced(made.problem, last.encoder, table.texts, names, cache=True)
    tuned = finish(problem, measured.climbed, measured.choice, settings, watch=Stopwatch(), progress=progress)
    return replace(tuned, curve=made.curve)
