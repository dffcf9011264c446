"""What every peer's turn shares: its task, its pace, its answers. Needs transformers, and nothing of modicum."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import transformers

PROBE, WARM = 10, 3
"""Steps by which the pace is measured, and how many of them are not counted."""


class Clock(transformers.TrainerCallback):  # type: ignore[misc]
    """Takes down the CPU seconds of the process after each step."""

    def __init__(self) -> None:
        self.ticks: list[float] = []

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Called by the trainer."""
        self.ticks.append(time.process_time())

    def pace(self) -> float:
        """CPU seconds a step."""
        counted = self.ticks[min(WARM, len(self.ticks) // 2) :]
        return (counted[-1] - counted[0]) / max(1, len(counted) - 1)


def affordable(full: int, pace: float, cpu_seconds: float) -> int:
    """As many of `full` steps as CPU seconds allow."""
    return full if full * pace <= cpu_seconds else max(1, int(cpu_seconds / pace))


def read_task(folder: Path) -> dict[str, Any]:
    """Texts and codes of the labelled rows, names of the classes, texts of the test set, weights, seed, CPU seconds."""
    return dict(json.loads((folder / "task.json").read_text(encoding="utf-8")))


def write_answers(folder: Path, codes: Sequence[int], steps: int, full: int) -> None:
    """The class of every row of the test set, and how much of the training was done."""
    found = {"codes": [int(code) for code in codes], "steps": steps, "full": full}
    (folder / "answers.json").write_text(json.dumps(found), encoding="utf-8")
