"""An index of whatever kind, from its folder."""

from __future__ import annotations

from pathlib import Path

from modicum.core.checks import check_choice
from modicum.vectors.index.approximate import ApproximateIndex
from modicum.vectors.index.base import Index
from modicum.vectors.index.binary import BinaryIndex
from modicum.vectors.index.exact import ExactIndex
from modicum.vectors.index.files import read_manifest


def load_index(folder: Path | str, *, encoder: str | None = None) -> Index:
    """Read an index of any kind; vectors stay on disk and are memory-mapped.

    Args:
        folder: As written by `save`.
        encoder: Fingerprint of the encoder that queries will come from; checked where it is given.

    Raises:
        InputError: It is no such folder, is damaged, or was made by another encoder.
    """
    kinds: dict[str, type[Index]] = {kind.kind: kind for kind in (ExactIndex, BinaryIndex, ApproximateIndex)}
    named = str(read_manifest(Path(folder))["kind"])
    return kinds[check_choice(named, kinds, f"{folder}: kind of index")].load(folder, encoder=encoder)
