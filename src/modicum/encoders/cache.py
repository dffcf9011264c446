"""The cache of vectors on disk, and the only writer of vectors: nothing is encoded twice by the same encoder.

One folder per encoder fingerprint holds two append-only files: `vectors.f32`, and `keys.bin` with the hash of each
row's text and the checksum of its vector. Vectors reach the disk before their keys, so a key vouches for its vector:
whatever a killed process leaves behind is a tail without keys, which readers ignore and the next writer cuts off.
Writers take turns by a lock; readers need none.

Checksums are verified for the rows of each answer when they are read (0.3 seconds per gigabyte), never at opening.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from modicum.core.arrays import chunks
from modicum.core.checks import check_vectors
from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder

SCHEMA = 1
ROWS = 1024
"""Texts encoded between two writes: what a killed process loses at most."""
GATHER = 65_536
"""Rows gathered at a time where they do not stand in one run."""
PATIENCE = 60.0
"""Seconds to wait for another writer, who holds the lock for milliseconds."""
KEY = np.dtype([("text", "S16"), ("checksum", "<u4")])

Digests = NDArray[np.bytes_]


class VectorCache:
    """Vectors of texts, kept in a folder.

    Args:
        root: Folder that holds one folder per encoder; it is made when needed. Where it cannot be written, vectors are
            kept in memory for the one call, with a warning.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def encode(
        self,
        encoder: Encoder,
        texts: Sequence[str],
        progress: Progress = silent,
        *,
        keys: Digests | None = None,
        rows: int | None = None,
    ) -> NDArray[np.float32]:
        """Vectors (N, D) of N texts: from the cache where they are there, encoded and kept where not.

        `keys` (N,) are the hashes under which they are kept; default those of the texts. Names of files stand for
        what is in them, so theirs are hashes of that. `rows` texts are encoded between two writes; default `ROWS`.

        The answer is memory-mapped, and read-only, where its rows stand in one run in the cache.
        Cost: O((N + C) log C) for C rows in the cache, besides the encoder's.

        Raises:
            InputError: The folder was written by another version of modicum or for another width, or the encoder
                answers with something else than finite vectors of its width.
        """
        wanted = digests(texts) if keys is None else keys
        shelf = _Shelf(self.root / encoder.fingerprint, encoder)
        places = shelf.find(wanted)
        damaged = shelf.damaged(places)
        if damaged.any():
            told = f"{damaged.sum()} vectors in the cache {shelf.folder} are damaged; they are encoded again"
            warnings.warn(told, UserWarning, stacklevel=2)
        missing = _first_of_each(wanted, (places < 0) | damaged)
        if not len(missing):
            progress("encode", len(texts), len(texts))
            return shelf.take(places)
        runs = [missing[part] for part in chunks(len(missing), rows or ROWS)]
        kept = _fill(shelf, encoder, texts, wanted, runs, progress)
        return _assemble(shelf, encoder, texts, wanted, kept)


def digests(texts: Sequence[str]) -> Digests:
    """The 16-byte hash (N,) under which each text is kept."""
    hashed = [hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts]
    # Comparisons of this type skip zeros at the end, which is exact as all are equally long.
    return np.array(hashed, dtype="S16")


