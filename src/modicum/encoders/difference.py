"""An encoder as its difference from a base: what moved, tensor by tensor, folded into the base's weights when read.

What was tuned differs from its base in little, however it was tuned, and the weights alone tell: a matrix that moved in
few directions is kept as two factors, one whose rows grew or shrank as a factor for each row, anything else that moved
as it is, and what did not move not at all. Tokenizer and settings are the base's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from modicum.core.errors import InputError
from modicum.core.files import atomic_folder, file_digest
from modicum.core.json_files import read_json
from modicum.encoders.graph import clean_names
from modicum.encoders.layout import TENSORS, Layout, fingerprint, read_weights, weight_files

Weights = Mapping[str, NDArray[Any]]

SCHEMA = 1
TOLD = "difference.json"
BOUND = 1e-6
"""What factors may miss of a matrix, as a share of its norm: numbers of single precision are not closer themselves."""
HEADER = 1 << 20
"""Bytes that names and shapes take at most, beside the numbers."""
LONGEST = 4096
"""Characters of a base's name or path."""
AGAIN = "copy it again, or tune again"


@dataclass(frozen=True)
class Base:
    """Which encoder a difference is from."""

    name: str
    """A name, or the full path of a folder."""
    fingerprint: str


@dataclass(frozen=True)
class Sizes:
    """Bytes of weights: of the difference, and of the whole."""

    difference: int
    whole: int


def is_difference(folder: Path) -> bool:
    """Whether a folder holds a difference."""
    return (folder / TOLD).is_file()


def read_base(folder: Path) -> Base:
    """The base that a difference names.

    Raises:
        InputError: The file does not name one, or is of a newer schema.
    """
    file = folder / TOLD
    told = read_json(file, AGAIN)
    schema, name, digest = (told.get(key) if isinstance(told, dict) else None for key in ("schema", "base", "sha256"))
    if not (isinstance(schema, int) and isinstance(name, str) and isinstance(digest, str) and len(name) <= LONGEST):
        raise InputError(f"{file} names no base; {AGAIN}")
    if schema > SCHEMA:
        raise InputError(f"{file} is of schema {schema}, newer than {SCHEMA}; upgrade with: pip install -U modicum")
    return Base(name, digest)


def difference_layout(folder: Path, base: Layout, *, max_tokens: int | None = None) -> Layout:
    """The layout of a difference: its base's, with other weights.

    Args:
        folder: The folder of the difference.
        base: What the base's folder says of itself.
        max_tokens: Longest sequence, of the base's at most; default the base's.

    Raises:
        InputError: The base is another one, or the folder lacks a file.
    """
    told, found = read_base(folder), fingerprint(base)
    if found != told.fingerprint:
        raise InputError(
            f"{folder} is the difference from {told.name[:80]} {told.fingerprint[:12]}, but the one found here is "
            f"{found[:12]}; put the same weights there, or ask for a bundle with whole weights"
        )
    if not (folder / TENSORS).is_file():
        raise InputError(f"{folder} lacks {TENSORS}; {AGAIN}")
    longest = base.max_tokens if max_tokens is None else min(max_tokens, base.max_tokens)
    return replace(base, root=folder, base=base, max_tokens=longest)


def layout_weights(layout: Layout) -> dict[str, NDArray[Any]]:
    """The transformer's tensors, by names without a family's prefix; what moved is folded in.

    Raises:
        InputError: A file is not a whole safetensors file, or what moved does not fit the base.
    """
    weights = clean_names(read_weights(layout.folder), str(layout.config.get("model_type", "bert")))
    if layout.base is None:
        return weights
    file = layout.root / TENSORS
    return folded(weights, _read(file, sum(tensor.nbytes for tensor in weights.values())), file)


def write_difference(path: str | Path, tuned: Layout, base: Layout, name: str) -> Sizes:
    """Write an encoder as its difference from a base, whole or not at all; tensors that are equal cost nothing.

    Args:
        path: Folder to write.
        tuned: An encoder that came from the base.
        base: What it came from; where this is a difference itself, its own base is the base.
        name: Name or full path under which the base is found again.

    Returns:
        Bytes of what was written, and of whole weights. Cost: a singular value decomposition of each matrix that moved.

    Raises:
        InputError: The two differ in more than weights, or the folder cannot be written.
    """
    origin = base.base or base
    _check_settings(tuned, origin)
    moved = moved_tensors(layout_weights(origin), layout_weights(tuned))
    told = {"schema": SCHEMA, "base": name, "sha256": fingerprint(origin)}
    with atomic_folder(Path(path)) as work:
        (work / TENSORS).write_bytes(save(moved))
        (work / TOLD).write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")
    whole = sum(file.stat().st_size for file in weight_files(tuned.folder))
    return Sizes((Path(path) / TENSORS).stat().st_size, whole)


