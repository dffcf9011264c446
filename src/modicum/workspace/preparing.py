"""From a table to the task as arrays: vectors, class vectors, and rows that say the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import check_vectors
from modicum.core.errors import InputError
from modicum.core.progress import Progress
from modicum.core.protocols import Encoder
from modicum.core.records import LabelSpace, Table
from modicum.encoders import (
    Agreement,
    FolderEncoder,
    FusedEncoder,
    HashedEncoder,
    compare,
    encode,
    encode_table,
    encoder_for,
    fastest,
    in_mode,
)
from modicum.evaluation.splits import merge_groups
from modicum.heads import telling_names
from modicum.workspace.budget import Stopwatch
from modicum.workspace.bundle import EncoderReference
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.same_texts import SameTexts, same_texts
from modicum.workspace.settings import Settings

PRECOMPUTED = "precomputed"
AUTO, CASCADE, FUSED = "auto", "cascade", "fused"
"""Ways to encode that only `fit` has, beside the modes of an encoder."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """The table after reading and encoding."""

    problem: Problem
    encoder: EncoderReference
    encoder_arrays: dict[str, NDArray[Any]]
    agreement: Agreement | None
    """What the encoder's mode gives and takes; None in exact mode."""
    static: NDArray[np.float32] | None
    """Static vectors of all rows, for a cascade."""
    same: SameTexts
    source: Encoder | None = None
    """The encoder itself; None where vectors were given."""


@dataclass(frozen=True, eq=False)
class _Encoded:
    X: NDArray[np.floating]
    names: NDArray[np.floating] | None
    encoder: EncoderReference
    arrays: dict[str, NDArray[Any]]
    agreement: Agreement | None = None
    static: NDArray[np.float32] | None = None
    source: Encoder | None = None


def prepare(
    table: Table,
    space: LabelSpace,
    source: str | Encoder | NDArray[np.floating] | None,
    settings: Settings,
    watch: Stopwatch,
    progress: Progress,
) -> Prepared:
    """Encode a table and its classes, and group rows that say the same.

    Raises:
        InputError: Vectors do not fit the table, all texts are empty, there is no such encoder, or it has no such mode.
    """
    codes, labelled = space.encode(table.labels)
    with watch.stage("encode"):
        if isinstance(source, np.ndarray):
            if settings.encoder_mode not in (AUTO, "exact"):
                raise InputError(f"encoder mode {settings.encoder_mode!r} is for texts; vectors are taken as they are")
            X = check_vectors(source, rows=len(table))
            if X.shape[1] == 0:
                raise InputError(f"the vectors of {table.source} are 0 wide; give those of an encoder")
            encoded = _Encoded(X, None, EncoderReference(PRECOMPUTED, "", X.shape[1]), {})
        else:
            if table.images is None and not any(map(str.strip, table.texts)):
                raise InputError(f"{table.source}: every text is empty; name another column with --text")
            encoded = _encode(table, space, source, settings, progress)
    with watch.stage("duplicates"):
        same = same_texts(table)
        groups = same.near
        if table.groups is not None:
            groups = merge_groups(groups, np.unique(table.groups, return_inverse=True)[1])
    problem = Problem(encoded.X, codes, labelled, space, encoded.names, groups, table.times)
    return Prepared(problem, encoded.encoder, encoded.arrays, encoded.agreement, encoded.static, same, encoded.source)


def _encode(
    table: Table, space: LabelSpace, source: str | Encoder | None, settings: Settings, progress: Progress
) -> _Encoded:
    found = encoder_for(table, source, threads=settings.threads)
    mode = _usual_mode(table, found) if settings.encoder_mode == AUTO else settings.encoder_mode
    agreement = static = None
    if mode != "exact" and not isinstance(found, HashedEncoder):
        if not isinstance(found, FolderEncoder):
            raise InputError(
                f"encoder mode {mode!r} is for encoders by name or folder, not for {found.name}; leave it out"
            )
        if mode == FUSED:
            found = FusedEncoder.fit(found, table.texts)
        elif mode == "fast":
            found, agreement = fastest(found, table.texts)
        else:
            exact, other = found, in_mode(found, "static")
            agreement = compare(other, exact, table.texts)
            found = exact if mode == CASCADE else other
            static = encode(table.texts, other) if mode == CASCADE else None
    X = encode_table(table, found, progress=progress)
    names = name_vectors(space, found, images=table.images is not None)
    reference = reference_of(found)
    arrays = found.arrays() if isinstance(found, HashedEncoder | FusedEncoder) else {}
    return _Encoded(X, names, reference, arrays, agreement, static, found)


def _usual_mode(table: Table, encoder: Encoder) -> str:
    """With words beside the vectors, unless these are stored already, or the encoder has no exact mode."""
    plain = table.stored is not None or not isinstance(encoder, FolderEncoder) or encoder.mode != "exact"
    return "exact" if plain else FUSED


def reference_of(encoder: Encoder, *, own: bool = False) -> EncoderReference:
    """What a bundle says of an encoder; `own` where its weights are the bundle's."""
    mode = getattr(encoder, "mode", "exact")
    return EncoderReference(encoder.name, encoder.fingerprint, encoder.dimension, mode, own)


def name_vectors(space: LabelSpace, encoder: Encoder, *, images: bool = False) -> NDArray[np.float32] | None:
    """Vectors of the class names in the space of the items, where there are such and the names say something."""
    texts = getattr(encoder, "text_tower", None) if images else encoder
    return encode(space.texts(), texts) if texts is not None and _names_tell(space) else None


def _names_tell(space: LabelSpace) -> bool:
    """Whether most classes have a name or a description that says something."""
    return len(space) > 0 and bool(telling_names(space.texts()).mean() > 0.5)