class _Shelf:
    """The files of one encoder, and what has been read of them."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        self.folder = folder
        self.width = encoder.dimension
        self.meta = {"schema": SCHEMA, "dimension": encoder.dimension, "encoder": encoder.name}
        self.keys = np.empty(0, dtype=KEY)
        self._check_meta()
        self.refresh()

    def refresh(self) -> Digests:
        """Read the keys that were appended since the last time; return their texts' hashes."""
        known = len(self.keys)
        try:
            fresh = np.fromfile(self.folder / "keys.bin", dtype=KEY, offset=known * KEY.itemsize)
        except OSError:
            return np.empty(0, dtype="S16")
        fresh = fresh[: max(0, self._rows_on_disk() - known)]
        self.keys = np.concatenate([self.keys, fresh])
        return fresh["text"]

    def find(self, wanted: Digests) -> NDArray[np.int64]:
        """Row of each text (N,), the last one written; -1 where there is none."""
        return last_places(self.keys["text"], wanted)

    def damaged(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Mask (N,) of the rows, -1 aside, whose vector is not what was written."""
        used = np.unique(rows[rows >= 0])
        there = used[used < self._rows_on_disk()]
        intact = np.zeros(len(self.keys) + 1, dtype=bool)
        if len(there):
            vectors = self._map(0, int(there[-1]) + 1)
            sums = np.fromiter((zlib.crc32(vectors[row]) for row in there.tolist()), dtype=np.uint32, count=len(there))
            intact[there] = sums == self.keys["checksum"][there]
        return (rows >= 0) & ~intact[rows]

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Vectors (N, D) of rows that are there: mapped where they stand in one run, else gathered."""
        if not len(rows):
            return np.empty((0, self.width), dtype=np.float32)
        if (np.diff(rows) == 1).all():
            return self._map(int(rows[0]), len(rows))
        vectors = self._map(0, int(rows.max()) + 1)
        gathered = np.empty((len(rows), self.width), dtype=np.float32)
        for part in chunks(len(rows), GATHER):
            gathered[part] = vectors[rows[part]]
        return gathered

    def append(self, texts: Digests, vectors: NDArray[np.float32]) -> Digests:
        """Write rows that no other process has written meanwhile; return what others wrote.

        Raises:
            OSError: The folder cannot be written, or was changed by something else.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / "lock", timeout=PATIENCE):
            if not (self.folder / "meta.json").exists():
                _replace(self.folder / "meta.json", json.dumps(self.meta).encode())
            others = self.refresh()
            new = ~np.isin(texts, others)
            keys = np.empty(int(new.sum()), dtype=KEY)
            keys["text"] = texts[new]
            keys["checksum"] = [zlib.crc32(vector) for vector in vectors[new]]
            _extend(self.folder / "vectors.f32", len(self.keys) * self.width * 4, vectors[new].tobytes())
            _extend(self.folder / "keys.bin", len(self.keys) * KEY.itemsize, keys.tobytes())
            self.keys = np.concatenate([self.keys, keys])
        return others

    def _map(self, start: int, rows: int) -> NDArray[np.float32]:
        size = self.width * 4
        file = self.folder / "vectors.f32"
        mapped = np.memmap(file, dtype="<f4", mode="r", offset=start * size, shape=(rows, self.width))
        # As a plain array its rows are cut several times faster.
        return np.asarray(mapped)

    def _rows_on_disk(self) -> int:
        try:
            return (self.folder / "vectors.f32").stat().st_size // (self.width * 4)
        except OSError:
            return 0

    def _check_meta(self) -> None:
        try:
            said = json.loads((self.folder / "meta.json").read_bytes())
        except OSError:
            return
        except ValueError:
            said = None
        mine = {key: self.meta[key] for key in ("schema", "dimension")}
        if not isinstance(said, dict) or any(said.get(key) != value for key, value in mine.items()):
            raise InputError(
                f"the cache folder {self.folder} was not written for {mine} by this version of modicum; delete it, or "
                "name another cache folder with MODICUM_CACHE"
            )


def _fill(
    shelf: _Shelf,
    encoder: Encoder,
    texts: Sequence[str],
    wanted: Digests,
    runs: Sequence[NDArray[np.int64]],
    progress: Progress,
) -> list[tuple[Digests, NDArray[np.float32]]]:
    """Encode the missing texts, a run at a time, and append them to the shelf; return what could not be written."""
    others: Digests = np.empty(0, dtype="S16")
    unwritten: list[tuple[Digests, NDArray[np.float32]]] = []
    finished = len(texts) - sum(map(len, runs))

    def within(stage: str, done: int, total: int) -> None:
        progress(stage, finished + done, len(texts))

    for run in runs:
        others = np.concatenate([others, shelf.refresh()])
        batch = run[~np.isin(wanted[run], others)]
        vectors = _encode(encoder, [texts[row] for row in batch], within)
        if not unwritten:
            try:
                others = np.concatenate([others, shelf.append(wanted[batch], vectors)])
            except (OSError, NotImplementedError) as error:  # the latter from file systems that cannot lock
                told = f"the cache {shelf.folder} cannot be written ({error}); vectors are kept in memory for this run"
                warnings.warn(told, UserWarning, stacklevel=3)
                unwritten.append((wanted[batch], vectors))
        else:
            unwritten.append((wanted[batch], vectors))
        finished += len(run)
        progress("encode", finished, len(texts))
    return unwritten


def _assemble(
    shelf: _Shelf,
    encoder: Encoder,
    texts: Sequence[str],
    wanted: Digests,
    unwritten: list[tuple[Digests, NDArray[np.float32]]],
) -> NDArray[np.float32]:
    """The answer, from the shelf and from memory."""
    kept = [(np.empty(0, dtype="S16"), np.empty((0, shelf.width), dtype=np.float32)), *unwritten]
    rows = shelf.find(wanted)
    bad = (rows < 0) | shelf.damaged(rows)
    lost = _first_of_each(wanted, bad & ~np.isin(wanted, np.concatenate([names for names, _ in kept])))
    if len(lost):  # something else changed the files meanwhile
        kept.append((wanted[lost], _encode(encoder, [texts[row] for row in lost], silent)))
    names, vectors = (np.concatenate(part) for part in zip(*kept, strict=True))
    if not len(names):
        return shelf.take(rows)
    places = last_places(names, wanted)
    answer = np.empty((len(wanted), shelf.width), dtype=np.float32)
    answer[places >= 0] = vectors[places[places >= 0]]
    answer[places < 0] = shelf.take(rows[places < 0])
    return answer


def _encode(encoder: Encoder, texts: list[str], progress: Progress) -> NDArray[np.float32]:
    vectors = encoder.encode(texts, progress)
    checked = check_vectors(vectors, width=encoder.dimension, rows=len(texts), what=f"vectors of {encoder.name}")
    return np.ascontiguousarray(checked, dtype="<f4")


def last_places(keys: Digests, wanted: Digests) -> NDArray[np.int64]:
    """Last place of each wanted hash among the keys; -1 where it is not."""
    if not len(keys):
        return np.full(len(wanted), -1, dtype=np.int64)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    place = np.searchsorted(ordered, wanted, side="right") - 1
    return np.where((place >= 0) & (ordered[place] == wanted), order[place], -1)


def _first_of_each(wanted: Digests, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Rows of the mask, each distinct text once, in order."""
    rows = np.flatnonzero(mask)
    _, first = np.unique(wanted[rows], return_index=True)
    return rows[np.sort(first)]


def _extend(file: Path, size: int, data: bytes) -> None:
    """Make `data` follow the first `size` bytes of a file, on the disk when this returns."""
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666), "r+b") as out:
        present = out.seek(0, os.SEEK_END)
        if present < size:
            raise OSError(f"{file.name} became shorter while it was in use")
        if present > size:
            out.truncate(size)
        out.seek(size)
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def _replace(file: Path, data: bytes) -> None:
    sibling = file.with_name(f".{file.name}.new")
    with sibling.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    sibling.replace(file)
