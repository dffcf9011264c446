"""One measured figure beside its baseline and target, and the machine it was measured on."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from modicum.core.cores import usable_cores

LIBRARIES = ("modicum", "numpy", "scipy", "scikit-learn", "onnxruntime", "tokenizers")


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
