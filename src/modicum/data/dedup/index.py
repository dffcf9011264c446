"""A stored index of rows, against which one new row or a new file is held: is it a copy of what is there?

An index is one file: ids, texts, and for texts the keys that copies have in common, or else vectors. It is written
whole or not at all, refused unless it is what was written, and holds no pickle. A search reads the keys, takes the
stored rows that share one with a new row, and runs on these few what would have been run on all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from modicum.core.errors import InputError
from modicum.core.files import atomic_write
from modicum.data.dedup.copies import THRESHOLD, text_copies
from modicum.data.dedup.edited import Spelt, letter_keys, word_keys
from modicum.data.dedup.linking import heads
from modicum.data.dedup.vectors import nearest_stored

SCHEMA = 1
TEXT, VECTORS = "text", "vectors"
MADE = "make it again with modicum dedup TABLE --index FILE"

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class CopyIndex:
    """Rows that new ones are compared with, by text or by vectors."""

    kind: str
    """`text` or `vectors`."""
    ids: tuple[str, ...]
    arrays: Arrays
    """Of texts: `sums` and `sum_rows`, `bands` and `band_rows`; of vectors: `vectors` (N, D)."""
    threshold: float
    """Of `text_copies`, or the least cosine."""
    texts: tuple[str, ...] = ()
    encoder: str = ""
    """Fingerprint of what made the vectors; empty where it is not known."""
    seed: int = 0

    @classmethod
    def of_texts(
        cls, ids: Sequence[str], texts: Sequence[str], *, threshold: float = THRESHOLD, seed: int = 0
    ) -> CopyIndex:
        """Index texts (N,) by id.

        Raises:
            InputError: There is not one id for each text.

        Example:
            >>> index = CopyIndex.of_texts(["a", "b"], ["When will my card arrive?", "Where is my refund?"])
            >>> [index.ids[row] for row in index.find_texts(["Wher is my refnud", "hello there"]) if row >= 0]
            ['b']
        """
        _check_lengths(ids, texts)
        spelt = [Spelt.of(text) for text in texts]
        sums, sum_rows = word_keys(spelt)
        bands, band_rows = letter_keys(spelt, seed)
        arrays = {"sums": sums, "sum_rows": sum_rows, "bands": bands, "band_rows": band_rows}
        return cls(TEXT, tuple(ids), arrays, threshold, tuple(texts), seed=seed)

    @classmethod
    def of_vectors(
        cls, ids: Sequence[str], vectors: NDArray[np.floating], *, threshold: float = 0.95, encoder: str = ""
    ) -> CopyIndex:
        """Index vectors (N, D) by id; `encoder` is the fingerprint of what made them.

        Raises:
            InputError: There is not one id for each vector.
        """
        _check_lengths(ids, vectors)
        return cls(VECTORS, tuple(ids), {"vectors": np.asarray(vectors, dtype=np.float32)}, threshold, encoder=encoder)

    def __len__(self) -> int:
        """Return the number of stored rows."""
        return len(self.ids)

    def find_texts(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Stored row (n,) that each new text is a copy of, the first of several; -1 where there is none.

        Raises:
            InputError: The index is one of vectors.
        """
        self._require(TEXT)
        near = self._sharing(texts)
        groups = text_copies([*(self.texts[row] for row in near), *texts], threshold=self.threshold, seed=self.seed)
        first = heads(groups)[len(near) :]
        return np.where(first < len(near), np.append(near, -1)[np.minimum(first, len(near))], -1).astype(np.int64)

    def find_vectors(self, vectors: NDArray[np.floating], *, encoder: str = "") -> NDArray[np.int64]:
        """Stored row (n,) most like each new vector (n, D); -1 where none is like enough.

        Raises:
            InputError: The index is one of texts, of another width, or of another encoder.
        """
        self._require(VECTORS)
        if encoder and self.encoder and encoder != self.encoder:
            raise InputError(
                f"the index holds vectors of encoder {self.encoder[:12]}, the new ones are of {encoder[:12]}; use the "
                f"same --encoder, or {MADE}"
            )
        return nearest_stored(vectors, self.arrays["vectors"], threshold=self.threshold)

    def _require(self, kind: str) -> None:
        if self.kind != kind:
            raise InputError(f"the index was made by {self.kind}, not by {kind}; ask with --by {self.kind}, or {MADE}")

    def _sharing(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Stored rows, ascending, that share a key with one of the new texts."""
        spelt = [Spelt.of(text) for text in texts]
        sums, bands = word_keys(spelt)[0], letter_keys(spelt, self.seed)[0]
        found = [self.arrays["sum_rows"][np.isin(self.arrays["sums"], sums)]]
        stored = self.arrays["bands"]
        found += [self.arrays["band_rows"][np.isin(stored[:, k], bands[:, k])] for k in range(stored.shape[1])]
        return np.unique(np.concatenate(found))

    def save(self, path: str | Path) -> Path:
        """Write the index as one file, whole or not at all.

        Raises:
            InputError: The place cannot be written.
        """
        arrays = {**self.arrays, **_packed("ids", self.ids), **_packed("texts", self.texts)}
        facts = {"schema": SCHEMA, "kind": self.kind, "threshold": self.threshold, "encoder": self.encoder}
        told = json.dumps({**facts, "seed": self.seed})
        arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        atomic_write(Path(path), save(arrays, {"modicum": told, "digest": _digest(told, arrays)}))
        return Path(path)


def load_index(path: str | Path) -> CopyIndex:
    """Read an index after checking that it is what was written.

    Raises:
        InputError: There is none, or it is truncated, edited, of a newer schema or something else.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"there is no index at {file}; {MADE}")
    try:
        with safe_open(file, framework="np") as handle:
            told = (handle.metadata() or {}).get("modicum", "")
            digest = (handle.metadata() or {}).get("digest")
            arrays = {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118  # it is no mapping
    except (SafetensorError, OSError) as error:
        raise InputError(f"{file} cannot be read as an index ({error}); {MADE}") from error
    if not told:
        raise InputError(f"{file} is not an index of rows; {MADE}")
    if digest != _digest(told, arrays):
        raise InputError(f"{file} is not the file that was written (truncated or edited); copy it again, or {MADE}")
    facts = json.loads(told)
    if facts["schema"] > SCHEMA:
        raise InputError(f"{file} was written by a newer modicum; upgrade with: pip install -U modicum")
    ids, texts = _unpacked("ids", arrays), _unpacked("texts", arrays)
    return CopyIndex(facts["kind"], ids, arrays, facts["threshold"], texts, facts["encoder"], facts["seed"])


def _check_lengths(ids: Sequence[str], rows: Sequence[str] | NDArray[np.floating]) -> None:
    if len(ids) != len(rows):
        raise InputError(f"{len(ids)} ids for {len(rows)} rows; give one per row")


def _packed(name: str, texts: Sequence[str]) -> Arrays:
    """Texts as one array of bytes, and where each ends."""
    told = [text.encode("utf-8", "surrogatepass") for text in texts]
    ends = np.cumsum([len(text) for text in told], dtype=np.int64)
    return {name: np.frombuffer(b"".join(told), dtype=np.uint8), f"{name}_ends": ends}


def _unpacked(name: str, arrays: Arrays) -> tuple[str, ...]:
    """Take packed texts out of the arrays."""
    told, ends = arrays.pop(name).tobytes(), arrays.pop(f"{name}_ends").tolist()
    return tuple(
        told[start:end].decode("utf-8", "surrogatepass") for start, end in zip([0, *ends[:-1]], ends, strict=False)
    )


def _digest(told: str, arrays: Arrays) -> str:
    """Hash of all that is stored."""
    seen = hashlib.sha256(told.encode())
    for name in sorted(arrays):
        seen.update(f"{name} {arrays[name].dtype.str} {arrays[name].shape}".encode())
        seen.update(np.ascontiguousarray(arrays[name]).tobytes())
    return seen.hexdigest()