def moved_tensors(base: Weights, tuned: Weights) -> dict[str, NDArray[np.float32]]:
    """What moved, by `left.NAME` and `right.NAME` (factors), `scale.NAME` (a factor for each row) or `whole.NAME`.

    Raises:
        InputError: The base lacks a tensor, or has it in another shape.

    Example:
        >>> base = {"w": np.ones((8, 8), dtype=np.float32), "b": np.zeros(8, dtype=np.float32)}
        >>> tuned = {"w": base["w"] + np.eye(8, dtype=np.float32)[0], "b": base["b"]}
        >>> {name: array.shape for name, array in moved_tensors(base, tuned).items()}
        {'left.w': (8, 1), 'right.w': (1, 8)}
    """
    found: dict[str, NDArray[np.float32]] = {}
    for name, tensor in tuned.items():
        own = base.get(name)
        if own is None or own.shape != tensor.shape:
            raise InputError(f"tensor {name!r} is not in the base, or of another shape there; ship whole weights")
        if not np.array_equal(own, tensor):
            parts = _parts(own.astype(np.float64), tensor.astype(np.float64)) if tensor.ndim == 2 else {"whole": tensor}
            found |= {f"{kind}.{name}": np.ascontiguousarray(part, dtype=np.float32) for kind, part in parts.items()}
    return found


def folded(base: Weights, moved: Weights, file: Path) -> dict[str, NDArray[Any]]:
    """The base's tensors with what moved, as `moved_tensors` has it.

    Raises:
        InputError: A part is of no tensor of the base, or of another shape, or lacks its other half.
    """
    out = dict(base)
    for name, parts in _by_tensor(moved).items():
        own = base.get(name)
        new = None if own is None else _moved(np.asarray(own, dtype=np.float32), parts)
        if new is None:
            raise InputError(f"{file}: what it says of {name[:80]!r} does not fit the base; {AGAIN}")
        out[name] = new
    return out


def _parts(base: NDArray[np.float64], tuned: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    """The fewest numbers from which a matrix (out, in) follows from the base's within `BOUND`."""
    miss = BOUND * float(np.linalg.norm(tuned))
    scale = (tuned * base).sum(axis=1) / np.maximum((base * base).sum(axis=1), np.finfo(float).tiny)
    if np.linalg.norm(tuned - scale[:, None] * base) <= miss:
        return {"scale": scale}
    u, s, vt = np.linalg.svd(tuned - base, full_matrices=False)
    left_out = np.sqrt(np.cumsum(s[::-1] ** 2)[::-1])
    rank = int((left_out > miss).sum())
    if rank * sum(tuned.shape) >= tuned.size:
        return {"whole": tuned}
    root = np.sqrt(s[:rank])
    return {"left": u[:, :rank] * root, "right": root[:, None] * vt[:rank]}


def _moved(base: NDArray[np.float32], parts: Weights) -> NDArray[np.float32] | None:
    """A tensor from the base's and its parts; None where these do not fit."""
    shapes = {kind: part.shape for kind, part in parts.items()}
    with np.errstate(all="ignore"):  # whatever a stranger's numbers come to is told when vectors are checked
        if shapes == {"whole": base.shape}:
            return parts["whole"]
        if base.ndim != 2:
            return None
        if shapes == {"scale": base.shape[:1]}:
            return np.asarray(base * parts["scale"][:, None])
        rank = shapes["left"][-1] if shapes.keys() == {"left", "right"} and shapes["left"] else 0
        if not 0 < rank < min(base.shape) + 1 or shapes != {"left": (len(base), rank), "right": (rank, base.shape[1])}:
            return None
        product = parts["left"].astype(np.float64) @ parts["right"].astype(np.float64)
        return np.asarray(base + product, dtype=np.float32)


def _by_tensor(moved: Weights) -> dict[str, dict[str, NDArray[Any]]]:
    found: dict[str, dict[str, NDArray[Any]]] = {}
    for name, part in moved.items():
        kind, _, tensor = name.partition(".")
        found.setdefault(tensor, {})[kind] = part
    return found


def _read(file: Path, most: int) -> dict[str, NDArray[Any]]:
    """What moved: numbers of single precision, all finite, and no more of them than the base has."""
    size = file.stat().st_size
    if size > most + HEADER:
        raise InputError(f"{file} has {size:,} bytes, more than the {most:,} of its base's weights; {AGAIN}")
    try:
        held = load_file(file)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{file} cannot be read ({error}); {AGAIN}") from error
    for name, part in held.items():
        if part.dtype != np.float32 or not np.isfinite(part).all():
            raise InputError(f"{file}: {name[:80]!r} holds other than finite 32-bit numbers; {AGAIN}")
    return held


def _check_settings(tuned: Layout, base: Layout) -> None:
    mine, theirs = (
        (one.config, one.pooling, one.normalize, one.max_tokens, one.lower, one.prompt, list(_other_files(one)))
        for one in (tuned, base)
    )
    if mine != theirs:
        raise InputError(f"{tuned.root} differs from {base.root} in more than weights; ship whole weights")


def _other_files(layout: Layout) -> Iterable[str]:
    """Digests of the files beside the transformer's weights that decide vectors."""
    yield file_digest(layout.folder / "tokenizer.json")
    for dense in layout.dense:
        yield dense.activation
        yield from map(file_digest, weight_files(dense.folder))
