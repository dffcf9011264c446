"""The way to the torch room, which is imported by name where it is used: tokens and classes in, an encoder out."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.encoders import FolderEncoder, load_folder
from modicum.workspace.registry import Method, methods
from modicum.workspace.tuning.attempt import LayerMoved, Tuning
from modicum.workspace.tuning.settings import DEVICES, TuneSettings
from modicum.workspace.weights.room import weights_room

FULL_RATE = 1e-4
PROBED = 4
"""Steps whose time tells that of all; the first one, which is slow, is not counted."""


class Interrupted(Exception):
    """The user interrupted a run of the probe or of a fold; its state is kept where there is a folder for it."""


@dataclass(frozen=True, eq=False)
class Tuner:
    """Tunes one encoder on parts of one table."""

    encoder: FolderEncoder
    tokens: Sequence[Sequence[int]]
    """Token ids of the rows that may be learnt from."""
    codes: NDArray[np.int64]
    """Their classes, -1 where unknown."""
    classes: int
    names: Sequence[Sequence[int]] | None
    settings: TuneSettings
    seed: int = 0
    think: Callable[[NDArray[np.int64]], NDArray[np.floating]] | None = None
    """What a model on frozen vectors that saw these rows alone thinks of them (m, K), for objectives that learn from
    that."""

    def pace(self, folder: Path) -> float:
        """Seconds a step takes, from a few that are thrown away.

        Raises:
            Interrupted: The user pressed Ctrl-C.
        """
        found = self.run(np.arange(len(self.codes)), folder, PROBED)
        if found.interrupted:
            raise Interrupted
        return found.pace

    def run(
        self,
        rows: NDArray[np.int64],
        folder: Path,
        steps: int,
        *,
        marks: tuple[int, ...] = (),
        stop: int | None = None,
        state: Path | None = None,
        progress: Progress = silent,
    ) -> Tuned:
        """Tune on these rows (places among `tokens`) and write the encoder into a folder.

        Args:
            rows: The rows.
            folder: Where to write; encoders at the marks are written beside it.
            steps: Steps over which the rate falls to zero.
            marks: Steps after which the encoder is written, too.
            stop: Steps after which to stop; default all.
            state: File of a run that may be gone on with.
            progress: Called with each step.
        """
        training = weights_room("training")
        objectives = weights_room("objectives")
        settings = self.settings
        tokens, thought = [self.tokens[row] for row in rows], self.think(rows) if self.think else None
        lesson = objectives.Lesson(tokens, self.codes[rows], self.classes, self.names, thought)
        method = None if settings.full else _made(settings.method, "adapt")
        usual = FULL_RATE if method is None else method.usual_rate
        plan = training.Plan(
            steps=steps,
            batch=settings.batch,
            rate=usual if settings.rate is None else settings.rate,
            seed=self.seed,
            device=settings.device,
            threads=self.encoder.threads,
            stop=stop,
            marks=marks,
        )
        found = training.tune(
            self.encoder,
            lesson,
            folder,
            objective=_made(settings.objective, "objectives"),
            method=method,
            plan=plan,
            state=state,
            progress=progress,
        )
        told = Tuning(
            "full" if settings.full else settings.method,
            settings.objective,
            found.run.steps,
            found.run.batch,
            found.parameters,
            str(plan.place),
            found.seconds,
            tuple(LayerMoved(one.layer, float(one.relative)) for one in found.moved),
            notes=tuple(found.run.notes),
        )
        encoder = load_folder(folder, threads=self.encoder.threads, name=f"{self.encoder.name}, tuned")
        return Tuned(encoder, told, found.run.pace, found.run.interrupted, found.marked)


@dataclass(frozen=True, eq=False)
class Tuned:
    """An encoder with tuned weights, and how they were tuned."""

    encoder: FolderEncoder
    tuning: Tuning
    pace: float
    """Seconds a step took."""
    interrupted: bool
    marked: dict[int, Path]
    """Folders of what it was at the marks that the run came to."""

    def after(self, steps: int) -> FolderEncoder:
        """The encoder as it was at a mark; as it is in the end where the run did not come to it."""
        own = self.encoder
        place = self.marked.get(steps, own.layout.root)
        return load_folder(place, threads=own.threads, name=own.name)


def _made(name: str, question: str) -> Any:
    """A method of the room with its default settings.

    Raises:
        InputError: The question has no such method.
    """
    return _named(name, question).load()()


def _named(name: str, question: str) -> Method:
    known = {one.card.name: one for one in methods() if (one.card.room, one.card.question) == ("weights", question)}
    return known[check_choice(name, known, f"method of weights.{question}")]


def check_tuning(settings: TuneSettings) -> None:
    """Let settings pass whose method, objective and device there are and whose numbers are in range, before any work.

    Raises:
        InputError: One is not known, and the nearest is suggested; or a number is out of range, or there is no GPU.
    """
    if not settings.full:
        _named(settings.method, "adapt")
    _named(settings.objective, "objectives")
    check_choice(settings.device, DEVICES, "device")
    for name in ("steps", "batch"):
        if getattr(settings, name) < 1:
            raise InputError(f"{name} must be at least 1, not {getattr(settings, name)}")
    if settings.rate is not None and not 0 < settings.rate < math.inf:
        raise InputError(f"the learning rate must be a number above 0, not {settings.rate}")
    if settings.device == "cuda" and missing() is None:
        weights_room("training").Plan(device=settings.device)  # which looks for the GPU, and loads torch for that


def wants_thoughts(objective: str) -> bool:
    """Whether an objective learns from what a model on frozen vectors thinks.

    Raises:
        InputError: There is no such objective.
    """
    return "probabilities" in _named(objective, "objectives").card.needs


def missing() -> str | None:
    """What is needed to tune weights and is not installed, with the remedy; None where all is there."""
    if importlib.util.find_spec("torch") is None:
        return "it needs torch; install it with: pip install 'modicum[torch]'"
    return None
