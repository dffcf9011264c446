"""One measured figure beside its baseline and target, and the machine it was measured on."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t
from threadpoolctl import threadpool_info

from modicum.core.cores import usable_cores

LIBRARIES = ("modicum", "numpy", "scipy", "scikit-learn", "onnxruntime", "tokenizers")
CHANCE = 0.1
"""Share of differences that are nothing but chance and yet look clear."""


@dataclass(frozen=True)
class BenchRow:
    """A figure: the mean over `seeds` runs, with the spread between them."""

    measure: str
    on: str
    value: float
    unit: str
    baseline: float | None = None
    target: float | None = None
    seeds: int = 1
    spread: float | None = None
    """Standard deviation over the runs."""
    note: str = ""
    method: str | None = None
    """Key of the method that the figure is of, such as `heads.Linear`: its page shows the row."""
    against: str = ""
    """What the baseline is, where the row is of a method: a key, or plain words."""
    lower_is_better: bool = False
    difference_spread: float | None = None
    """Standard deviation over the runs of value minus baseline, each run's own; None with one run."""

    @property
    def verdict(self) -> str | None:
        """`better`, `worse` or `unclear`; None for a figure without a baseline.

        A difference is clear where a paired t-test over the runs tells it from 0 at the level `CHANCE`; with one run
        nothing is clear. How the test rows themselves were drawn is not in the spread.

        Example:
            >>> BenchRow("accuracy", "trec test", 0.66, "share", 0.62, seeds=3, difference_spread=0.01).verdict
            'better'
        """
        if self.baseline is None:
            return None
        difference = self.value - self.baseline
        if self.difference_spread is None or self.seeds < 2:
            return "unclear"
        reach = t.ppf(1 - CHANCE / 2, self.seeds - 1) / np.sqrt(self.seeds)
        if abs(difference) <= reach * self.difference_spread:
            return "unclear"
        return "better" if (difference < 0) == self.lower_is_better else "worse"

    def in_words(self) -> str:
        """The difference from the baseline with its spread, in a few words; empty without a baseline.

        Example:
            >>> BenchRow("accuracy", "trec test", 0.66, "share", 0.62, seeds=3, difference_spread=0.01).in_words()
            'better by 4.0 points (± 1.0)'
        """
        if self.baseline is None:
            return ""
        factor, unit = (100, "points") if self.unit == "share" else (1, self.unit)
        difference, decimals = factor * (self.value - self.baseline), 1 if factor > 1 else 2
        spread = "one run"
        if self.difference_spread is not None:
            spread = f"± {factor * self.difference_spread:.{decimals}f}"
        if self.verdict == "unclear":
            return f"no clear difference: {difference:+.{decimals}f} {unit} ({spread})"
        return f"{self.verdict} by {abs(difference):.{decimals}f} {unit} ({spread})"


def summarize(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean of the runs, and their standard deviation where there are two or more; rounded to five decimals."""
    spread = round(float(np.std(values, ddof=1)), 5) if len(values) > 1 else None
    return round(float(np.mean(values)), 5), spread


def rows_to_json(rows: Sequence[BenchRow]) -> list[dict[str, Any]]:
    """Rows as JSON-able dictionaries."""
    return [asdict(row) for row in rows]


def machine_facts() -> dict[str, Any]:
    """Cores, threads of numeric libraries, processor, system, Python and library versions of this machine."""
    return {
        "cores": usable_cores(),
        "threads": max((pool["num_threads"] for pool in threadpool_info()), default=1),
        "processor": _processor(),
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _processor(facts: Path = Path("/proc/cpuinfo")) -> str:
    """Name of the processor, as the system tells it; empty where it does not."""
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.is_file() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())
