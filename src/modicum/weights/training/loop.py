"""The training loop: batches of an objective, AdamW, and what to do when something goes wrong.

A loss that is no number stops the run at its last good state; memory that runs out halves the batch; Ctrl-C keeps what
was learnt; a run that was killed goes on from its last file, exactly as if nothing had happened.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from modicum.core.progress import Progress, silent
from modicum.weights.adapt import penalty
from modicum.weights.encoder import TextEncoder
from modicum.weights.objectives import Loss
from modicum.weights.training.plan import Plan
from modicum.weights.training.state import Run, RunState

SHORTAGE = ("out of memory", "can't allocate memory", "not enough memory")
"""How torch says that memory ran out, on a processor or a GPU."""


def train(
    encoder: TextEncoder,
    loss: Loss,
    plan: Plan,
    *,
    file: Path | None = None,
    mark: str = "",
    name: str = "tune",
    reached: Callable[[int], None] | None = None,
    progress: Progress = silent,
) -> Run:
    """Tune an encoder, plain or adapted, in place.

    Args:
        encoder: All its parameters that train are moved.
        loss: What an objective's `start` gave for it.
        plan: How.
        file: Where the state is kept every `plan.keep` steps; a run finds its own there and goes on with it.
        mark: What tells the run from others, beside its plan; a file with another mark is refused.
        name: Of the stage in `progress`.
        reached: Called with the number of steps at each of the plan's marks, before the state of that step is kept.
        progress: Called with the stage, the steps done and all steps.

    Returns:
        What the run did. The encoder is left on the processor and in evaluation.

    Raises:
        InputError: The file is of another run.
    """
    run = Run(batch=plan.batch)
    encoder.to(plan.place).train()
    encoder.mixed = plan.mixed
    loss.to(plan.place).train()
    state = RunState.of(encoder, loss, plan, mark)
    with _alone(plan):
        if file is not None and file.is_file():
            state.read(file, run)
        try:
            while run.steps < plan.last:
                progress(name, run.steps, plan.last)
                if not _step(state, plan, run):
                    break
                if reached is not None and run.steps in plan.marks:
                    reached(run.steps)
                if run.steps % plan.keep == 0 or run.steps == plan.last:
                    state.keep(run)
                    if file is not None:
                        state.write(file, run)
        except KeyboardInterrupt:
            run.interrupted = True
            run.notes.append(f"interrupted after {run.steps} of {plan.last} steps; what was learnt is kept")
    progress(name, run.steps, plan.last)
    encoder.cpu().eval()
    encoder.mixed = False
    return run


def _step(state: RunState, plan: Plan, run: Run) -> bool:
    """One step; False where the run cannot go on, with the encoder at its last good state."""
    start = time.perf_counter()
    rows = state.loss.draw(run.batch, state.rng)
    try:
        cost = _descend(state, plan, rows, run.steps)
    except (RuntimeError, MemoryError) as error:
        if not _short_of_memory(error) or run.batch == 1:
            raise
        run.batch = -(-run.batch // 2)
        run.notes.append(f"memory ran out at step {run.steps + 1}; batches hold {run.batch} rows from there on")
        state.optimizer.zero_grad(set_to_none=True)
        return True
    if not np.isfinite(cost):
        back = state.back(run)
        run.notes.append(
            f"the loss was {cost} at step {run.steps + 1}; the state of step {back} is kept. Try a lower rate"
        )
        run.steps = back
        return False
    run.losses.append(cost)
    run.times.append(time.perf_counter() - start)
    run.steps += 1
    return True


def _descend(state: RunState, plan: Plan, rows: np.ndarray[tuple[int], np.dtype[np.int64]], step: int) -> float:
    cost: Tensor = state.loss(state.encoder, rows) + penalty(state.encoder)
    told = float(cost.detach())
    if not np.isfinite(told):
        return told
    state.optimizer.zero_grad(set_to_none=True)
    cost.backward()
    norm = float(nn.utils.clip_grad_norm_(state.parameters, plan.clip))
    if not np.isfinite(norm):
        return norm
    for group in state.optimizer.param_groups:
        group["lr"] = plan.rate * group["times"] * plan.pace(step)
    state.optimizer.step()
    return told


def _short_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or any(said in str(error).lower() for said in SHORTAGE)


@contextmanager
def _alone(plan: Plan) -> Iterator[None]:
    """Torch's own generators and threads as the plan wants them, and as they were before afterwards."""
    devices = [plan.place] if plan.place.type == "cuda" else []
    threads = torch.get_num_threads()
    torch.set_num_threads(plan.threads or threads)
    try:
        with torch.random.fork_rng(devices):
            torch.manual_seed(plan.seed)
            yield
    finally:
        torch.set_num_threads(threads)
