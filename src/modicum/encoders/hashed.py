"""Vectors without pretrained weights: hashed word and letter counts, compressed.

What stands in where no encoder is to be had: counts of words, word pairs and runs of 3 to 5 letters, hashed into a
fixed number of columns, weighted by rarity (TF-IDF) and projected on their leading singular vectors (latent semantic
analysis). It knows nothing that the texts it was fitted on do not say: class names help little, synonyms not at all.
A pretrained encoder is better wherever there is one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.preprocessing import normalize
from sklearn.utils.extmath import randomized_svd

from modicum.core.arrays import chunks, normalize_rows
from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.encoders.wellformed import clip

COLUMNS = 1 << 13
"""Hashed columns for words, and as many for runs of letters; measured, more make larger bundles, not better vectors."""
SAMPLE = 20_000
"""Texts that the fit looks at, drawn at random where there are more."""
CHARACTERS = 8192
"""Characters of a text that count."""
ROWS = 2048
SCHEMA = 1


class HashedEncoder:
    """TF-IDF of hashed counts, projected on its leading singular vectors, rows of length 1 (or 0 for empty texts).

    It is fitted once (`fit`); its fingerprint covers the fitted arrays, which can be stored (`arrays`, `from_arrays`).

    Example:
        >>> encoder = HashedEncoder.fit(["red apple", "green apple", "blue sky", "grey sky"])
        >>> X = encoder.encode(["an apple", "the sky"])
        >>> X.shape, encoder.fingerprint == HashedEncoder.from_arrays(encoder.arrays()).fingerprint
        ((2, 4), True)
    """

    name = "hashed"

    def __init__(self, rarity: NDArray[np.float32], components: NDArray[np.float16]) -> None:
        self._rarity = rarity
        self._components = components

    @classmethod
    def fit(cls, texts: Sequence[str], seed: int = 0, dimension: int = 256) -> Self:
        """Learn the weights of columns and the projection.

        Args:
            texts: What is to be encoded, or a sample of it; beyond `SAMPLE` texts a random sample is looked at.
            seed: Of the sample and of the randomised decomposition.
            dimension: Width D; less where there are fewer texts.

        Raises:
            InputError: There are no texts.
        """
        if not len(texts):
            raise InputError("the hashed encoder cannot be fitted on no texts; give at least one")
        if len(texts) > SAMPLE:
            chosen = np.random.default_rng(seed).choice(len(texts), SAMPLE, replace=False)
            texts = [texts[row] for row in np.sort(chosen)]
        counts = sparse.vstack([_count(texts[part]) for part in chunks(len(texts), ROWS)], format="csr")
        holding = np.bincount(counts.indices, minlength=counts.shape[1])
        rarity = (np.log((1 + len(texts)) / (1 + holding)) + 1).astype(np.float32)
        _, _, components = randomized_svd(_weigh(counts, rarity), min(dimension, len(texts)), random_state=seed)
        return cls(rarity, components.astype(np.float16))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The encoder whose `arrays` these are.

        Raises:
            InputError: One is missing or has another shape.
        """
        try:
            rarity, components = arrays["hashed_rarity"], arrays["hashed_components"]
        except KeyError as error:
            raise InputError(f"the hashed encoder lacks the array {error.args[0]!r}; fit it again") from None
        if rarity.shape != (2 * COLUMNS,) or components.ndim != 2 or components.shape[1] != 2 * COLUMNS:
            raise InputError("the hashed encoder's arrays have other shapes than this version makes; fit it again")
        return cls(np.asarray(rarity, dtype=np.float32), np.asarray(components, dtype=np.float16))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What `from_arrays` needs: weights of columns (float32) and projection (float16), 8 MB at 256 dimensions."""
        return {"hashed_rarity": self._rarity, "hashed_components": self._components}

    @property
    def dimension(self) -> int:
        """Width D of the vectors."""
        return len(self._components)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the fitted arrays."""
        digest = hashlib.sha256(f"hashed {SCHEMA} {self._components.shape}".encode())
        digest.update(np.ascontiguousarray(self._rarity, dtype="<f4").tobytes())
        digest.update(np.ascontiguousarray(self._components, dtype="<f2").tobytes())
        return digest.hexdigest()

    @cached_property
    def _projection(self) -> NDArray[np.float32]:
        """Widened once: for a single text that would take longer than all else."""
        return self._components.astype(np.float32).T

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        """Encode N texts to an array (N, D) of float32."""
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for part in chunks(len(texts), ROWS):
            vectors[part] = normalize_rows(_weigh(_count(texts[part]), self._rarity) @ self._projection)
            progress("encode", part.stop, len(texts))
        return vectors


def _count(texts: Sequence[str]) -> sparse.csr_matrix:
    """Hashed counts (N, 2 COLUMNS), damped by 1 + log: words and word pairs, then runs of 3 to 5 letters."""
    cut = [clip(text, CHARACTERS) for text in texts]
    same = {"n_features": COLUMNS, "alternate_sign": False, "norm": None, "dtype": np.float32}
    words = HashingVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", **same)
    letters = HashingVectorizer(ngram_range=(3, 5), analyzer="char_wb", **same)
    counts = sparse.hstack([words.transform(cut), letters.transform(cut)], format="csr")
    counts.data = 1 + np.log(counts.data)
    return counts


def _weigh(counts: sparse.csr_matrix, rarity: NDArray[np.float32]) -> sparse.csr_matrix:
    """Counts times rarity, each of the two halves brought to length 1 so that letters do not drown words."""
    weighted = counts.multiply(rarity).tocsr()
    return sparse.hstack([normalize(weighted[:, :COLUMNS]), normalize(weighted[:, COLUMNS:])], format="csr")
