"""Merging, measured: a soup of runs on one collection, and the tasks of several collections in one encoder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.errors import InputError
from modicum.core.progress import Progress
from modicum.data.read import label_space
from modicum.encoders import FolderEncoder, load_encoder
from modicum.evaluation.bench import BenchRow, few_shot_rows, load_collection
from modicum.heads import Linear
from modicum.workspace.bench.draws import Figure, Measure, gather
from modicum.workspace.weights.models import with_weights
from modicum.workspace.weights.room import weights_room

State = Mapping[str, Any]
Ints = NDArray[np.int64]

RUNS, STEPS, BATCH, RATE = 5, 60, 32, 1e-4
LABELLED, PER_CLASS = 640, 64
"""Rows to be tuned on, about, and of a class at most."""
JUDGED = 500
"""Most rows that decide on a soup, and most that nothing was learnt from."""
SEARCH = 60
"""Steps of a search for coefficients."""

MEAN, BEST = "the mean of the weights", "its best member on the rows that decide"
LEAD = Measure("lead over the best member on the rows that decide", "share", target=0.0)
UNSEEN = Measure("accuracy of a soup of runs", "share", BEST)
CHANGED = Measure("tensors that merging equal models changes", "tensors", lower_is_better=True, target=0.0)
KEPT = Measure("accuracy kept of a task's own model, tasks in one encoder", "share", MEAN, target=0.95)
SHARED = Measure("accuracy, tasks in one encoder", "share", "the task's own model")
ALONE = Measure("accuracy of a task's own model", "share", "the encoder as it was")


@dataclass(frozen=True, eq=False)
class Task:
    """Rows of a collection: tuned on, deciding on a merge, and unseen; texts and classes of each."""

    name: str
    classes: int
    own: tuple[list[str], Ints]
    held: tuple[list[str], Ints]
    test: tuple[list[str], Ints]

    def accuracies(self, encoder: FolderEncoder) -> tuple[float, float]:
        """On deciding and on unseen rows, of a linear head on the rows that were tuned on."""
        head = Linear().fit(encoder.encode(self.own[0]), self.own[1], classes=np.arange(self.classes))
        held, test = (float(head.score(encoder.encode(texts), codes)) for texts, codes in (self.held, self.test))
        return held, test

    def lesson(self, encoder: FolderEncoder) -> Any:
        """What the encoder is tuned on."""
        return weights_room("objectives").Lesson(encoder.tokenize(self.own[0]), self.own[1], self.classes)


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Soups on the first collection; then all collections' tasks in one encoder, should there be several."""
    base = load_encoder()
    if not isinstance(base, FolderEncoder):
        raise InputError(f"encoder {base.name!r} has no weights that could be merged; run modicum doctor to see why")
    figures: list[Figure] = []
    for seed in range(seeds):
        tasks = [read_task(name, root, seed) for name in on]
        runs = []
        for number in range(RUNS):
            progress(f"runs on {tasks[0].name}", number, RUNS)
            runs.append(_tuned(base, tasks[0], RUNS * seed + number))
        progress(f"runs on {tasks[0].name}", RUNS, RUNS)
        figures += _soups(base, tasks[0], runs)
        if len(tasks) > 1:
            states = [runs[0], *(_tuned(base, task, seed) for task in tasks[1:])]
            figures += _together(base, tasks, states, seed, progress)
    return gather(figures)


