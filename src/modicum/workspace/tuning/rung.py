"""Rung 5: an encoder is tuned without each fold in turn, judged by that fold, and shipped where that gains.

The splits are those of the frozen recipes' first repeat, so that both are compared on the same held-out rows. Folds
are measured as long as the budget lasts, two at least; what is left pays for the last run, on all labelled rows.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import softmax
from modicum.core.errors import InputError
from modicum.core.files import atomic_write
from modicum.core.json_files import read_json
from modicum.core.progress import Progress, silent
from modicum.encoders import FolderEncoder, encode
from modicum.evaluation.splits import Split
from modicum.evaluation.stats import Difference, corrected_difference
from modicum.workspace.ladder.bank import TUNED, Bank, Guess
from modicum.workspace.ladder.choice import Candidate, Choice, choose, correctness, labels_per_class
from modicum.workspace.ladder.climb import Climb, Fold, coverage, measured_rows, rounds_of, run_fold, trial_of
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import FeatureBank, Recipe, Step, fit_recipe
from modicum.workspace.settings import Settings
from modicum.workspace.tuning.stopping import Stopping, marks_of, nested
from modicum.workspace.tuning.tuner import Interrupted, Tuned, Tuner

Floats = NDArray[np.floating]

RECIPES: tuple[Recipe, ...] = (
    Recipe("tuned, linear", 5, (Step("heads.Linear"),)),
    Recipe("tuned, names + shots", 5, (Step("heads.NamesAndShots"),)),
    Recipe("tuned, self-training", 5, (Step("labels.BalancedSelfTraining"),)),
)
"""What stands on tuned vectors, cheapest first."""
PROBE = RECIPES[1]
"""What tells after how many steps to stop."""
THINKER = Recipe("self-training", 2, RECIPES[2].steps)
"""What thinks on frozen vectors, for objectives that learn from that."""
LEAST_FOLDS, LEAST_STEPS = 2, 40
PACE = 400.0
"""Texts encoded in a second at least, to foresee what a fold costs."""
UNTOLD = Guess(0.0, 0.05)
"""What tuning may gain where the bank knows fewer than two tables."""
COURSE, START_ANEW = "course.json", "delete the folder, or give another --work"


@dataclass(frozen=True)
class Course:
    """How long each run may be, and how many folds there is time for."""

    steps: int
    folds: int

    @classmethod
    def within(cls, seconds: float, pace: float, overhead: float, steps: int, folds: int) -> Self | None:
        """The most steps, then the most folds, that fit into the time; None where not even the fewest do.

        Args:
            seconds: Time for all folds and the last run.
            pace: Seconds a step takes.
            overhead: Seconds a run takes beside its steps.
            steps: Most steps of a run.
            folds: Folds there are.

        Example:
            >>> Course.within(100, 0.1, 5, steps=100, folds=5), Course.within(40, 0.1, 5, steps=100, folds=5)
            (Course(steps=100, folds=5), Course(steps=83, folds=2))
        """
        runs = int(seconds / (steps * pace + overhead))
        least = min(LEAST_FOLDS, folds)
        if runs > least:
            return cls(steps, min(runs - 1, folds))
        fewer = int((seconds / (least + 1) - overhead) / max(pace, 1e-9))
        return cls(min(fewer, steps), least) if fewer >= min(LEAST_STEPS, steps) else None

    @classmethod
    def kept(cls, work: Path | None, asked: Mapping[str, Any]) -> Self | None:
        """The course that an attempt in this folder took, so that one that goes on takes the same; None without one.

        Args:
            work: The folder, if any.
            asked: What this attempt is asked for; see `asked_of`.

        Raises:
            InputError: The folder's file is damaged, or of an attempt that was asked for something else.
        """
        file = None if work is None else work / COURSE
        if file is None or not file.is_file():
            return None
        read = read_json(file, START_ANEW)
        told = read if isinstance(read, dict) else {}
        steps, folds, before = (told.get(key) for key in ("steps", "folds", "asked"))
        long = isinstance(steps, int) and isinstance(folds, int) and min(steps, folds) > 0
        if not (long and isinstance(before, dict)):
            raise InputError(f"{file} does not say how long runs are and what they were asked for; {START_ANEW}")
        other = next((name for name, value in asked.items() if before.get(name) != value), None)
        if other is not None:
            raise InputError(
                f"{work} keeps runs with {other} {before.get(other)}, where {asked[other]} is asked for; {START_ANEW}"
            )
        return cls(told["steps"], told["folds"])

    def keep(self, work: Path | None, asked: Mapping[str, Any]) -> None:
        """Write the course, and what was asked for, into the folder of an attempt, where there is one."""
        if work is not None:
            work.mkdir(parents=True, exist_ok=True)
            atomic_write(work / COURSE, json.dumps(asdict(self) | {"asked": dict(asked)}).encode())


def asked_of(settings: Settings, encoder: FolderEncoder) -> dict[str, Any]:
    """What must be asked for again where an attempt goes on; the rows are told by the states of its runs."""
    tuning = settings.tuning
    told = {name: getattr(tuning, name) for name in ("objective", "method", "steps", "batch")}
    rate = "usual" if tuning.rate is None else tuning.rate
    return told | {"rate": rate, "seed": settings.seed, "encoder": encoder.fingerprint[:12]}


@dataclass(frozen=True, eq=False)
class Bench:
    """The rows that tuned weights are measured with, as texts and as a problem: labelled ones first."""

    rows: NDArray[np.int64]
    """Their numbers in the table."""
    texts: Sequence[str]
    names: Sequence[str] | None
    problem: Problem
    splits: Sequence[Split]

    @classmethod
    def of(cls, problem: Problem, texts: Sequence[str], settings: Settings) -> Self:
        """The rows and the first repeat's splits of the frozen recipes' climb."""
        plan = replace(settings.plan, seed=settings.seed)
        rows = measured_rows(problem, plan)
        thin = problem.only(rows)
        names = problem.space.texts() if problem.class_vectors is not None else None
        return cls(rows, [texts[row] for row in rows.tolist()], names, thin, rounds_of(thin, plan)[0])

    def seen_by(self, encoder: FolderEncoder) -> Problem:
        """The problem with another encoder's vectors."""
        return replaced(self.problem, encoder, self.texts, self.names)

    def thought(self, rows: NDArray[np.int64]) -> Floats:
        """What self-training on frozen vectors, which learns from these rows alone, thinks of them (m, K)."""
        seen = self.problem.only(rows)
        return softmax(fit_recipe(THINKER, FeatureBank(seen)).scores(seen.X))

    @property
    def labelled(self) -> Self:
        """The labelled rows alone."""
        n = len(self.problem.rows)
        return replace(self, rows=self.rows[:n], texts=self.texts[:n], problem=self.problem.only(self.problem.rows))


