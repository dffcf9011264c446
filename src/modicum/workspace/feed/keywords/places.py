"""Where papers sit on a map of the feed: two dimensions that stay as papers are added.

Some papers are laid out together; every other one lies among those of them that it is nearest to. The map is drawn
anew when there are twice as many papers as when it was drawn. Like all such maps it is a picture: what lies close
together is alike, but distances between far groups mean little.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np

from modicum.core.arrays import chunks
from modicum.core.nearest import largest_products
from modicum.core.progress import Progress, silent
from modicum.vectors.shape import layout
from modicum.workspace.feed.search import PaperSearch
from modicum.workspace.feed.search.changes import changed_after, last_change, watch
from modicum.workspace.feed.store import Store

ANCHORS = 1_500
"""Papers that are laid out together at most."""
LEAST = 5
NEAR, STEEP = 5, 8.0
"""Anchors that a paper lies among, and the power of the cosine that they weigh by."""
AGAIN = 2
"""The map is drawn anew as soon as there are so many times as many papers."""
ROWS = 16_384

_SCHEMA = """
CREATE TABLE IF NOT EXISTS paper_places (
  paper INTEGER PRIMARY KEY, x REAL NOT NULL, y REAL NOT NULL, anchor INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS paper_anchors ON paper_places (anchor);
CREATE TABLE IF NOT EXISTS paper_map (feed TEXT PRIMARY KEY, seq INTEGER NOT NULL, papers INTEGER NOT NULL,
  encoder TEXT NOT NULL);
"""


@dataclass(frozen=True)
class PaperMap:
    """The map of a feed, in the unit square.

    Args:
        store: The feed, opened by the calling thread.
    """

    store: Store

    def places(self, papers: Sequence[int]) -> dict[int, tuple[float, float]]:
        """Where papers lie, those that are on the map."""
        _prepare(self.store)
        rows = self.store.rows(
            "SELECT paper, x, y FROM paper_places WHERE paper IN (SELECT value FROM json_each(?))",
            json.dumps([int(paper) for paper in papers]),
        )
        return {row["paper"]: (row["x"], row["y"]) for row in rows}

    def shape(self) -> list[tuple[int, float, float]]:
        """Number and place of the papers that were laid out together: what the map looks like."""
        _prepare(self.store)
        rows = self.store.rows("SELECT paper, x, y FROM paper_places WHERE anchor = 1 ORDER BY paper")
        return [(row["paper"], row["x"], row["y"]) for row in rows]


def map_papers(store: Store, search: PaperSearch, *, seed: int = 0, progress: Progress = silent) -> int:
    """Put papers on the map that are new or changed.

    Args:
        store: The feed, opened by the calling thread.
        search: Its search, up to date.
        seed: Of the papers that are laid out together.
        progress: Called with the stage `map` and how many papers are done.

    Returns:
        How many papers were placed. Cost: seconds to lay out, O(N A D) for N papers among A anchors.

    Raises:
        InputError: The feed cannot be written.
    """
    _prepare(store)
    mark, last = watch(store), last_change(store)
    encoder = "" if search.encoder is None else search.encoder.fingerprint
    drawn = store.rows("SELECT seq, papers FROM paper_map WHERE feed = ? AND encoder = ?", mark, encoder)
    if not encoder or len(search) < LEAST or (drawn and drawn[0]["seq"] >= last):
        return 0
    again = not drawn or len(search) >= AGAIN * drawn[0]["papers"]
    changed = [paper for _, paper in changed_after(store, 0 if again else drawn[0]["seq"], -1)]
    there = list(compress(changed, search.known(changed)))
    shape = [] if again else PaperMap(store).shape()
    kept = list(compress(shape, search.known([one[0] for one in shape])))
    if len(kept) < LEAST:
        every = [row["id"] for row in store.rows("SELECT id FROM papers ORDER BY id")]
        there = list(compress(every, search.known(every)))
        kept, again = _laid_out(search, there, seed), True
    anchors = {one[0] for one in kept}
    among = _among(search, [paper for paper in there if paper not in anchors], kept, progress)
    with store.transaction() as db:
        if again:
            db.execute("DELETE FROM paper_places")
        db.executemany("DELETE FROM paper_places WHERE paper = ?", [(paper,) for paper in set(changed) - set(there)])
        db.executemany("INSERT OR REPLACE INTO paper_places VALUES (?, ?, ?, 1)", kept)
        db.executemany("INSERT OR REPLACE INTO paper_places VALUES (?, ?, ?, 0)", among)
        papers = len(search) if again else drawn[0]["papers"]
        db.execute("INSERT OR REPLACE INTO paper_map VALUES (?, ?, ?, ?)", (mark, last, papers, encoder))
    return len(there)


def _prepare(store: Store) -> None:
    if not store.rows("SELECT 1 FROM sqlite_master WHERE name = 'paper_map'"):
        with store.transaction() as db:
            for statement in _SCHEMA.split(";"):
                db.execute(statement)


def _laid_out(search: PaperSearch, papers: Sequence[int], seed: int) -> list[tuple[int, float, float]]:
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(np.asarray(papers))[:ANCHORS]).tolist()
    places = layout(search.vectors(chosen), seed=seed)
    low, high = places.min(axis=0), places.max(axis=0)
    unit = (places - low) / np.maximum(high - low, 1e-9)
    return [(paper, float(x), float(y)) for paper, (x, y) in zip(chosen, unit.tolist(), strict=True)]


def _among(
    search: PaperSearch, papers: Sequence[int], anchors: Sequence[tuple[int, float, float]], progress: Progress
) -> list[tuple[int, float, float]]:
    """Papers at the mean of the anchors that they are nearest to, the nearer ones weighing more."""
    reference = search.vectors([one[0] for one in anchors])
    places = np.array([one[1:] for one in anchors])
    found: list[tuple[int, float, float]] = []
    for cut in chunks(len(papers), ROWS):
        rows, cosines = largest_products(search.vectors(papers[cut]), reference, NEAR)
        weights = np.maximum(cosines, 1e-3).astype(np.float64) ** STEEP
        means = np.einsum("nk,nkd->nd", weights / weights.sum(axis=1, keepdims=True), places[rows])
        found += [(paper, float(x), float(y)) for paper, (x, y) in zip(papers[cut], means.tolist(), strict=True)]
        progress("map", cut.stop, len(papers))
    return found
