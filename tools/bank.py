"""Rebuild the bank of results that comes with the package: `make bank`.

    python tools/bank.py COLLECTIONS... [--seeds N]

Each argument is a folder of collections, as `modicum bench` reads them; all collections in it are measured.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from modicum.cli.console import bars
from modicum.core.files import atomic_write
from modicum.workspace.bench.bank import build
from modicum.workspace.bench.tasks import open_collection

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
        bank = build(collections, asked.seeds, progress)
    atomic_write(BANK, bank.to_json().encode())


if __name__ == "__main__":
    main()
