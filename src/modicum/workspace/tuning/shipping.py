"""Which weights a bundle holds: the tuned encoder as a whole, or its difference from the one that was tuned."""

from __future__ import annotations

from pathlib import Path

from modicum.core.errors import InputError
from modicum.encoders import FolderEncoder, base_name, load_folder, write_difference

MOST = 1 / 3
"""Share of the whole's bytes up to which a difference is worth that its base must be there, too. All layers of MiniLM
are about a half: the word embeddings, the other half, do not train."""


def as_difference(tuned: FolderEncoder, base: FolderEncoder, folder: Path) -> tuple[FolderEncoder, str]:
    """The tuned encoder as its difference from its base, or as it is where that is not much smaller; and a sentence.

    Args:
        tuned: The tuned encoder, in a folder with whole weights.
        base: The encoder that was tuned.
        folder: Where the difference is written.
    """
    name = base_name(base)
    try:
        sizes = write_difference(folder, tuned.layout, base.layout, name)
    except InputError as error:
        return tuned, f"whole weights are shipped: {error}"
    figures = f"{_megabytes(sizes.difference)} in place of {_megabytes(sizes.whole)} MB"
    if sizes.difference > MOST * sizes.whole:
        kept = f"whole weights are shipped, for their difference from {name} would take {figures}"
        return tuned, f"{kept}; adapters such as LoRA or DiffFit move fewer numbers"
    found = load_folder(folder, threads=tuned.threads, name=tuned.name)
    return found, f"shipped is the difference from {name}, {figures}: the bundle answers where that encoder is"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}" if size >= 1e5 else f"{size / 1e6:.2g}"
