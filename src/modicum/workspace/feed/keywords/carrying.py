"""Keywords in the vectors of another encoder: each stays what its papers are about, so that its page and edits stay."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import normalize_rows
from modicum.encoders import HashedEncoder
from modicum.vectors.topics import keep_topics, topic_stability
from modicum.vectors.topics.leaves import group_sums, nearest
from modicum.workspace.bundle import EncoderReference
from modicum.workspace.feed.search import PaperSearch
from modicum.workspace.feed.store import Store
from modicum.workspace.topics import Topic, TopicState

SAMPLE = 20_000
"""Papers that tell what the keywords are about at most, of each keyword the latest ones."""
STEPS = 10
"""Steps of k-means that settle the groups in the new vectors at most."""
_OF_EACH = """
SELECT paper, topic FROM (
  SELECT paper, topic, row_number() OVER (PARTITION BY topic ORDER BY paper DESC) AS place FROM paper_topics
) WHERE place <= ? ORDER BY paper
"""


def carried_topics(store: Store, search: PaperSearch, *, seed: int = 0) -> TopicState | None:
    """The topics of a feed's keywords, made anew from the papers that are on their pages.

    Args:
        store: The feed, opened by the calling thread.
        search: Its search, with the other encoder.
        seed: Of what is drawn.

    Returns:
        The topics with their ids; those of which no paper is left are not among them. None where no paper has one.
    """
    count = store.rows("SELECT count(DISTINCT topic) AS topics FROM paper_topics")[0]["topics"]
    rows = store.rows(_OF_EACH, SAMPLE // max(count, 1) + 1)
    rows = [row for row in rows if row["paper"] in search]
    encoder = search.encoder
    X = normalize_rows(search.vectors([row["paper"] for row in rows]))
    said = np.flatnonzero(X.any(axis=1))
    if encoder is None or not len(said):
        return None
    X, rng = X[said], np.random.default_rng(seed)
    ids, codes = np.unique(np.array([row["topic"] for row in rows])[said], return_inverse=True)
    centres, codes = _settled(X, codes.astype(np.int64), len(ids))
    agreement = topic_stability(X, codes, len(ids), rng, runs=2).rows
    kept = keep_topics(centres, X, agreement=agreement, rng=rng)
    named = {row["topic"]: row for row in store.rows("SELECT topic, name, terms, by_user FROM keywords")}
    topics = tuple(_topic(named[number]) for number in ids.tolist())
    reference = EncoderReference(encoder.name, encoder.fingerprint, encoder.dimension)
    arrays = encoder.arrays() if isinstance(encoder, HashedEncoder) else {}
    return TopicState(replace(kept, topic=ids, next_id=max(named) + 1), topics, reference, arrays)


def _topic(row: dict[str, object]) -> Topic:
    return Topic(int(str(row["topic"])), str(row["name"]), bool(row["by_user"]), tuple(json.loads(str(row["terms"]))))


def _settled(
    X: NDArray[np.floating], codes: NDArray[np.int64], groups: int
) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
    """Centres (K, D) of groups and the group of each row, by spherical k-means; a group that loses all rows stays."""
    centres = normalize_rows(group_sums(X, codes, groups))
    for _ in range(STEPS):
        moved = nearest(X, centres)
        if np.array_equal(moved, codes):
            break
        codes, sums = moved, group_sums(X, moved, groups)
        centres = np.where(sums.any(axis=1, keepdims=True), normalize_rows(sums), centres)
    return centres, codes
