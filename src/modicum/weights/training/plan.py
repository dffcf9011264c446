"""How long, how fast and on what an encoder is tuned."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from modicum.core.checks import check_choice
from modicum.core.errors import InputError

DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Plan:
    """Settings of the training loop.

    Args:
        steps: Batches to learn from, at least 1.
        batch: Rows a batch, about; halved where memory runs out.
        rate: Largest learning rate, above 0; it rises over the first tenth of the steps, and falls to zero.
        decay: Weight decay of AdamW.
        clip: Largest norm of a gradient.
        seed: Of batches, dropout and starting values.
        device: `cpu`, `cuda`, or `auto`: a GPU where there is one, on which the encoder's layers compute in bfloat16
            where it has that; what an objective makes of their vectors is in single precision.
        keep: Steps between two states that a run can go back to, or be resumed from.
        threads: Threads of torch while it trains; default what torch is set to.
        stop: Steps after which a run ends although its rate falls as if it went on to `steps`; default `steps`.
        marks: Steps after which what has been learnt so far is handed out, too.

    Raises:
        InputError: A setting is out of range, or there is no such device.
    """

    steps: int = 120
    batch: int = 32
    rate: float = 1e-4
    decay: float = 0.01
    clip: float = 1.0
    seed: int = 0
    device: str = "auto"
    keep: int = 20
    threads: int | None = None
    stop: int | None = None
    marks: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_choice(self.device, DEVICES, "device")
        for name in ("steps", "batch", "keep", "stop"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name} must be at least 1, not {value}")
        if not self.rate > 0:
            raise InputError(f"the learning rate must be above 0, not {self.rate}")
        if self.device == "cuda" and not torch.cuda.is_available():
            raise InputError("there is no GPU that torch can use here; take device cpu or auto")

    @property
    def last(self) -> int:
        """Steps after which a run ends."""
        return self.steps if self.stop is None else min(self.stop, self.steps)

    @property
    def place(self) -> torch.device:
        """The device that is meant."""
        gpu = self.device != "cpu" and torch.cuda.is_available()
        return torch.device("cuda" if gpu else "cpu")

    @property
    def mixed(self) -> bool:
        """Whether the encoder's layers compute in bfloat16: on a GPU that does."""
        return self.place.type == "cuda" and bool(torch.cuda.is_bf16_supported())

    def pace(self, step: int) -> float:
        """Learning rate of a step, counted from 0, as a share of the largest one.

        Example:
            >>> [round(Plan(steps=10).pace(step), 2) for step in (0, 1, 5, 9)]
            [1.0, 0.9, 0.5, 0.1]
        """
        rising = (step + 1) / max(0.1 * self.steps, 1)
        return min(1.0, rising) * (1 - step / self.steps)
