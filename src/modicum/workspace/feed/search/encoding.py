"""What encodes the papers of an index, and the queries: chosen once, and the same from then on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from modicum.core.files import atomic_write
from modicum.core.protocols import Encoder
from modicum.encoders import HashedEncoder, resolve
from modicum.workspace.feed.search.part import text_of
from modicum.workspace.feed.search.shelf import Listed
from modicum.workspace.feed.store import Store

WORDS_ALONE = "none"
FILE = "encoder.safetensors"
SAMPLE = 20_000
"""Papers that an encoder without weights of its own is fitted on at most."""
GROWN = 4
"""As soon as there are so many times as many papers, it is fitted again."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """An encoder, and how many papers it was fitted on."""

    encoder: Encoder | None
    """None for words alone."""
    fitted_on: int = 0
    """0 for one with weights of its own."""

    @property
    def fingerprint(self) -> str:
        """That of the encoder; empty for words alone."""
        return self.encoder.fingerprint if self.encoder is not None else ""

    def outgrown(self, papers: int) -> bool:
        """Whether it was fitted on so few papers that it should be fitted again."""
        return 0 < self.fitted_on < SAMPLE and papers >= GROWN * self.fitted_on


def choose(source: str | Encoder | None, mode: str | None, store: Store, listed: Listed, folder: Path) -> Chosen:
    """The encoder of an index.

    Args:
        source: Its name, or itself; `none` for words alone; default what the index was made with, else
            all-MiniLM-L6-v2.
        mode: `exact`, `fast` or `static`; default what the index was made with, else `exact`.
        store: The feed.
        listed: What the index says of the one it was made with.
        folder: The folder of the index.

    Raises:
        InputError: There is no such encoder.
    """
    if source == WORDS_ALONE or (source is None and listed.name == WORDS_ALONE):
        return Chosen(None)
    if source is not None and not isinstance(source, str):
        return Chosen(source)
    papers = int(store.rows("SELECT count(*) AS papers FROM papers")[0]["papers"])
    kept = _kept(folder / FILE, listed)
    if source == HashedEncoder.name and kept is not None and not kept.outgrown(papers):
        return kept
    known = source or (listed.name if not listed.fitted_on else None) or None
    fitted = known is None or known == HashedEncoder.name  # may have to be fitted on texts
    rows = store.rows("SELECT title, abstract FROM papers ORDER BY id DESC LIMIT ?", SAMPLE if fitted else 0)
    found = resolve(known, [text_of(row) for row in rows], mode=mode or listed.mode or "exact")
    if not isinstance(found, HashedEncoder):
        return Chosen(found)
    if kept is not None and not kept.outgrown(papers):
        return kept
    # The format knows no other order, and would keep other values.
    arrays = {name: np.ascontiguousarray(array) for name, array in found.arrays().items()}
    atomic_write(folder / FILE, save(arrays))
    return Chosen(found, max(papers, 1))


def _kept(file: Path, listed: Listed) -> Chosen | None:
    """The fitted encoder that the index was made with, if it is there."""
    try:
        found = Chosen(HashedEncoder.from_arrays(load_file(file)), listed.fitted_on)
    except (OSError, SafetensorError, KeyError, ValueError):
        return None
    return found if found.fingerprint == listed.encoder else None
