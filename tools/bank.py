"""Rebuild the bank of results that comes with the package: `make bank`.

    python tools/bank.py COLLECTIONS... [--seeds N]

Each argument is a folder of collections, as `modicum bench` reads them; all collections in it are measured.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from modicum.cli.console import bars
from modicum.core.files import atomic_write
from modicum.workspace.bench.bank import build
from modicum.workspace.bench.tasks import open_collection
from modicum.workspace.ladder.bank import TUNED, Bank

WEIGHTS = Path(__file__).parent.parent / "benchmarks/weights.json"
MEASURE = "accuracy, tuned, names + shots"
"""What `modicum bench weights` tells of tuned weights, under one head; of several the best would flatter."""
BANK = Path(__file__).parent.parent / "src/modicum/workspace/ladder/bank.json"


def main() -> None:
    """Measure, and write the bank."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("folders", nargs="+", type=Path)
    told.add_argument("--seeds", type=int, default=3)
    asked = told.parse_args()
    with bars() as progress:
        found = sorted((file.parent.name, root) for root in asked.folders for file in root.glob("*/train.csv"))
        collections = [open_collection(name, root, progress) for name, root in found]
        bank = with_tuned(build(collections, asked.seeds, progress), json.loads(WEIGHTS.read_text())["rows"])
    atomic_write(BANK, bank.to_json().encode())


def with_tuned(bank: Bank, rows: Sequence[Mapping[str, Any]]) -> Bank:
    """The bank with the accuracies of tuned weights, where they were measured.

    Their lead over the ladder on frozen vectors, on the same draws of labels, is added to the accuracy of the bank's
    pool, which other draws gave: the two accuracies themselves do not compare.
    """
    found: dict[tuple[str, float], float] = {}
    for row in rows:
        place = re.fullmatch(r"(.+) test, (\d+) labels a class", row["on"])
        if place and row["measure"] == MEASURE:
            found[place[1], float(place[2])] = row["value"] - row["baseline"]
    entries = []
    for entry in bank.entries:
        lead = found.get((entry.table, entry.labels_per_class))
        told = entry.accuracies if lead is None else {**entry.accuracies, TUNED: round(entry.accuracy + lead, 5)}
        entries.append(replace(entry, accuracies=told))
    return Bank(tuple(entries))


if __name__ == "__main__":
    main()
