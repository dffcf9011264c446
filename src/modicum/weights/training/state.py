"""What a run did, and its whole state in memory and on disk: parameters, the optimiser, every generator."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from modicum.core.errors import InputError
from modicum.core.files import atomic_write
from modicum.weights.encoder import TextEncoder
from modicum.weights.objectives import Loss
from modicum.weights.training.plan import Plan

HEAD_RATE = 10.0
"""What an objective registers, such as a head, starts from nothing and learns so many times faster."""
GENERATOR = "generator"


@dataclass(eq=False)
class Run:
    """What a run did."""

    steps: int = 0
    """Steps it learnt in."""
    losses: list[float] = field(default_factory=list)
    """What each step's batch cost."""
    times: list[float] = field(default_factory=list)
    """Seconds each step took."""
    batch: int = 0
    """Rows a batch in the end."""
    notes: list[str] = field(default_factory=list)
    """What went wrong, and what was done about it."""
    interrupted: bool = False

    @property
    def pace(self) -> float:
        """Seconds a step takes, the slow first one aside; 0 where there was none."""
        return float(np.median(self.times[1:] or self.times or [0.0]))


@dataclass(eq=False)
class RunState:
    """Everything that a step depends on."""

    encoder: TextEncoder
    loss: Loss
    plan: Plan
    optimizer: torch.optim.AdamW
    rng: np.random.Generator
    good: dict[str, Tensor]
    """Parameters as they were kept last."""
    good_step: int = 0
    mark: str = ""
    """What tells the run from others, beside its plan."""

    @classmethod
    def of(cls, encoder: TextEncoder, loss: Loss, plan: Plan, mark: str = "") -> Self:
        """The state before the first step.

        Raises:
            InputError: Nothing of the encoder trains.
        """
        own = [p for p in encoder.parameters() if p.requires_grad]
        if not own:
            raise InputError("nothing of the encoder trains; adapt it, or give a plain one")
        groups = [{"params": own, "times": 1.0}]
        if list(loss.parameters()):
            groups.append({"params": list(loss.parameters()), "times": HEAD_RATE})
        optimizer = torch.optim.AdamW(groups, lr=plan.rate, weight_decay=plan.decay)
        state = cls(encoder, loss, plan, optimizer, np.random.default_rng(plan.seed), {}, mark=mark)
        state.good = state._copied()
        return state

    @property
    def parameters(self) -> list[nn.Parameter]:
        """Everything that trains."""
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    def keep(self, run: Run) -> None:
        """Keep the parameters as good."""
        self.good, self.good_step = self._copied(), run.steps

    def back(self, run: Run) -> int:
        """Go back to the parameters that were kept last; the step they are of."""
        with torch.no_grad():
            for name, parameter in self._named().items():
                parameter.copy_(self.good[name])
        del run.losses[self.good_step :], run.times[self.good_step :]
        return self.good_step

    def write(self, file: Path, run: Run) -> None:
        """Put the whole state into a file, whole or not at all."""
        tensors = self._copied()
        for number, parameter in enumerate(self.parameters):
            for key, value in self.optimizer.state[parameter].items():
                tensors[f"optimizer.{number}.{key}"] = torch.as_tensor(value)
        tensors |= {f"{GENERATOR}.cpu": torch.get_rng_state()}
        if self.plan.place.type == "cuda":
            tensors |= {f"{GENERATOR}.cuda": torch.cuda.get_rng_state()}
        told = {"mark": self.mark, "plan": asdict(self.plan), "run": asdict(run), "rng": self.rng.bit_generator.state}
        plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        atomic_write(file, save(plain, {"told": json.dumps(told)}))

    def read(self, file: Path, run: Run) -> None:
        """Go on from a file that `write` wrote.

        Raises:
            InputError: It is damaged, or of a run on other rows, from another encoder or with other settings.
        """
        try:
            with safe_open(file, framework="pt") as opened:
                told = json.loads((opened.metadata() or {})["told"])
                tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118  # no mapping
        except (SafetensorError, KeyError, ValueError, OSError) as error:
            raise InputError(f"{file} is no state of a run ({error}); delete it and start anew") from error
        shapes = {name: p.shape for name, p in self._named().items()}
        found = {name: tensors[name].shape for name in shapes if name in tensors}
        same = _lasting(told["plan"]) == _lasting(asdict(self.plan)) and told["mark"] == self.mark
        if not same or found != shapes:
            raise InputError(
                f"{file} is the state of a run on other rows, from another encoder or with other settings; delete it, "
                "or give another folder"
            )
        with torch.no_grad():
            for name, parameter in self._named().items():
                parameter.copy_(tensors[name])
        for number, parameter in enumerate(self.parameters):
            prefix = f"optimizer.{number}."
            found = {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
            self.optimizer.state[parameter] = {
                key: value if key == "step" else value.to(parameter.device) for key, value in found.items()
            }
        torch.set_rng_state(tensors[f"{GENERATOR}.cpu"])
        if f"{GENERATOR}.cuda" in tensors:
            torch.cuda.set_rng_state(tensors[f"{GENERATOR}.cuda"])
        self.rng.bit_generator.state = told["rng"]
        for name, value in told["run"].items():
            setattr(run, name, value)
        self.keep(run)

    def _named(self) -> dict[str, nn.Parameter]:
        own = {f"encoder.{name}": p for name, p in self.encoder.named_parameters() if p.requires_grad}
        return own | {f"loss.{name}": p for name, p in self.loss.named_parameters()}

    def _copied(self) -> dict[str, Tensor]:
        return {name: p.detach().clone() for name, p in self._named().items()}


def _lasting(plan: dict[str, object]) -> dict[str, object]:
    """What must be the same when a run goes on."""
    return {name: value for name, value in plan.items() if name not in ("threads", "device", "keep", "stop", "marks")}
