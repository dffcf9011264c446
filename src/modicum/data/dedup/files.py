"""Exact duplicates among files: those of one length whose bytes are equal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modicum.core.records import refusal
from modicum.encoders.images import file_digests


def file_duplicates(files: Sequence[str]) -> NDArray[np.int64]:
    """Group (N,) of each file, numbered by first appearance; files alone in their group have no duplicate.

    Only files that share their length are read. The same picture in another format, size or quality is not found.

    Raises:
        InputError: A file cannot be read.
    """
    sizes = np.array([_size(file) for file in files], dtype=np.int64)
    _, length, counts = np.unique(sizes, return_inverse=True, return_counts=True)
    shared = np.flatnonzero(counts[length] > 1).tolist()
    contents: list[int | bytes] = list(range(len(files)))
    for row, digest in zip(shared, file_digests([files[row] for row in shared]), strict=True):
        contents[row] = bytes(digest)
    numbers: dict[int | bytes, int] = {}
    return np.array([numbers.setdefault(content, len(numbers)) for content in contents], dtype=np.int64)


def _size(file: str) -> int:
    try:
        return Path(file).stat().st_size
    except OSError as error:
        raise refusal(file, f"cannot be read ({error.strerror or error}); correct the name, or remove it") from error
