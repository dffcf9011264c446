"""Fused vectors: an encoder's meaning beside the words themselves.

The question: what does a pretrained encoder leave out that the texts at hand show? Hashed counts of words and runs of
letters, compressed by what is frequent in this table, stand beside the encoder's vectors, so that the cosine of two
texts is the weighted mean of both. Measured with 4 to 16 labels a class, softmax regression gained most where questions
differ by single words, and little where the encoder sees all (`docs/rooms/vectors.md` has the figures). Do not use it
where rows come from a store of ready vectors, which would be encoded again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import fuse
from modicum.core.progress import Progress, silent
from modicum.encoders.folder import FolderEncoder
from modicum.encoders.hashed import HashedEncoder

WORDS = 0.2
"""Share of the cosine that is of words."""
SCHEMA = 1


class FusedEncoder:
    """An encoder's vectors and those of hashed words side by side; rows of length 1.

    Args:
        meaning: The pretrained encoder.
        words: Fitted on the texts at hand.
    """

    mode = "fused"

    def __init__(self, meaning: FolderEncoder, words: HashedEncoder) -> None:
        self.meaning, self.words = meaning, words
        self.name = meaning.name

    @classmethod
    def fit(cls, meaning: FolderEncoder, texts: Sequence[str]) -> Self:
        """Learn which words count.

        Args:
            meaning: The pretrained encoder.
            texts: What is to be encoded, or a sample of it.

        Raises:
            InputError: There are no texts.
        """
        return cls(meaning, HashedEncoder.fit(texts))

    @classmethod
    def from_arrays(cls, meaning: FolderEncoder, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The encoder whose `arrays` these are.

        Raises:
            InputError: One is missing or has another shape.
        """
        return cls(meaning, HashedEncoder.from_arrays(arrays))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What `from_arrays` needs beside the pretrained encoder."""
        return self.words.arrays()

    @property
    def dimension(self) -> int:
        """Width D of the vectors."""
        return self.meaning.dimension + self.words.dimension

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over both parts and their shares."""
        told = f"fused {SCHEMA} {WORDS} {self.meaning.fingerprint} {self.words.fingerprint}"
        return hashlib.sha256(told.encode()).hexdigest()

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        """Encode N texts to an array (N, D) of float32. Cost: that of the pretrained encoder, and a twentieth."""
        return self.joined(self.meaning.encode(texts, progress), texts)

    def joined(self, vectors: NDArray[np.floating], texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors (N, M) of N texts by the pretrained encoder, with those of their words beside them."""
        return fuse((np.asarray(vectors, dtype=np.float32), self.words.encode(texts)), (1 - WORDS, WORDS))