def replaced(
    problem: Problem, encoder: FolderEncoder, texts: Sequence[str], names: Sequence[str] | None, *, cache: bool = False
) -> Problem:
    """The problem with vectors of its N texts and K names by an encoder."""
    told = None if names is None else encode(names, encoder, cache=cache)
    return replace(problem, X=encode(texts, encoder, cache=cache), class_vectors=told)


@dataclass(frozen=True, eq=False)
class Measured:
    """What tuned weights showed on the folds that were measured."""

    climbed: Climb
    choice: Choice
    folds: int
    stopping: Stopping
    notes: tuple[str, ...]


def measure(
    tuner: Tuner, bench: Bench, course: Course, settings: Settings, folder: Path, *, progress: Progress = silent
) -> Measured:
    """Tune without each fold in turn, find when to stop, and score the fold.

    Args:
        tuner: Tunes on parts of the bench's rows.
        bench: The rows.
        course: How long runs may be, and how many folds there are.
        settings: Those of the ladder.
        folder: Where encoders are written: one for each fold and mark.
        progress: Called with a stage for every fold.

    Raises:
        Interrupted: The user pressed Ctrl-C.
    """
    n, start = len(bench.problem.rows), time.perf_counter()
    splits, marks = bench.splits[: course.folds], marks_of(course.steps)
    runs: list[Tuned] = []
    right = np.zeros((len(marks), n), dtype=bool)
    for number, split in enumerate(splits):
        stage = _staged(progress, f"tune, fold {number + 1} of {len(splits)}")
        rows = np.concatenate([split.train, np.arange(n, len(bench.rows))])
        place, state = folder / f"fold-{number}", state_file(settings, f"fold-{number}")
        runs.append(tuner.run(rows, place, course.steps, marks=marks[:-1], state=state, progress=stage))
        if runs[-1].interrupted:
            raise Interrupted
        right[:, split.test] = _probed(runs[-1], bench.labelled, split, marks)
    seen, folds = coverage(bench.problem, [splits])
    ends, stopping = nested(marks, right, folds[0])
    shown: list[list[Fold]] = [[] for _ in RECIPES]
    for tuned, split, end in zip(runs, splits, ends, strict=True):
        bank = FeatureBank(bench.seen_by(tuned.after(end)))
        for one, recipe in zip(shown, RECIPES, strict=True):
            one.append(run_fold(recipe, bank, split))
    seconds = (time.perf_counter() - start) / len(RECIPES)
    trials = [trial_of(recipe, n, splits, one, seconds) for recipe, one in zip(RECIPES, shown, strict=True)]
    moved = tuple(replace(trial, parameters=trial.parameters + runs[0].tuning.parameters) for trial in trials)
    climbed = Climb(moved, 1, seen, folds)
    choice = choose(climbed, bench.problem.y, settings.bank, tolerance=settings.tolerance)
    notes = tuple(dict.fromkeys(note for run in runs for note in run.tuning.notes))
    return Measured(climbed, choice, len(splits), stopping, notes)