def read_task(name: str, root: Path, seed: int) -> Task:
    """Rows of a collection to tune on, of its pool some others to decide, and some of its test set."""
    train, test = load_collection(name, root)
    space, rng = label_space(train, None), np.random.default_rng(seed)
    (codes, _), (truth, _) = space.encode(train.labels), space.encode(test.labels)
    own = few_shot_rows(codes, min(PER_CLASS, max(1, LABELLED // len(space))), rng)
    held = rng.permutation(np.setdiff1d(np.arange(len(codes)), own))[:JUDGED]
    unseen = rng.permutation(len(truth))[:JUDGED]
    parts = ((train, codes, own), (train, codes, held), (test, truth, unseen))
    told = [([table.texts[row] for row in rows], known[rows]) for table, known, rows in parts]
    return Task(name, len(space), *told)


def _tuned(base: FolderEncoder, task: Task, seed: int) -> State:
    """Weights after all layers were tuned by supervised contrast."""
    training, module = weights_room("training"), weights_room("encoder").read_module(base)
    loss = weights_room("objectives").SupervisedContrastive().start(task.lesson(base), module)
    plan = training.Plan(steps=STEPS, batch=BATCH, rate=RATE, seed=seed)
    training.train(training.layers_alone(module), loss, plan)
    state: State = module.state_dict()
    return state


def _soups(base: FolderEncoder, task: Task, runs: Sequence[State]) -> Iterator[Figure]:
    """The greedy and the uniform soup of runs, beside the run that would have been chosen; and soups of one model."""
    room, module = weights_room("merge"), weights_room("encoder").read_module(base)
    where = f"{task.name}, {len(runs)} runs on {len(task.own[0])} rows, {len(task.held[0])} rows decide"
    seen: list[tuple[float, float]] = []

    def score(state: State) -> float:
        seen.append(task.accuracies(with_weights(base, module, state)))
        return seen[-1][0]

    greedy = room.greedy_soup(runs, score)
    best = int(np.argmax(greedy.scores))
    chosen = seen[best][1]
    last = next(unseen for held, unseen in reversed(seen) if held == greedy.score)  # what joined last
    tried = last if len(greedy.members) > 1 else chosen
    uniform = task.accuracies(with_weights(base, module, room.uniform_soup(runs)))
    yield Figure(LEAD, "weights.greedy_soup", where, greedy.score - max(greedy.scores))
    yield Figure(UNSEEN, "weights.greedy_soup", where, tried, chosen)
    yield Figure(UNSEEN, "weights.uniform_soup", where, uniform[1], chosen)
    copies = {"greedy_soup": room.greedy_soup([runs[0]] * 3, lambda state: 0.0).state}
    copies["uniform_soup"] = room.uniform_soup([runs[0]] * 3)
    for name, state in copies.items():
        changed = sum(not bool((state[key] == tensor).all()) for key, tensor in runs[0].items())
        yield Figure(CHANGED, f"weights.{name}", where, float(changed))


def _together(
    base: FolderEncoder, tasks: Sequence[Task], states: Sequence[State], seed: int, progress: Progress
) -> Iterator[Figure]:
    """Models of several tasks as one, and what each task keeps of its own model's accuracy."""
    module = weights_room("encoder").read_module(base)
    alone = [task.accuracies(with_weights(base, module, state))[1] for task, state in zip(tasks, states, strict=True)]
    names = " + ".join(task.name for task in tasks)
    for task, own in zip(tasks, alone, strict=True):
        yield Figure(ALONE, "weights.SupervisedContrastive", f"{task.name} test", own, task.accuracies(base)[1])
    plain: list[float] = []
    for name, state in _merged(base, tasks, states, seed, progress):
        encoder = with_weights(base, module, state)
        found = [task.accuracies(encoder)[1] for task in tasks]
        plain = plain or found
        for task, value, own, mean in zip(tasks, found, alone, plain, strict=True):
            where = f"{task.name} test, {names} in one encoder"
            against = mean / own if name != "uniform_soup" else None
            yield Figure(KEPT, f"weights.{name}", where, value / own, against)
            yield Figure(SHARED, f"weights.{name}", where, value, own)
    progress("merges", 3, 3)


def _merged(
    base: FolderEncoder, tasks: Sequence[Task], states: Sequence[State], seed: int, progress: Progress
) -> Iterator[tuple[str, State]]:
    """The mean first, then by coefficients learnt on the rows that the models were tuned on."""
    room, module = weights_room("merge"), weights_room("encoder").read_module(base, dropout=0.0).eval()
    lessons, origin = [task.lesson(base) for task in tasks], module.state_dict()
    vectors, settings = [room.task_vector(origin, state) for state in states], room.Descent(steps=SEARCH)
    yield "uniform_soup", room.uniform_soup(states)
    for number, (name, start) in enumerate({"atlas": {"start": 1 / len(states)}, "self_positioning": {}}.items()):
        progress("merges", 1 + number, 3)
        loss = room.contrast_loss(lessons, module.pad, size=BATCH, rng=np.random.default_rng(seed))
        yield name, getattr(room, name)(module, vectors, loss, settings=settings, **start).state
