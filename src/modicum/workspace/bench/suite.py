"""The benchmarks there are, and how one is run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.core.files import atomic_write
from modicum.core.json_files import read_json
from modicum.core.progress import Progress, silent
from modicum.evaluation.bench import BenchRow, machine_facts, rows_to_json
from modicum.workspace.bench import dedup, few_shot, methods, modes, refit, scale, select, serve
from modicum.workspace.bench.feeds import feed
from modicum.workspace.bench.labels import active, conformal, loop, noisy, proportions, shift
from modicum.workspace.bench.vectors import index, outliers, rungs, search, topics
from modicum.workspace.bench.weights import compress, merge, tuning

Bench = Callable[[Path, Sequence[str], int, Progress], list[BenchRow]]

FEED = ("pages", "room", "kind", "modality", "cranfield", "site", "search", "digest")


@dataclass(frozen=True)
class Entry:
    """One benchmark: what it runs, on which collections, with how many seeds."""

    run: Bench
    on: tuple[str, ...]
    seeds: int


BENCHES: Mapping[str, Entry] = MappingProxyType(
    {
        "few-shot": Entry(few_shot.run, ("banking77", "trec", "mpqa"), 5),
        "conformal": Entry(conformal.run, ("banking77", "trec"), 100),
        "noisy": Entry(noisy.run, ("banking77", "trec"), 3),
        "fit": Entry(refit.run, ("banking77",), 3),
        "encode": Entry(modes.run, ("banking77",), 5),
        "active": Entry(active.run, ("banking77", "trec"), 5),
        "shift": Entry(shift.run, ("banking77", "trec"), 20),
        "proportions": Entry(proportions.run, ("trec",), 5),
        "outliers": Entry(outliers.run, ("banking77",), 3),
        "dedup": Entry(dedup.run, ("banking77",), 3),
        "select": Entry(select.run, ("banking77", "trec", "mpqa"), 5),
        "rungs": Entry(rungs.run, ("banking77", "trec", "mpqa"), 3),
        "label": Entry(loop.run, ("banking77",), 1),
        "index": Entry(index.run, ("unstructured", "mixture"), 3),
        "topics": Entry(topics.run, ("banking77",), 5),
        "serve": Entry(serve.run, ("throughput", "soak", "swap"), 1),
        "scale": Entry(scale.run, ("banking77", "banking77:10000000", "overhead", "nodes"), 1),
        "compress": Entry(compress.run, ("banking77",), 5),
        "search": Entry(search.run, ("cranfield", "banking77"), 5),
        "feed": Entry(feed.run, FEED, 20),
        "weights": Entry(tuning.run, tuning.COLLECTIONS, 3),
        "merge": Entry(merge.run, ("banking77", "trec"), 1),
        "methods": Entry(methods.run, ("banking77", "trec", "mpqa"), 5),
    }
)

MACHINE = ("cores", "processor")
"""Facts of a machine without which figures do not compare."""


@dataclass(frozen=True)
class Found:
    """Rows of a benchmark with the machine they were measured on."""

    name: str
    rows: tuple[BenchRow, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {"bench": self.name, "machine": machine_facts(), "rows": rows_to_json(self.rows)}

    def write(self, path: Path, *, part: bool = False) -> None:
        """Write the JSON to a file.

        Args:
            path: Where to.
            part: Only a part of the benchmark was run: the file keeps what it holds of the other parts.

        Raises:
            InputError: The file is of another benchmark, or of another machine, whose figures do not compare.
        """
        told, measured = self.to_dict(), {row.on for row in self.rows}
        if part:
            told["rows"] = [*(row for row in other_rows(self.name, path) if row["on"] not in measured), *told["rows"]]
        atomic_write(path, (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode())


def other_rows(name: str, path: Path) -> list[dict[str, Any]]:
    """Rows of a file to which a part of a benchmark is to be added; none where there is no file yet.

    Raises:
        InputError: The file is of another benchmark, or of another machine, whose figures do not compare.
    """
    if not path.exists():
        return []
    there = read_json(path)
    if not isinstance(there, dict) or there.get("bench") != name or not {"machine", "rows"} <= there.keys():
        raise InputError(f"{path} holds no figures of {name}; give another file")
    machine = machine_facts()
    if any(there["machine"].get(fact) != machine[fact] for fact in MACHINE):
        raise InputError(f"{path} holds figures of another machine, which do not compare; give another file")
    return list(there["rows"])


def run_bench(
    name: str,
    root: Path,
    *,
    on: Sequence[str] | None = None,
    seeds: int | None = None,
    progress: Progress = silent,
) -> Found:
    """Run one benchmark.

    Args:
        name: One of `BENCHES`.
        root: Folder of collections, each a folder with train.csv and test.csv, or in the layout of BEIR.
        on: Collections; default the benchmark's own.
        seeds: Seeds; default the benchmark's own number.
        progress: Called with the cell that is running.

    Raises:
        InputError: The benchmark or a collection is not known.
    """
    entry = BENCHES[check_choice(name, BENCHES, "benchmark")]
    return Found(name, tuple(entry.run(root, tuple(on or entry.on), seeds or entry.seeds, progress)))
