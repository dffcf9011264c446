"""What rooms may ask of one another, as verbs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from modicum.core.progress import Progress, silent

Task = TypeVar("Task")
Answer = TypeVar("Answer")


@runtime_checkable
class Encoder(Protocol):
    """Turns texts into vectors, always the same ones for the same fingerprint."""

    @property
    def name(self) -> str:
        """Name a reader recognises, for instance `all-MiniLM-L6-v2`."""

    @property
    def fingerprint(self) -> str:
        """Hex digest over weights, tokenizer and settings: equal fingerprints give equal vectors."""

    @property
    def dimension(self) -> int:
        """Width D of the vectors."""

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        """Encode N texts to an array (N, D) of float32."""


@runtime_checkable
class StoredVectors(Protocol):
    """Vectors of N rows that lie beside them in a store, and are read when they are asked for."""

    @property
    def encoder(self) -> str:
        """What made them: a name or a folder."""

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the encoder that made them."""

    @property
    def indexed(self) -> bool:
        """Whether `nearest` asks an index; else all of them are few enough to be read."""

    def read(self) -> NDArray[np.float32]:
        """All of them (N, D), in the order of the rows."""

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Those of some rows (M,), in that order: an array (M, D)."""

    def nearest(self, query: NDArray[np.floating], count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Row numbers and cosines of about the `count` rows nearest to a query (D,), nearest first."""


@runtime_checkable
class Executor(Protocol):
    """Runs independent tasks somewhere; methods never know where."""

    @property
    def parallel(self) -> int:
        """Tasks that run at the same time."""

    def map(self, function: Callable[[Task], Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        """Yield `function(task)` in the order of `tasks`."""
