"""Labelled collections as folders: train.csv and test.csv with the columns text and category."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import nearest_name
from modicum.core.errors import InputError
from modicum.core.records import Table
from modicum.data.read import read

DATA = Path("../shared/data")
"""Where collections lie unless told otherwise."""
REMEDY = "(give the folder of collections with --data DIR)"


def load_collection(name: str, root: Path = DATA) -> tuple[Table, Table]:
    """Train and test table of a collection.

    Args:
        name: Name of the collection's folder, which holds `train.csv` and `test.csv` with columns text and category.
        root: Folder of collections.

    Raises:
        InputError: The folder or one of its files is not there, or a file lacks a column.
    """
    folder = root / name
    if not folder.is_dir():
        there = sorted(p.name for p in root.iterdir() if p.is_dir()) if root.is_dir() else []
        raise InputError(f"there is no collection {name!r} in {root}{nearest_name(name, there)} {REMEDY}")
    train, test = (folder / f"{part}.csv" for part in ("train", "test"))
    for file in (train, test):
        if not file.is_file():
            raise InputError(f"collection {name!r} has no {file.name} in {folder} {REMEDY}")
    return read(train, text="text", label="category"), read(test, text="text", label="category")


def few_shot_rows(codes: NDArray[np.int64], shots: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Row numbers, ascending, of `shots` random rows of each class; all rows of a class that has fewer.

    Raises:
        InputError: `shots` is negative.

    Example:
        >>> import numpy as np
        >>> rows = few_shot_rows(np.array([1, 0, 0, 0, 1]), 2, np.random.default_rng(0))
        >>> len(rows), rows[[0, -1]].tolist()
        (4, [0, 4])
    """
    if shots < 0:
        raise InputError(f"shots must be at least 0, not {shots}")
    order = rng.permutation(len(codes))
    by_class = order[np.argsort(codes[order], kind="stable")]
    _, starts, counts = np.unique(codes[by_class], return_index=True, return_counts=True)
    rank = np.arange(len(codes)) - np.repeat(starts, counts)
    return np.sort(by_class[rank < shots])


def shifted_rows(
    codes: NDArray[np.int64], size: int, rng: np.random.Generator, *, concentration: float = 0.5
) -> NDArray[np.int64]:
    """Row numbers (size,), drawn with replacement under class shares from a symmetric Dirichlet distribution.

    Args:
        codes: Classes (N,) of the rows to draw from; a class without rows has no share.
        size: How many rows to draw.
        rng: Source of randomness.
        concentration: Of the Dirichlet distribution, above 0: shares are the more unequal the smaller it is.

    Example:
        >>> import numpy as np
        >>> codes = np.repeat([0, 1, 2], 50)
        >>> np.bincount(codes[shifted_rows(codes, 100, np.random.default_rng(1))], minlength=3).tolist()
        [40, 29, 31]
    """
    classes, place, counts = np.unique(codes, return_inverse=True, return_counts=True)
    drawn = rng.choice(len(classes), size, p=rng.dirichlet(np.full(len(classes), concentration)))
    starts = np.cumsum(counts) - counts
    within = (rng.random(size) * counts[drawn]).astype(np.int64)
    return np.asarray(np.argsort(place, kind="stable")[starts[drawn] + within], dtype=np.int64)
