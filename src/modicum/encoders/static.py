"""Static vectors: one vector per word piece, distilled from an encoder; a text is the mean of its pieces.

The question: how good are vectors that cost a hundredth? Every word piece of the encoder's vocabulary is encoded by
itself, the table is projected on its leading principal components, rare pieces are given more weight than frequent
ones, and from then on a text costs a tokenisation and a few additions. Word order and context are lost. Do not use it
where these matter (questions, negations), unless a cascade sends the unsure texts to the encoder itself.

The recipe is that of model2vec (Tulkens & van Dongen 2024), with the frequency weights of "A Simple but Tough-to-Beat
Baseline for Sentence Embeddings" (Arora et al. 2017). Changed: nothing but the number of components.
An encoder's folder may hold a table of its own, which is then taken in the place of that one:
`modicum.weights.compress.static_student` learns one from texts.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save
from scipy.sparse import csr_array

from modicum.core.arrays import chunks, normalize_rows
from modicum.core.checks import check_vectors
from modicum.core.errors import InputError
from modicum.core.files import atomic_write, file_digest
from modicum.core.places import cache_root
from modicum.core.progress import Progress, silent
from modicum.encoders.folder import FolderEncoder

COMPONENTS = 256
RARITY = 1e-4
"""The weight of a piece of probability p is RARITY / (RARITY + p)."""
ROWS = 4096
SCHEMA = 1
FILE = "table.safetensors"


class StaticEncoder:
    """Mean of word-piece vectors that were distilled from `base`; rows of length 1 (0 for empty texts).

    The table is the one that lies in the folder of `base`, where there is one (see `write_table`). Else it is made at
    the first `encode`, which encodes the vocabulary once (ten seconds and more for the default encoder), and kept in
    the cache folder.

    Args:
        base: The encoder whose vocabulary is encoded.
        folder: Where tables are kept that were made here; default `static` in the cache.
    """

    mode = "static"

    def __init__(self, base: FolderEncoder, folder: Path | None = None) -> None:
        self.base = base
        self.name = base.name
        self.folder = folder or cache_root(os.environ) / "static"

    @property
    def dimension(self) -> int:
        """Width D of the vectors."""
        return self.table.shape[1] if self._own.is_file() else min(COMPONENTS, self.base.dimension)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the base encoder's fingerprint and the recipe, or the table that lies in its folder."""
        recipe = file_digest(self._own) if self._own.is_file() else f"{COMPONENTS} {RARITY}"
        return hashlib.sha256(f"static {SCHEMA} {recipe} {self.base.fingerprint}".encode()).hexdigest()

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        """Encode N texts to an array (N, D) of float32. Cost: O(tokens D); memory beyond the result is constant."""
        table = self.table
        vectors = np.empty((len(texts), table.shape[1]), dtype=np.float32)
        for part in chunks(len(texts), ROWS):
            vectors[part] = normalize_rows(self.counts(texts[part]) @ table)
            progress("encode", part.stop, len(texts))
        return vectors

    def counts(self, texts: Sequence[str]) -> csr_array:
        """How often each word piece stands in each text (N, V), a piece that occurs twice in two entries."""
        tokens = self.base.tokenize(texts, marks=False)
        ends = np.cumsum([0, *(len(ids) for ids in tokens)], dtype=np.int64)
        pieces = np.fromiter(chain.from_iterable(tokens), dtype=np.int64, count=int(ends[-1]))
        ones = np.ones(len(pieces), dtype=np.float32)
        return csr_array((ones, pieces, ends), shape=(len(tokens), self.base.vocabulary))

    @cached_property
    def table(self) -> NDArray[np.float32]:
        """Vectors (V, D) of the word pieces.

        Raises:
            InputError: The table in the encoder's folder is not of its vocabulary.
        """
        file = self._own if self._own.is_file() else self.folder / self.fingerprint / FILE
        if not file.is_file():
            file.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(file, save({"table": distil_table(self.base)}))
        table = _read_table(file)
        if len(table) != self.base.vocabulary:
            raise InputError(
                f"{file} holds vectors of {len(table)} word pieces where the tokenizer has {self.base.vocabulary}; "
                "remove it, or write the table that was made with this tokenizer"
            )
        return table

    @property
    def _own(self) -> Path:
        return self.base.layout.root / FILE


def _read_table(file: Path) -> NDArray[np.float32]:
    try:
        held = load_file(file)["table"]
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{file} holds no table of word-piece vectors ({error}); remove it") from error
    return np.asarray(check_vectors(held, what=f"{file}: word-piece vectors"), dtype=np.float32)


def write_table(folder: str | Path, table: NDArray[np.floating]) -> None:
    """Put a table of word-piece vectors (V, D) into an encoder's folder, which has it as its static mode from then on.

    Raises:
        InputError: It is not a table of finite numbers, or there is no such folder.
    """
    if not Path(folder).is_dir():
        raise InputError(f"there is no encoder folder {folder}; write the encoder before its table")
    held = np.asarray(check_vectors(table, what="word-piece vectors"), dtype=np.float32, order="C")
    atomic_write(Path(folder) / FILE, save({"table": held}))


def distil_table(base: FolderEncoder) -> NDArray[np.float32]:
    """Vectors (V, D) of the encoder's vocabulary: encoded piece by piece, projected, weighted by rarity.

    Pieces are taken to be ordered by frequency, as vocabularies of word pieces are, and to follow Zipf's law.
    """
    begin, end = base.marks
    pieces = [[*begin, piece, *end] for piece in range(base.vocabulary)]
    vectors = base.encode_ids(pieces).astype(np.float64)
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    projected = centred @ directions[:, ::-1][:, : min(COMPONENTS, base.dimension)]
    share = 1 / np.arange(2, len(vectors) + 2)
    share /= share.sum()
    return np.asarray(projected * (RARITY / (RARITY + share))[:, None], dtype=np.float32)
