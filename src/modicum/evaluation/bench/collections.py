"""Labelled collections as folders: train.csv and test.csv with the columns text and category."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import nearest_name
from modicum.core.errors import InputError
from modicum.core.records import Table
from modicum.data.read import read


def load_collection(name: str, root: Path) -> tuple[Table, Table]:
    """Train and test table of a collection.

    Raises:
        InputError: The folder or one of its files is not there.
    """
    folder = root / name
    if not folder.is_dir():
        there = sorted(p.name for p in root.iterdir() if p.is_dir()) if root.is_dir() else []
        raise InputError(
            f"there is no collection {name!r} in {root}{nearest_name(name, there)} "
            "(give the folder of collections with --data DIR)"
        )
    train, test = (read(folder / f"{part}.csv", text="text", label="category") for part in ("train", "test"))
    return train, test


def few_shot_rows(codes: NDArray[np.int64], shots: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Row numbers, ascending, of `shots` random rows of each class; all rows of a class that has fewer."""
    order = rng.permutation(len(codes))
    rank = np.empty(len(codes), dtype=np.int64)
    by_class = order[np.argsort(codes[order], kind="stable")]
    starts = np.searchsorted(codes[by_class], np.arange(codes.max() + 1))
    rank[by_class] = np.arange(len(codes)) - starts[codes[by_class]]
    return np.flatnonzero(rank < shots)
