"""What is in files, as short hashes: the same image under two names is one image."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modicum.core.cores import usable_cores
from modicum.core.records import refusal


def file_digests(files: Sequence[str]) -> NDArray[np.bytes_]:
    """The 16-byte hash (N,) of what is in each file. Cost: O(bytes), read once and never held as a whole.

    Raises:
        InputError: A file cannot be read.
    """
    with ThreadPoolExecutor(usable_cores()) as pool:
        return np.array(list(pool.map(_digest, files)), dtype="S16")


def _digest(file: str) -> bytes:
    try:
        with Path(file).open("rb") as stream:
            return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).digest()
    except OSError as error:
        raise refusal(file, f"cannot be read ({error.strerror or error}); correct the name, or remove it") from error
