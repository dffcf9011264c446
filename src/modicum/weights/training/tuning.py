"""From an encoder's folder to a tuned one: adapt, train, fold, write, and say what moved."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.encoders import FolderEncoder
from modicum.weights.adapt import Method, adapt, fold, save
from modicum.weights.diagnose import Moved, what_moved
from modicum.weights.encoder import TextEncoder, read_module, write_folder
from modicum.weights.objectives import Lesson, Objective
from modicum.weights.training.loop import train
from modicum.weights.training.plan import Plan
from modicum.weights.training.state import Run

ADAPTER = "adapter.safetensors"
"""The few numbers that moved, beside the folded weights, where a method of `adapt` was used."""


@dataclass(frozen=True, eq=False)
class Tuned:
    """A tuned encoder on disk, and how it came about."""

    folder: Path
    marked: dict[int, Path]
    """Folders of the encoder as it was at each of the plan's marks that the run came to."""
    run: Run
    parameters: int
    """Numbers that trained, of the encoder alone."""
    moved: list[Moved]
    """How far each layer went."""
    seconds: float


def tune(
    encoder: FolderEncoder,
    lesson: Lesson,
    folder: Path,
    *,
    objective: Objective,
    method: Method | None = None,
    plan: Plan | None = None,
    state: Path | None = None,
    progress: Progress = silent,
) -> Tuned:
    """Tune an encoder on a lesson and write it as a folder that runs without torch.

    Args:
        encoder: The encoder to start from; its own folder is not changed.
        lesson: What there is to learn from.
        folder: Where to write; weights are folded, so that nothing is slower than before. Encoders at the plan's marks
            are written beside it, as `FOLDER-after-STEPS`.
        objective: What is minimised.
        method: How weights are parametrised; None trains all layers, but not the embeddings: most of the numbers are
            theirs, and most words of a table to come are in no labelled row.
        plan: Steps, batches and rates.
        state: File of a run that may be gone on with; see `train`.
        progress: Called with the stage `tune`, steps done and all steps.

    Returns:
        What was written and what moved. Cost: three passes of the encoder over each batch.

    Raises:
        InputError: The encoder cannot be tuned, the method cannot be folded, the lesson lacks what the objective
            learns from, or the state is of another run, or of one whose encoder at a mark is gone.
    """
    plan, start = plan or Plan(), time.perf_counter()
    if method is not None and not method.folds:
        name = type(method).__name__
        raise InputError(
            f"{name} cannot be folded into plain weights, which is what answers without torch; take another"
        )
    base = read_module(encoder)
    module = layers_alone(base) if method is None else adapt(base, method, seed=plan.seed)
    before = {name: tensor.clone() for name, tensor in base.state_dict().items()}

    def reached(step: int) -> None:
        write_folder(_beside(folder, step), encoder, module if method is None else fold(module))

    loss = objective.start(lesson, module)
    mark = _mark(encoder, lesson, objective, method)
    run = train(module, loss, plan, file=state, mark=mark, reached=reached, progress=progress)
    plain = module if method is None else fold(module)
    write_folder(folder, encoder, plain)
    if method is not None:
        save(folder / ADAPTER, module, method, base)
    size = sum(p.numel() for p in module.parameters() if p.requires_grad)
    moved = what_moved(before, dict(plain.state_dict()))
    return Tuned(folder, _marked(folder, plan, run), run, size, moved, time.perf_counter() - start)


def _beside(folder: Path, step: int) -> Path:
    return folder.with_name(f"{folder.name}-after-{step}")


def _marked(folder: Path, plan: Plan, run: Run) -> dict[int, Path]:
    found = {step: _beside(folder, step) for step in plan.marks if step <= run.steps}
    gone = next((place for place in found.values() if not place.is_dir()), None)
    if gone is not None:
        raise InputError(f"{gone} is gone, but the run's state is past it; delete that state, or give another folder")
    return found


def layers_alone(module: TextEncoder) -> TextEncoder:
    """The same module, of which all trains but the embeddings."""
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(not name.startswith(module.names.embeddings))
    return module


def _mark(encoder: FolderEncoder, lesson: Lesson, objective: Objective, method: Method | None) -> str:
    """SHA-256 of what a run starts from, all that it learns from, and what it minimises, beside its plan."""
    names = None if lesson.names is None else [list(ids) for ids in lesson.names]
    thought = None if lesson.proba is None else hashlib.sha256(lesson.proba.tobytes()).hexdigest()
    learnt = [[list(ids) for ids in lesson.tokens], lesson.codes.tolist(), lesson.classes, names, thought]
    told = [encoder.fingerprint, repr(objective), repr(method), *learnt]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
