"""Texts, or image files, to vectors in one call: encoder, cache and checks together."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modicum.core.errors import InputError
from modicum.core.places import cache_root
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder
from modicum.core.records import ImageFile, Table
from modicum.encoders.cache import VectorCache
from modicum.encoders.fused import FusedEncoder
from modicum.encoders.hashed import HashedEncoder
from modicum.encoders.images import ImageEncoder, file_digests, is_image_name
from modicum.encoders.provision import resolve
from modicum.encoders.static import StaticEncoder

IMAGES = 256
"""Images encoded between two writes to the cache: what a killed process loses at most."""


def encode(
    texts: Iterable[str],
    encoder: str | Path | Encoder | None = None,
    *,
    cache: str | Path | bool | None = None,
    threads: int | None = None,
    progress: Progress = silent,
) -> NDArray[np.float32]:
    """Vectors of texts, each distinct text encoded once and for all; or of image files, each distinct content once.

    Args:
        texts: N texts, empty ones are fine; with an encoder of images, N names of files.
        encoder: A folder, a name, an encoder; default `all-MiniLM-L6-v2`. One of images begins with its library, such
            as `timm:NAME` or `hf:FOLDER`.
        cache: Folder of the cache; default the platform's, or what `MODICUM_CACHE` names; False for none. Hashed and
            static vectors are never cached: they are cheaper to make than to keep; of fused ones the encoder's are.
        threads: Threads for encoding; default all cores that this process may use.
        progress: Called with the stage `encode` and the number of items done.

    Returns:
        Vectors (N, D), float32, in the order of the texts; read-only where they are mapped from the cache.

    Raises:
        InputError: A text is not a string, a file is no image, or there is no such encoder.
    """
    images = is_image_name(encoder) or isinstance(encoder, ImageEncoder)
    listed = _listed(map(os.fspath, texts) if images and not isinstance(texts, str) else texts)
    found = resolve(encoder, listed, threads=threads, images=images)
    if isinstance(found, FusedEncoder):
        return found.joined(encode(listed, found.meaning, cache=cache, progress=progress), listed)
    if cache is False or isinstance(found, (HashedEncoder, StaticEncoder)):
        return found.encode(listed, progress)
    root = cache_root(os.environ) if cache is None or cache is True else Path(cache)
    shelves = VectorCache(root / "vectors")
    if isinstance(found, ImageEncoder) or (listed and all(isinstance(item, ImageFile) for item in listed)):
        return shelves.encode(found, listed, progress, keys=file_digests(listed), rows=IMAGES)
    return shelves.encode(found, listed, progress)


def encoder_for(
    table: Table, encoder: str | Path | Encoder | None = None, *, threads: int | None = None, mode: str = "exact"
) -> Encoder:
    """The encoder for a table's rows: the one that is named, else what made the vectors it brought, else the default.

    Raises:
        InputError: As `resolve`.
    """
    if encoder is None and table.stored is not None:
        encoder = table.stored.encoder
    return resolve(encoder, table.texts, threads=threads, mode=mode, images=table.images is not None)


def encode_table(table: Table, encoder: Encoder, *, progress: Progress = silent) -> NDArray[np.float32]:
    """Vectors (N, D) of a table's rows: those it brought, if this encoder made them, else as `encode` makes them.

    A warning tells of vectors that another encoder made, which are not used.

    Raises:
        InputError: As `encode`, or the store that holds the vectors cannot be read.
    """
    stored = table.stored
    if stored is not None and stored.fingerprint == encoder.fingerprint:
        return stored.read()
    if stored is not None:
        told = f"the vectors in {table.source} are of encoder {stored.encoder} {stored.fingerprint[:12]}"
        warnings.warn(f"{told}; rows are encoded again by {encoder.name}", UserWarning, stacklevel=2)
    return encode(table.content, encoder, progress=progress)


def _listed(texts: Iterable[str]) -> list[str]:
    if isinstance(texts, str):
        raise InputError("texts must be a list of texts, not one text; put it in brackets")
    listed = list(texts)
    wrong = next((row for row, text in enumerate(listed) if not isinstance(text, str)), None)
    if wrong is not None:
        raise InputError(f"row {wrong}: the text is {listed[wrong]!r}, not a string; fill or remove such rows")
    return listed
