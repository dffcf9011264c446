"""Several parts of the index as one: no text is read again, and of what lies on disk only a few MB are in memory."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from modicum.core.arrays import chunks
from modicum.data.search import join_postings
from modicum.vectors.index.rows import CHUNK, Segment
from modicum.workspace.feed.search.part import Coded, Ints, Mask, Part, bits_of, open_array

LARGEST = 262_144
"""Papers that a joined part may have: joining takes seconds, and searching four of them a million's time."""
CROWD = 4
"""Parts of equal size that are joined."""
WASTE = 64
"""Papers of which more than half are gone from which on a part is written anew."""


def due(sizes: Sequence[int], alive: Sequence[int]) -> slice | None:
    """Which parts, from oldest to newest, are to be joined now; None where all may stay.

    A part is joined with all newer ones as soon as these are together `CROWD` - 1 times as large, so that each paper is
    moved but a few times, whatever the number of papers, and few parts are left.

    Args:
        sizes: Papers of each part.
        alive: How many of them are still what is searched.

    Example:
        >>> due([9000, 1, 1, 1, 1], [9000, 1, 1, 1, 1]), due([1000, 1, 1], [1000, 1, 1])
        (slice(1, 5, None), None)
    """
    for place, (size, left) in enumerate(zip(sizes, alive, strict=True)):
        if size >= WASTE and 2 * left < size:
            return slice(place, place + 1)
    newer, total, found = 0, 0, None
    for place in range(len(sizes) - 1, -1, -1):
        total += alive[place]
        if newer and newer >= (CROWD - 1) * sizes[place] and total <= LARGEST:
            found = slice(place, len(sizes))
        newer += sizes[place]
    return found


def join_parts(parts: Sequence[Part], alive: Sequence[Mask], oldest: bool, folder: Path) -> None:
    """Write the papers of several parts that are alive as one part.

    Args:
        parts: The parts, next to each other in age.
        alive: Which of their papers (n,) are still what is searched.
        oldest: Whether no part is older, so that what is gone need not be told.
        folder: An empty folder.
    """
    papers = np.concatenate([part.papers[own] for part, own in zip(parts, alive, strict=True)])
    order = np.argsort(papers, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    places, start = [], 0
    for own in alive:
        place = np.full(len(own), -1, dtype=np.int64)
        count = int(own.sum())
        place[own] = rank[start : start + count]
        places.append(place)
        start += count
    gone = np.unique(np.concatenate([part.gone for part in parts]))
    _write_facts(parts, alive, order, folder)
    np.save(folder / "papers.npy", papers[order])
    np.save(folder / "gone.npy", gone[:0] if oldest else np.setdiff1d(gone, papers))
    allocate = partial(open_array, folder)
    words = [part.words for part in parts]
    join_postings(words, places, len(order), lambda name, shape, kind: allocate(f"words.{name}", shape, kind))
    coded = [part.vectors for part in parts]
    if all(one is not None for one in coded):
        _write_vectors([one for one in coded if one is not None], places, len(order), folder)


def _write_facts(parts: Sequence[Part], alive: Sequence[Mask], order: Ints, folder: Path) -> None:
    """Days and sources, in the new order."""
    days = np.concatenate([part.days[own] for part, own in zip(parts, alive, strict=True)])
    np.save(folder / "days.npy", days[order])
    counts = np.concatenate([np.diff(part.source_ends)[own] for part, own in zip(parts, alive, strict=True)])
    kept = [part.sources[np.repeat(own, np.diff(part.source_ends))] for part, own in zip(parts, alive, strict=True)]
    starts, flat = np.cumsum(counts) - counts, np.concatenate(kept)
    ends = np.concatenate([[0], np.cumsum(counts[order])]).astype(np.int64)
    inside = np.arange(ends[-1]) - np.repeat(ends[:-1], counts[order])
    np.save(folder / "sources.npy", flat[np.repeat(starts[order], counts[order]) + inside])
    np.save(folder / "source_ends.npy", ends)


def _write_vectors(coded: Sequence[Coded], places: Sequence[Ints], rows: int, folder: Path) -> None:
    width = coded[0].rows.values.shape[1]
    codes = open_array(folder, "codes", (rows, width), np.int8)
    steps = open_array(folder, "steps", (rows,), np.float32)
    total = np.zeros(width)
    for one, place in zip(coded, places, strict=True):
        for cut in chunks(len(place), CHUNK):
            stays = np.flatnonzero(place[cut] >= 0) + cut.start
            codes[place[stays]] = one.rows.values[stays]
            steps[place[stays]] = 1.0 if one.rows.gain is None else one.rows.gain[stays]
            total += one.rows.take(stays).sum(axis=0, dtype=np.float64)
    centre = (total / max(rows, 1)).astype(np.float32)
    np.save(folder / "centre.npy", centre)
    np.save(folder / "bits.npy", bits_of(Segment(codes, steps, None), centre))
