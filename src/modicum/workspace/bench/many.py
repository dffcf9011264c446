"""Tables of as many rows as are wanted, a bundle that answers for them, and what a run has kept of them so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from modicum.core.progress import Progress
from modicum.core.records import Table
from modicum.data.write import write_stream
from modicum.evaluation.bench import few_shot_rows, load_collection
from modicum.workspace.fitting import fit
from modicum.workspace.ladder.recipes import RECIPES

SHOTS = 8
PART = 50_000
CHEAP = tuple(recipe for recipe in RECIPES if recipe.name == "names + shots")


def static_bundle(name: str, root: Path, folder: Path) -> tuple[str, ...]:
    """Write a bundle of a collection, with static vectors and one linear recipe; returns the collection's texts."""
    train, _ = load_collection(name, root)
    codes = np.unique([str(label) for label in train.labels], return_inverse=True)[1]
    keep = set(few_shot_rows(codes, SHOTS, np.random.default_rng(0)).tolist())
    labels = tuple(label if row in keep else None for row, label in enumerate(train.labels))
    table = Table(train.ids, train.texts, labels)
    fit(table, recipes=CHEAP, encoder_mode="static", map_points=0).save(folder)
    return train.texts


def write_rows(file: Path, texts: Sequence[str], many: int, progress: Progress) -> Path:
    """Write a table of so many texts, no two of them equal."""
    write_stream(_parts(texts, many, progress), file)
    return file


def _parts(texts: Sequence[str], many: int, progress: Progress) -> Iterator[dict[str, list[str]]]:
    for start in range(0, many, PART):
        progress("writing rows", start, many)
        yield {"text": [f"{texts[row % len(texts)]} {row}" for row in range(start, min(start + PART, many))]}
    progress("writing rows", many, many)


def rows_kept(parts: Path) -> int:
    """Rows in the parts of a table that are there, by their names."""
    spans = (file.name.split(".")[1].split("-") for file in parts.glob("0*"))
    return sum(int(end) - int(start) for start, end in spans)
