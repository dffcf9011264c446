"""Tuned encoders made one: read, merged, and judged beside its members on rows that none of them was tuned on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.records import Table
from modicum.encoders import FolderEncoder, encode
from modicum.workspace.weights.judging import Held, held_out
from modicum.workspace.weights.models import check_place, read_base, read_models, with_weights
from modicum.workspace.weights.room import weights_room

State = Mapping[str, Any]
SEARCHES = ("atlas", "position")
"""Ways that learn coefficients of task vectors, for which the models' start must be known."""
DECIDED = ("greedy", *SEARCHES)
"""Ways that look at labels of the held-out rows: a half of these then decides, and the other half judges."""


@dataclass(frozen=True)
class MergeSettings:
    """What a user may turn in `merge`, beside models and tables.

    Args:
        method: One of `WAYS`: `uniform` (the mean), `greedy` (the mean of those that do not lower the accuracy),
            `average` (models of one folder are snapshots of one run, and runs count alike), `atlas` (task vectors with
            a coefficient a block) or `position` (one a model).
        last: With `average`, how many of each run's last snapshots count, at least 1; default all.
        steps: Of the search for coefficients.
        seed: Of everything drawn.
        threads: Default all cores that this process may use.
    """

    method: str = "greedy"
    last: int | None = None
    steps: int = 100
    seed: int = 0
    threads: int | None = None

    def __post_init__(self) -> None:
        check_choice(self.method, WAYS, "way to merge")
        if self.last is not None and self.method != "average":
            raise InputError(f"last snapshots are those of runs that are averaged, not of {self.method}; leave it out")
        for name in ("last", "steps"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name} must be at least 1, not {value}")


@dataclass(frozen=True)
class Judged:
    """One encoder on the held-out rows of each table."""

    name: str
    kind: str
    """`base`, `model` or `merged`."""
    deciding: tuple[float | None, ...]
    """Accuracy on the rows that decided on the merge; None where none did."""
    judging: tuple[float, ...]
    """Accuracy on the others."""
    weight: float | None = None
    """How much of a model is in the merged one; of several coefficients their mean."""


@dataclass(frozen=True, eq=False)
class Merging:
    """The merged encoder, and what it is worth."""

    method: str
    held: tuple[Held, ...]
    """The held-out rows, by table."""
    base: Judged | None
    """What the models were tuned from, where it is known."""
    models: tuple[Judged, ...]
    merged: Judged
    encoder: FolderEncoder = field(repr=False)
    """The first model, as which the merged one is written."""
    module: Any = field(repr=False)
    stopped: str = ""
    """Why the search for coefficients ended early, if it did."""

    @property
    def gain(self) -> float:
        """Accuracy, the mean over tables, above that of the model that is best on the rows that judge."""
        return float(np.mean(self.merged.judging) - max(np.mean(model.judging) for model in self.models))

    def write(self, path: str | Path) -> Path:
        """Write the merged encoder as a folder that `load_folder` and `--encoder` read, whole or not at all.

        Raises:
            InputError: The folder is that of a model, holds something that is no encoder, or cannot be written.
        """
        check_place(path, [model.name for model in self.models])
        written: Path = weights_room("encoder").write_folder(path, self.encoder, self.module)
        return written

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        sizes = [{"name": h.name, "deciding": len(h.deciding), "judging": len(h.judging)} for h in self.held]
        told = [one for one in (self.base, *self.models, self.merged) if one is not None]
        return {
            "method": self.method,
            "tables": sizes,
            "encoders": [
                {"name": one.name, "kind": one.kind, "weight": one.weight, "accuracy": self._figures(one)}
                for one in told
            ],
            "stopped": self.stopped,
        }

    def _figures(self, one: Judged) -> dict[str, dict[str, float | None]]:
        pairs = zip(self.held, one.deciding, one.judging, strict=True)
        return {held.name: {"deciding": decided, "judging": judged} for held, decided, judged in pairs}


def merge(
    models: Sequence[str | Path],
    tables: Sequence[Table],
    *,
    base: str | None = None,
    settings: MergeSettings | None = None,
    progress: Progress = silent,
) -> Merging:
    """Merge tuned encoders of one start, and judge them and what was made of them.

    An encoder's accuracy is that of a linear head on its vectors, cross-validated on the rows; what a bundle's own head
    is worth on the merged weights is told by `read_head`. Where a method looks at labels, a half of the rows decides
    and the other half judges.

    Args:
        models: Folders of encoders, or bundles that hold one in `encoder/`; two or more.
        tables: Held-out rows with labels, a table a task; rows that a model was tuned on flatter it.
        base: The encoder that the models were tuned from, by name or folder; default all-MiniLM-L6-v2 where the
            method needs it, else none.
        settings: Default `MergeSettings()`.
        progress: Called with stage, units done and units in all.

    Raises:
        InputError: Models are of unlike kinds or starts, labels are too few, or torch is not installed.
    """
    settings = settings or MergeSettings()
    encoders = read_models(models, settings.threads)
    known = base is not None or settings.method in SEARCHES
    start = read_base(base, encoders[0], settings.threads) if known else None
    held = tuple(held_out(table, decide=settings.method in DECIDED, seed=settings.seed) for table in tables)
    if len({one.name for one in held}) < len(tables) or not held:
        raise InputError("models are judged on held-out rows; give one table of them, or several of different names")
    states = states_of([*([start] if start else []), *encoders])[-len(encoders) :]
    with threadpool_limits(settings.threads):
        origin = _known(start, base or start.name, "base", held, settings.seed, progress) if start else None
        told = tuple(_known(one, one.name, "model", held, settings.seed, progress) for one in encoders)
        work = _Work(held, settings, progress, encoders, start, _module(encoders[0]), states, told)
        made = _MERGES[settings.method](work)
        merged = work.judge(made.state)
    weighted = tuple(replace(model, weight=weight) for model, weight in zip(told, made.weights, strict=True))
    return Merging(settings.method, held, origin, weighted, merged, encoders[0], work.module, made.stopped)


