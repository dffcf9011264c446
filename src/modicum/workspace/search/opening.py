"""From a table to a search in it: words indexed, vectors made or taken from the cache, filters applied."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import check_vectors
from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder
from modicum.core.records import Table
from modicum.data.search import BM25
from modicum.encoders import encode_table, encoder_for
from modicum.workspace.search.filters import kept_rows
from modicum.workspace.search.lists import FEW, FewRows, StoredRows, VectorRows
from modicum.workspace.search.searcher import Searcher
from modicum.workspace.search.settings import SearchSettings

LONG = 2500
"""Characters: about twice what the default encoder reads of a text, and what most others read at most."""


def open_search(
    table: Table,
    *,
    encoder: str | Encoder | None = None,
    vectors: NDArray[np.floating] | None = None,
    filters: Sequence[str] = (),
    settings: SearchSettings | None = None,
    progress: Progress = silent,
) -> Searcher:
    """Make a table ready to be searched.

    Args:
        table: Items, from `modicum.read`; images are searched by their vectors alone.
        encoder: Name, folder or encoder; default all-MiniLM-L6-v2.
        vectors: Precomputed vectors (N, D); then `encoder`, if it is given, is what made them, and encodes queries.
        filters: `COL=VALUE`: only rows that pass all of them are found.
        settings: What may be turned.
        progress: Called with stage, units done and units in all.

    Raises:
        InputError: The table, the vectors, the filters or the settings are not usable; the sentence says why.

    Example:
        >>> import modicum
        >>> from modicum.workspace.search import Query, SearchSettings
        >>> table = modicum.read({"text": ["cards that are lost", "a lost card", "exchange rates"]}, text="text")
        >>> search = open_search(table, settings=SearchSettings(mode="lexical"))
        >>> search.find(Query("rate of exchange")).rows.tolist()
        [2]
    """
    settings = settings or SearchSettings()
    images = table.images is not None
    if images and (settings.mode == "lexical" or settings.rerank):
        raise InputError(f"{table.source} holds images, which have no words; use --mode dense without --rerank")
    kept = kept_rows(table, filters)
    if not images:
        kept &= np.array([bool(text.strip()) for text in table.texts], dtype=bool)
    words = rows = asked = None
    if settings.mode != "dense" and not images:
        words = BM25(table.texts, language=settings.language, progress=progress)
    if settings.mode != "lexical":
        _warn_of_long_texts(table, settings)
        rows, asked = _vectors(table, encoder, vectors, kept, settings, progress)
    if settings.rerank and asked is None:
        raise InputError("ranking again encodes passages; name the encoder of the vectors with --encoder")
    return Searcher(table, kept, words, rows, asked, settings)


def _warn_of_long_texts(table: Table, settings: SearchSettings) -> None:
    """Vectors of long texts tell of their beginnings alone, and then do harm in a fusion with words."""
    long = sum(len(text) > LONG for text in table.texts)
    if table.images is None and not settings.rerank and 2 * long > len(table):
        told = (
            f"{long:,} of {len(table):,} texts are longer than an encoder reads, and are known to it by their "
            "beginnings; --rerank 50 has the best passages of the first rows read, too"
        )
        warnings.warn(told, UserWarning, stacklevel=3)


def _vectors(
    table: Table,
    source: str | Encoder | None,
    given: NDArray[np.floating] | None,
    kept: NDArray[np.bool_],
    settings: SearchSettings,
    progress: Progress,
) -> tuple[VectorRows | StoredRows | FewRows, Encoder | None]:
    """The table's vectors, and what encodes queries into their space, if anything does."""
    images = table.images is not None
    if given is not None and source is None:
        return VectorRows(check_vectors(given, rows=len(table))), None
    found = encoder_for(table, source, threads=settings.threads, mode=settings.encoder_mode)
    asked = getattr(found, "text_tower", None) if images else found
    stored = table.stored
    if given is None and stored is not None and stored.fingerprint == found.fingerprint:
        if kept.sum() <= FEW < len(kept):
            return FewRows(stored, kept), asked
        if stored.indexed:
            return StoredRows(stored, kept), asked
    if given is None:
        return VectorRows(encode_table(table, found, progress=progress)), asked
    return VectorRows(check_vectors(given, rows=len(table), width=found.dimension)), asked
