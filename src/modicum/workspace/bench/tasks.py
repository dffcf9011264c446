"""Few-label tasks cut from labelled collections."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from modicum.core.progress import Progress, silent
from modicum.core.records import LabelSpace
from modicum.data.dedup import near_duplicates
from modicum.data.read import label_space
from modicum.encoders import FolderEncoder, FusedEncoder, encode, resolve
from modicum.evaluation.bench import few_shot_rows, load_collection
from modicum.workspace.ladder.problem import Problem


@dataclass(frozen=True, eq=False)
class Collection:
    """A labelled collection with its vectors: a pool to draw labels from, and a test set never learnt from."""

    name: str
    space: LabelSpace
    class_vectors: NDArray[np.floating]
    X: NDArray[np.floating]
    codes: NDArray[np.int64]
    groups: NDArray[np.int64]
    X_test: NDArray[np.floating]
    codes_test: NDArray[np.int64]

    def task(self, shots: int, seed: int) -> Problem:
        """`shots` labels a class; the rest of the pool without labels."""
        rows = few_shot_rows(self.codes, shots, np.random.default_rng(seed))
        labelled = np.zeros(len(self.X), dtype=bool)
        labelled[rows] = True
        return Problem(self.X, self.codes, labelled, self.space, self.class_vectors, self.groups)

    def part(self, classes: NDArray[np.int64]) -> Self:
        """The rows of some classes (ascending numbers) alone, as a smaller collection."""
        kept, tested = np.isin(self.codes, classes), np.isin(self.codes_test, classes)
        return replace(
            self,
            name=f"{self.name}, {len(classes)} classes",
            space=LabelSpace(tuple(self.space.names[k] for k in classes)),
            class_vectors=self.class_vectors[classes],
            X=self.X[kept],
            codes=np.searchsorted(classes, self.codes[kept]),
            groups=self.groups[kept],
            X_test=self.X_test[tested],
            codes_test=np.searchsorted(classes, self.codes_test[tested]),
        )


def open_collection(name: str, root: Path, progress: Progress = silent, *, words: bool = False) -> Collection:
    """Read and encode a collection with the default encoder; vectors come from the cache where they are there.

    Args:
        name: Of the collection.
        root: Folder of collections.
        progress: Called with the number of texts that are encoded.
        words: Whether the words of the training texts stand beside the vectors, as `fit` has them.
    """
    train, test = load_collection(name, root)
    space = label_space(train, None)
    encoder = resolve(None, train.texts)
    if words and isinstance(encoder, FolderEncoder):
        encoder = FusedEncoder.fit(encoder, train.texts)
    return Collection(
        name,
        space,
        encode(space.texts(), encoder),
        encode(train.texts, encoder, progress=progress),
        space.encode(train.labels)[0],
        near_duplicates(train.texts),
        encode(test.texts, encoder, progress=progress),
        space.encode(test.labels)[0],
    )
