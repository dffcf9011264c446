"""Keywords in the vectors of another encoder: topics found anew take over the pages that their papers are on.

Each page goes to the topic that has most of its papers, one to one by the Hungarian method; a page that gets none stays
where its papers are. A page that somebody edited stays whole: topics of which most papers are on it are all its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from modicum.core.arrays import normalize_rows
from modicum.encoders import HashedEncoder
from modicum.vectors.topics import find_topics, keep_topics, topic_stability
from modicum.vectors.topics.leaves import group_sums, nearest
from modicum.workspace.bundle import EncoderReference
from modicum.workspace.feed.search import PaperSearch
from modicum.workspace.feed.store import Store
from modicum.workspace.topics import Topic, TopicState

SAMPLE = 20_000
"""Papers that tell what the keywords are about at most, of each keyword the latest ones."""
SAME = 0.5
"""Share of the papers of page and topic together that both must have for the page to keep a name that was found."""
_OF_EACH = """
SELECT paper, topic FROM (
  SELECT paper, topic, row_number() OVER (PARTITION BY topic ORDER BY paper DESC) AS place FROM paper_topics
) WHERE place <= ? ORDER BY paper
"""
_PAGES = """
SELECT topic, name, terms, by_user, by_user OR dropped OR merged_into IS NOT NULL
  OR id IN (SELECT merged_into FROM keywords) AS edited FROM keywords
"""
Floats = NDArray[np.floating]
Ints = NDArray[np.int64]


def carried_topics(store: Store, search: PaperSearch, *, seed: int = 0) -> TopicState | None:
    """The topics of a feed in the vectors of another encoder, with the ids of those whose pages they take over.

    Args:
        store: The feed, opened by the calling thread.
        search: Its search, with the other encoder.
        seed: Of what is drawn.

    Returns:
        The topics; those that are new, and those that are no longer about the same, have no name. Topics of which no
        paper is left are not among them. None where no paper has one.
    """
    count = store.rows("SELECT count(DISTINCT topic) AS topics FROM paper_topics")[0]["topics"]
    rows = store.rows(_OF_EACH, SAMPLE // max(count, 1) + 1)
    rows = list(compress(rows, search.known([row["paper"] for row in rows])))
    encoder = search.encoder
    X = normalize_rows(search.vectors([row["paper"] for row in rows]))
    said = np.flatnonzero(X.any(axis=1))
    if encoder is None or not len(said):
        return None
    X, rng = X[said], np.random.default_rng(seed)
    before = np.array([row["topic"] for row in rows], dtype=np.int64)[said]
    pages = {row["topic"]: row for row in store.rows(_PAGES)}
    centres, ids, same = _taken_over(X, before, pages, find_topics(X, rng)[0])
    agreement = topic_stability(X, nearest(X, centres), len(ids), rng, runs=2).rows
    kept = keep_topics(centres, X, agreement=agreement, rng=rng)
    kept = replace(kept, topic=ids, next_id=max(*pages, *ids.tolist()) + 1)
    topics = tuple(_topic(number, pages.get(number), number in same) for number in kept.ids.tolist())
    reference = EncoderReference(encoder.name, encoder.fingerprint, encoder.dimension)
    return TopicState(kept, topics, reference, encoder.arrays() if isinstance(encoder, HashedEncoder) else {})


def _taken_over(
    X: Floats, before: Ints, pages: Mapping[int, Mapping[str, Any]], centres: Floats
) -> tuple[Floats, Ints, set[int]]:
    """Centres (P, D), the id of the topic of each, and the ids of topics that are about the same as before."""
    old, codes = np.unique(before, return_inverse=True)
    found = nearest(X, centres)
    shared = np.zeros((len(old), len(centres)), dtype=np.int64)
    np.add.at(shared, (codes, found), 1)
    sizes, news = shared.sum(axis=1), shared.sum(axis=0)
    ids = np.full(len(centres), -1, dtype=np.int64)
    edited = {number for number, row in pages.items() if row["edited"]}
    same = set(edited)
    for page, topic in zip(*linear_sum_assignment(-shared), strict=True):
        if shared[page, topic]:
            ids[topic] = old[page]
            if shared[page, topic] >= SAME * (sizes[page] + news[topic] - shared[page, topic]):
                same.add(int(old[page]))
    most = shared.argmax(axis=0)
    whole = np.isin(old[most], list(edited)) & (2 * shared[most, np.arange(len(news))] > news)
    ids = np.where((ids < 0) & whole, old[most], ids)
    left = np.flatnonzero(~np.isin(old, ids))
    same.update(old[left].tolist())
    means = normalize_rows(group_sums(X, codes.astype(np.int64), len(old)))[left]
    new = np.flatnonzero(ids < 0)
    ids[new] = max(pages) + 1 + np.arange(len(new))
    return np.concatenate([centres, means.astype(centres.dtype)]), np.append(ids, old[left]), same


def _topic(number: int, row: Mapping[str, Any] | None, same: bool) -> Topic:
    if row is None:
        return Topic(number, "")
    return Topic(number, row["name"] if same else "", bool(row["by_user"]), tuple(json.loads(row["terms"])))
