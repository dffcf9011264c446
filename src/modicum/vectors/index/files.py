"""An index as a folder: arrays as npy, lists as faiss writes them, the rest as JSON, and a hash of each file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.errors import InputError
from modicum.core.files import atomic_folder, file_digest, manifest_digest, recover
from modicum.vectors.index.rows import CHUNK, Rows, Segment

SCHEMA = 1
MANIFEST, VECTORS, IDS, GAIN, HALF_SQUARE = "index.json", "vectors.npy", "ids.npy", "gain.npy", "half_square.npy"


@dataclass(frozen=True, eq=False)
class Stored:
    """What a folder held."""

    folder: Path
    rows: Rows
    settings: Mapping[str, Any]


def write_index(folder: Path, kind: str, rows: Rows, settings: Mapping[str, Any], more: Callable[[Path], None]) -> None:
    """Write the rows that were not removed, the settings, and what `more` puts into the folder it is given.

    Raises:
        InputError: The place cannot be written.
    """
    with atomic_folder(folder) as work:
        _write_rows(work, rows)
        more(work)
        manifest = {
            "schema": SCHEMA,
            "kind": kind,
            "metric": rows.metric,
            "precision": rows.precision,
            "width": rows.width,
            "rows": len(rows),
            "error": rows.error,
            "settings": dict(settings),
            "files": {file.name: file_digest(file) for file in sorted(work.iterdir())},
        }
        manifest["digest"] = manifest_digest(manifest)
        (work / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _write_rows(folder: Path, rows: Rows) -> None:
    dtype = np.int8 if rows.precision == "int8" else np.float32
    values = np.lib.format.open_memmap(folder / VECTORS, "w+", dtype, (len(rows), rows.width))
    gain, half = (np.ones(len(rows), dtype=np.float32) for _ in range(2))
    start = 0
    for _, segment in rows.blocks(rows.kept, CHUNK):
        part = slice(start, start + len(segment))
        values[part] = segment.values
        gain[part] = 1 if segment.gain is None else segment.gain
        half[part] = 1 if segment.half_square is None else segment.half_square
        start = part.stop
    values.flush()
    np.save(folder / IDS, rows.ids[rows.kept])
    if any(segment.gain is not None for segment in rows.segments):
        np.save(folder / GAIN, gain)
    if rows.metric == "euclidean":
        np.save(folder / HALF_SQUARE, half)


def read_index(folder: Path, kind: str) -> Stored:
    """Read a folder, its vectors memory-mapped.

    Raises:
        InputError: It is no index of that kind, or does not hold what was written.
    """
    manifest = read_manifest(folder)
    if manifest["kind"] != kind:
        raise InputError(f"{folder} holds an index of kind {manifest['kind']!r}, not {kind!r}; load it as that")
    for name, digest in manifest["files"].items():
        file = folder / name
        if not file.is_file() or file_digest(file) != digest:
            raise InputError(f"{file} is missing or was changed; build the index again")
    values = np.load(folder / VECTORS, mmap_mode="r", allow_pickle=False)
    rows = Rows.restored(
        Segment(values, _array(folder, GAIN), _array(folder, HALF_SQUARE)),
        np.load(folder / IDS, allow_pickle=False),
        manifest["metric"],
        manifest["precision"],
        float(manifest["error"]),
    )
    return Stored(folder, rows, manifest["settings"])


def read_manifest(folder: Path) -> dict[str, Any]:
    """What `index.json` says.

    Raises:
        InputError: It is not there, of another version, or was changed.
    """
    recover(folder)
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{folder} is not an index: it has no {MANIFEST} that can be read") from error
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise InputError(f"{folder / MANIFEST} is of another version of modicum; build the index again")
    if manifest.get("digest") != manifest_digest(manifest):
        raise InputError(f"{folder / MANIFEST} was changed after it was written; build the index again")
    return manifest


def _array(folder: Path, name: str) -> NDArray[np.float32] | None:
    return np.load(folder / name, allow_pickle=False) if (folder / name).is_file() else None
