"""What is checked of a bundle's files before any of them is believed: their names, kinds, sizes and hashes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from modicum.core.checks import nearest_name
from modicum.core.errors import InputError
from modicum.core.files import file_digest, manifest_digest, recover
from modicum.core.json_files import read_json

SCHEMA = 1
MANIFEST, ARRAYS, REPORT = "bundle.json", "arrays.safetensors", "report.json"
ENCODER = "encoder"
"""Folder in the bundle that holds an encoder of its own, of which every file must be named."""
AGAIN = "copy the bundle again, or fit again"
LARGEST = 8_000_000_000
"""Bytes of a file of a bundle."""
FITTED = 2_000_000_000
"""Bytes of the fitted arrays: they are read into memory."""


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a bundle.

    Raises:
        InputError: There is no bundle, or it is damaged or of a newer schema.
    """
    file = folder / MANIFEST
    if not folder.is_dir():
        siblings = [p.name for p in folder.parent.iterdir() if p.is_dir()] if folder.parent.is_dir() else []
        raise InputError(f"there is no bundle at {folder}{nearest_name(folder.name, siblings) if siblings else ''}")
    if not file.is_file():
        raise InputError(f"{folder} is not a bundle: it has no {MANIFEST}; name a folder that modicum fit wrote")
    manifest = read_json(file, AGAIN)
    schema = manifest.get("schema") if isinstance(manifest, dict) else None
    if not isinstance(schema, int) or schema < 1:
        raise InputError(f"{file} is not the manifest of a bundle; {AGAIN}")
    if schema > SCHEMA:
        raise InputError(
            f"{folder} was written by modicum {str(manifest.get('modicum'))[:20]} in schema {schema}, newer than "
            f"schema {SCHEMA} that this one reads; upgrade with: pip install -U modicum"
        )
    return dict(manifest)


def read_report(path: str | Path) -> dict[str, Any]:
    """Read the report of a bundle without building its model.

    Raises:
        InputError: There is no bundle, or it is damaged.
    """
    folder = Path(path)
    recover(folder)
    verify(folder, read_manifest(folder))
    report = read_json(folder / REPORT, AGAIN)
    if not isinstance(report, dict) or not isinstance(report.get("decision"), str):
        raise InputError(f"{folder / REPORT} is not the report of a bundle; {AGAIN}")
    return report


def verify(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Compare a bundle's files with its manifest.

    Args:
        folder: The bundle.
        manifest: What `read_manifest` gave.

    Raises:
        InputError: One is missing, leads out of the bundle, is too large, or is not the one that was written.
    """
    if manifest.get("digest") != manifest_digest(manifest):
        raise InputError(f"{folder / MANIFEST} was edited after it was written; {AGAIN}")
    files = manifest.get("files")
    if not isinstance(files, dict) or ARRAYS not in files or REPORT not in files:
        raise InputError(f"{folder / MANIFEST} does not name the bundle's files; {AGAIN}")
    for name, digest in files.items():
        _verify_file(folder, name, digest)
    for file in (folder / ENCODER).rglob("*"):
        if not file.is_dir() and file.relative_to(folder).as_posix() not in files:
            raise InputError(f"{file} is not named in {MANIFEST}; {AGAIN}")


def _verify_file(folder: Path, name: str, digest: object) -> None:
    file, parts = folder / name, PurePosixPath(name.replace("\\", "/")).parts
    try:
        inside = ".." not in parts and folder in file.parents and file.is_file()
        if not inside:
            raise InputError(f"{folder} lacks {name[:80]!r}; {AGAIN}")
        if not file.resolve().is_relative_to(folder.resolve()):
            raise InputError(f"{file} is a link that leads out of the bundle; copy what it leads to")
        size = file.stat().st_size
    except InputError:
        raise
    except (OSError, ValueError) as error:  # a name that no file system takes
        raise InputError(f"{folder} lacks {name[:80]!r}; {AGAIN}") from error
    if size > LARGEST:
        raise InputError(f"{file} has {size:,} bytes, and a file of a bundle at most {LARGEST:,}; {AGAIN}")
    if file_digest(file) != digest:
        raise InputError(f"{file} is not the file that was written (truncated or edited); copy it again, or fit again")


def read_arrays(folder: Path) -> dict[str, NDArray[Any]]:
    """The fitted arrays of a bundle: numbers, none of them NaN.

    Raises:
        InputError: They are too large, no safetensors file, or hold something else.
    """
    file = folder / ARRAYS
    size = file.stat().st_size
    if size > FITTED:
        raise InputError(f"{file} has {size:,} bytes, and fitted arrays at most {FITTED:,}; {AGAIN}")
    try:
        arrays: dict[str, NDArray[Any]] = load_file(file)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{file} cannot be read ({error}); {AGAIN}") from error
    for name, array in arrays.items():
        if array.dtype.kind not in "fiub":
            raise InputError(f"{file}: {name[:80]!r} holds {array.dtype}, and numbers are expected; {AGAIN}")
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise InputError(f"{file}: {name[:80]!r} holds NaN; {AGAIN}")
    return arrays