def _probed(tuned: Tuned, labelled: Bench, split: Split, marks: Sequence[int]) -> NDArray[np.bool_]:
    """Whether names and shots are right at each mark on a fold's held-out rows (M, m)."""
    found = []
    for mark in marks:
        scores = run_fold(PROBE, FeatureBank(labelled.seen_by(tuned.after(mark))), split).scores
        found.append(scores.argmax(axis=1) == labelled.problem.y[split.test])
    return np.stack(found)


def lead_of(measured: Measured, climbed: Climb, shipped: Candidate, y: NDArray[np.int64]) -> Difference:
    """Accuracy of the best on tuned vectors less that of the best on frozen ones, on the rows both were judged by."""
    tuned = correctness(measured.choice.shipped, measured.climbed, y)
    frozen = correctness(shipped, climbed, y)[:1]
    folds = measured.climbed.folds
    return corrected_difference(tuned, np.where(folds >= 0, frozen, np.nan), folds)


def expected_lead(lead: Difference, bank: Bank, problem: Problem, held: int) -> float:
    """The lead on `held` rows after it is weighed against what tuning gained on the bank's tables."""
    prior = gain_elsewhere(bank, problem) or UNTOLD
    # Held-out rows that show no difference leave room for one more row that would.
    error = lead.standard_error if lead.rows else 1 / held
    precision, believed = error**-2, prior.sd**-2
    return float((precision * lead.difference + believed * prior.mean) / (precision + believed))


def gain_elsewhere(bank: Bank, problem: Problem) -> Guess | None:
    """What tuning gained on tables like this one; None where the bank knows fewer than two tables."""
    classes = len(problem.space)
    lead, leads = bank.lead(TUNED, classes, labels_per_class(problem.y, classes)), bank.leads(TUNED)
    if lead is None or len(leads) < 2:
        return None
    return Guess(-lead.mean, max(lead.sd, float(np.std(leads, ddof=1))))


def state_file(settings: Settings, name: str) -> Path | None:
    """Where the state of a run is kept; None where it is not."""
    work = settings.tuning.work
    return None if work is None else work / f"{name}.safetensors"


def _staged(progress: Progress, name: str) -> Progress:
    """The same progress under another stage's name."""

    def told(stage: str, done: int, total: int) -> None:
        progress(name, done, total)

    return told