@dataclass(frozen=True, eq=False)
class _Made:
    state: State
    weights: Sequence[float]
    """How much of each model is in it."""
    stopped: str = ""


@dataclass(frozen=True, eq=False)
class _Work:
    """What ways to merge are given."""

    held: tuple[Held, ...]
    settings: MergeSettings
    progress: Progress
    encoders: Sequence[FolderEncoder]
    base: FolderEncoder | None
    module: Any
    """Of the first model; holds what was judged last."""
    states: Sequence[State]
    models: tuple[Judged, ...]

    def judge(self, state: State) -> Judged:
        """A merged model on the held-out rows."""
        found = with_weights(self.encoders[0], self.module, state)
        vectors = [found.encode(one.texts, self.progress) for one in self.held]
        return _judged("merged", "merged", self.held, vectors, self.settings.seed)

    def score(self, state: State) -> float:
        """Accuracy on the rows that decide, the mean over tables; that of the models is known."""
        known = [model for model, own in zip(self.models, self.states, strict=True) if own is state]
        told = known[0] if known else self.judge(state)
        return float(np.mean([value for value in told.deciding if value is not None]))


def _module(encoder: FolderEncoder) -> Any:
    return weights_room("encoder").read_module(encoder, dropout=0.0).eval()


def states_of(encoders: Sequence[FolderEncoder]) -> list[State]:
    """State dicts of encoders of one start.

    Raises:
        InputError: One of them differs from the first in names or shapes, or in where it started.
    """
    room = weights_room("merge")
    states: list[State] = [_module(encoder).state_dict() for encoder in encoders]
    for encoder, state in zip(encoders[1:], states[1:], strict=True):
        try:
            room.check_one_start(states[0], state)
        except InputError as error:
            raise InputError(f"{encoder.name} does not go with {encoders[0].name}: {error}") from error
    return states


def _known(encoder: FolderEncoder, name: str, kind: str, held: Sequence[Held], seed: int, progress: Progress) -> Judged:
    """An encoder that lies in a folder; its vectors are kept in the cache."""
    vectors = [encode(one.texts, encoder, progress=progress) for one in held]
    return _judged(name, kind, held, vectors, seed)


def _judged(name: str, kind: str, held: Sequence[Held], vectors: Sequence[NDArray[np.floating]], seed: int) -> Judged:
    pairs = [one.accuracies(X, seed) for one, X in zip(held, vectors, strict=True)]
    return Judged(name, kind, tuple(decided for decided, _ in pairs), tuple(judged for _, judged in pairs))


def _uniform(work: _Work) -> _Made:
    count = len(work.states)
    return _Made(weights_room("merge").uniform_soup(work.states), [1 / count] * count)


def _greedy(work: _Work) -> _Made:
    soup = weights_room("merge").greedy_soup(work.states, work.score)
    share = 1 / len(soup.members)
    return _Made(soup.state, [share if number in soup.members else 0.0 for number in range(len(work.states))])


def _average(work: _Work) -> _Made:
    """Models that lie in one folder are snapshots of one run, in the order in which they were given."""
    runs: dict[Path, list[int]] = {}
    for number, model in enumerate(work.models):
        runs.setdefault(Path(model.name).absolute().parent, []).append(number)
    last = work.settings.last
    states = [[work.states[number] for number in run] for run in runs.values()]
    weights = [0.0] * len(work.states)
    for run in runs.values():
        kept = run if last is None else run[-last:]
        for number in kept:
            weights[number] = 1 / len(kept) / len(runs)
    return _Made(weights_room("merge").checkpoint_average(states, last=last), weights)


def _searched(work: _Work, search: str, **start: float) -> _Made:
    """Coefficients of task vectors, learnt by contrast on the rows that decide."""
    base = work.base or work.encoders[0]
    room, steps, module = weights_room("merge"), work.settings.steps, _module(base)
    contrast = room.contrast_loss(
        [_lesson(one, base) for one in work.held], module.pad, rng=np.random.default_rng(work.settings.seed)
    )

    def loss(forward: Any, step: int) -> Any:
        work.progress("search", step, steps)
        return contrast(forward, step)

    origin = module.state_dict()
    vectors = [room.task_vector(origin, state) for state in work.states]
    found = getattr(room, search)(module, vectors, loss, settings=room.Descent(steps=steps), **start)
    return _Made(found.state, found.coefficients.mean(dim=1).tolist(), found.stopped)


def _lesson(held: Held, encoder: FolderEncoder) -> Any:
    codes = np.full(len(held.codes), -1)
    codes[held.deciding] = held.codes[held.deciding]
    return weights_room("objectives").Lesson(encoder.tokenize(held.texts), codes, held.classes)


_MERGES: Mapping[str, Callable[[_Work], _Made]] = MappingProxyType(
    {
        "uniform": _uniform,
        "greedy": _greedy,
        "average": _average,
        "atlas": lambda work: _searched(work, "atlas", start=1 / len(work.states)),
        "position": lambda work: _searched(work, "self_positioning"),
    }
)
WAYS = tuple(_MERGES)
