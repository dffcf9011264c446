"""The ways to run one encoder: exact, in 8 bits, or as a static table; and what a faster one costs in agreement."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modicum.core.checks import check_choice
from modicum.core.protocols import Encoder
from modicum.encoders.folder import FolderEncoder
from modicum.encoders.static import StaticEncoder

MODES = ("exact", "fast", "static")
PROBED = 128
"""Texts that a probe encodes in both ways."""
WARM = 8
WORTH = 1.1
"""Speed-up under which 8 bits are not worth their error."""


@dataclass(frozen=True)
class Agreement:
    """What another mode gives and takes, measured on a sample of texts."""

    speedup: float
    """Times as many texts a second as the exact encoder."""
    cosine_mean: float | None = None
    """Mean cosine between the two vectors of a text; None where they live in different spaces."""
    cosine_min: float | None = None


def in_mode(encoder: FolderEncoder, mode: str) -> Encoder:
    """The same encoder in another mode.

    Raises:
        InputError: There is no such mode.
    """
    check_choice(mode, MODES, "encoder mode")
    if mode == "static":
        return StaticEncoder(encoder)
    precision = "int8" if mode == "fast" else "float32"
    return FolderEncoder(encoder.layout, encoder.name, encoder.threads, precision)


def compare(encoder: Encoder, exact: Encoder, texts: Sequence[str]) -> Agreement:
    """Encode a sample of texts in both ways, a second's work or two."""
    sample = [texts[row] for row in np.unique(np.linspace(0, len(texts) - 1, PROBED).astype(int))]
    seconds, vectors = [], []
    for one in (exact, encoder):
        one.encode(sample[:WARM])
        start = time.perf_counter()
        vectors.append(one.encode(sample))
        seconds.append(time.perf_counter() - start)
    speedup = seconds[0] / max(seconds[1], 1e-9)
    if vectors[0].shape != vectors[1].shape:
        return Agreement(speedup)
    lengths = np.linalg.norm(vectors[0], axis=1) * np.linalg.norm(vectors[1], axis=1)
    cosines = (vectors[0] * vectors[1]).sum(axis=1)[lengths > 0] / lengths[lengths > 0]
    return Agreement(speedup, float(cosines.mean()), float(cosines.min())) if len(cosines) else Agreement(speedup)


def fastest(exact: FolderEncoder, texts: Sequence[str]) -> tuple[Encoder, Agreement]:
    """The encoder in 8 bits where this machine runs that faster, else itself; and what was measured."""
    fast = in_mode(exact, "fast")
    found = compare(fast, exact, texts)
    return (fast, found) if found.speedup >= WORTH else (exact, found)
