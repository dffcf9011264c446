"""Topics that stay: old rows keep their topic and its id when rows are added, topics merged or one of them split.

The question: how can topics be found once and then be lived with? A topic is kept as one or several centres with the
usual closeness of its rows. A row goes to the oldest generation of topics that reaches it, so later topics take only
rows that none of the earlier ones reached; merging relabels centres, splitting divides one topic's rows among new
centres below it, and numbers are never used twice. Where a row belongs thus depends on its vector and the kept topics
alone, never on the other rows. Do not use it after a change of encoder, or where the table has drifted so far that most
rows are reached by no topic (find topics anew, then).

Paper: "MONIC: Modeling and Monitoring Cluster Transitions" (Spiliopoulou et al. 2006) names what can happen to groups:
they stay, grow, merge, split, appear. Changed: nothing is matched afterwards; the change is what the user or new rows
demand, and everything else stays by construction. "Far" is a modified z-score over 3.5 (Iglewicz and Hoaglin 1993).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import chunks, normalize_rows, softmax
from modicum.core.card import Card
from modicum.core.checks import check_vectors
from modicum.core.errors import InputError
from modicum.vectors.topics.leaves import ROWS
from modicum.vectors.topics.topics import find_topics

CARD = Card(
    name="keep_topics",
    room="vectors",
    question="topics",
    summary="Topics whose ids stay when rows are added, topics merged or split",
    paper="MONIC: Modeling and Monitoring Cluster Transitions",
    year=2006,
    needs=("vectors",),
    cost="O(N P D) for P centres, in chunks of rows",
    tags=("incremental", "stable ids", "clustering"),
)

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]
FAR = 3.5
"""Modified z-score of the distance to the centre from which on a row lies far from its topic."""
MOST_FAR = 0.05
"""Share of the rows that are called far at most: the farthest."""
NARROWEST = 0.01
"""Spread of a topic at least, in cosine, so that copies do not push everything else away."""
SHOWN = 5_000
"""Rows on which confidences are brought to scale at most."""


@dataclass(frozen=True, eq=False)
class Belonging:
    """Where rows belong."""

    topics: Ints
    """Id of each row's topic (N,)."""
    similarity: Floats
    """Cosine to the nearest centre of that topic (N,)."""
    confidence: Floats
    """Probability that a clustering of other rows would put the row there, too (N,)."""
    distance: Floats
    """Modified z-score (N,): how much farther than its topic's rows usually lie; negative within the nearer half."""

    @property
    def far_from(self) -> float:
        """Distance beyond which rows are far: `FAR`, or more where a share over `MOST_FAR` would lie beyond it.

        It is halfway between two rows then, so that the last bit of a product decides nothing.
        """
        last = len(self.distance) - 1
        rank = last - int(MOST_FAR * len(self.distance))
        return max(FAR, float(np.partition(self.distance, (rank, min(rank + 1, last)))[rank : rank + 2].mean()))

    @property
    def far(self) -> NDArray[np.bool_]:
        """Mask (N,) of the rows far from every topic: beyond `far_from`, the farthest; copies are alike."""
        return self.distance > self.far_from


@dataclass(frozen=True, eq=False)
class KeptTopics:
    """Topics as centres. Their ids are numbers that are never used twice."""

    centres: Floats
    """Centres (P, D) of length 1."""
    topic: Ints
    """Id of the topic that each centre stands for (P,)."""
    within: Ints
    """Id of the split topic whose rows a centre divides (P,); -1 for all rows."""
    born: Ints
    """Generation of each centre (P,), 0 the first."""
    middle: Floats
    """Median cosine of a centre's rows (P,)."""
    spread: Floats
    """Their median absolute deviation, as a normal standard deviation (P,)."""
    scale: float
    """Inverse temperature of the confidences."""
    next_id: int

    @property
    def ids(self) -> Ints:
        """Ids of all topics, ascending; a split topic's inner node is none."""
        return np.setdiff1d(self.topic, self.within)

    def place(self, X: Floats) -> Belonging:
        """Where vectors (N, D) belong; a row of zeros goes to some topic with similarity 0. Cost: O(N P D).

        Raises:
            InputError: The vectors are not usable, or were made by another encoder.
        """
        rows = check_vectors(X, width=self.centres.shape[1])
        parts = [self._place(normalize_rows(np.asarray(rows[part]))) for part in chunks(len(rows), ROWS)]
        return Belonging(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def merged(self, ids: Sequence[int]) -> Self:
        """The topics `ids` as one, which has the first id.

        Raises:
            InputError: Fewer than two are named, or there is no such topic.
        """
        self._check(ids)
        if len(set(ids)) < 2:
            raise InputError("merging takes two topics or more; name both")
        return replace(self, topic=np.where(np.isin(self.topic, list(ids)), ids[0], self.topic))

    def split(self, id: int, X: Floats, rng: np.random.Generator, *, parts: int | None = 2) -> Self:
        """The topic `id` in several parts, found from its rows among `X` (N, D); the largest part keeps the id.

        Raises:
            InputError: There is no such topic, or its rows cannot be told apart.
        """
        self._check([id])
        found = self.place(X)
        own = _directions(X[found.topics == id])
        if parts is not None and not 2 <= parts <= len(own):
            raise InputError(f"topic {id} has {len(own)} rows, which make no {parts} parts")
        centres, _ = find_topics(own, rng, count=parts)
        if len(centres) < 2:
            raise InputError(f"the rows of topic {id} cannot be told apart; it stays whole")
        inner = self.next_id
        names = np.array([id, *range(inner + 1, inner + len(centres))])
        moved = replace(self, topic=np.where(self.topic == id, inner, self.topic), next_id=inner + len(centres))
        return moved._with(centres, names, own, within=inner)

    def grown(self, X: Floats, rng: np.random.Generator, *, least: int = 10) -> Self:
        """The topics and new ones of rows (N, D) that none of them reaches: groups of `least` rows or more.

        A new group must lie about as close together as the loosest topic that is there.

        Raises:
            InputError: As `place`.
        """
        found = self.place(X)
        rows = _directions(X[found.distance > FAR])
        if len(rows) < least:
            return self
        centres, _ = find_topics(rows, rng)
        loosest = float((self.middle - self.spread).min())
        similarity = rows @ centres.T
        nearest = similarity.argmax(axis=1)
        kept = [
            k
            for k in range(len(centres))
            if (nearest == k).sum() >= least and np.median(similarity[nearest == k, k]) >= loosest
        ]
        if not kept:
            return self
        names = self.next_id + np.arange(len(kept))
        return replace(self, next_id=self.next_id + len(kept))._with(centres[kept], names, rows, within=-1)

    def _check(self, ids: Sequence[int]) -> None:
        unknown = [id for id in ids if id not in self.ids]
        if unknown:
            raise InputError(f"there is no topic {unknown[0]}; there are {', '.join(map(str, self.ids[:20]))}")

    def _with(self, centres: Floats, names: Ints, rows: Floats, *, within: int) -> Self:
        """The topics and more centres, with what their rows say of them; of their own generation unless `within`."""
        middle, spread = _usual(rows, centres)
        born = int(self.born.max()) + 1 if within < 0 else 0
        return replace(
            self,
            centres=np.concatenate([self.centres, centres.astype(self.centres.dtype)]),
            topic=np.append(self.topic, names),
            within=np.append(self.within, np.full(len(names), within)),
            born=np.append(self.born, np.full(len(names), born)),
            middle=np.append(self.middle, middle),
            spread=np.append(self.spread, spread),
        )

    def _place(self, X: Floats) -> tuple[Ints, Floats, Floats, Floats]:
        similarity = X @ self.centres.T.astype(X.dtype)
        place = self._outer(similarity)
        for inner in np.unique(self.within[self.within >= 0]).tolist():  # a split inside a split has the later number
            below, rows = np.flatnonzero(self.within == inner), np.flatnonzero(self.topic[place] == inner)
            place[rows] = below[similarity[np.ix_(rows, below)].argmax(axis=1)]
        own = similarity[np.arange(len(X)), place]
        confidence = self._confidence(similarity, self.topic[place])
        return self.topic[place], own, confidence, (self.middle[place] - own) / self.spread[place]

    def _outer(self, similarity: Floats) -> Ints:
        """The centre of each row (N,) before splits: the nearest of the oldest generation that reaches it."""
        outer = np.flatnonzero(self.within < 0)
        place = outer[similarity[:, outer].argmax(axis=1)]
        open_ = np.ones(len(similarity), dtype=bool)
        for generation in np.unique(self.born[outer]).tolist():
            these = outer[self.born[outer] == generation]
            best = these[similarity[:, these].argmax(axis=1)]
            reach = similarity[np.arange(len(best)), best] >= self.middle[best] - FAR * self.spread[best]
            place = np.where(open_ & reach, best, place)
            open_ &= ~reach
        return np.asarray(place, dtype=np.int64)

    def _confidence(self, similarity: Floats, topics: Ints) -> Floats:
        """Softmax over topics of the nearest centre's cosine times the scale, at each row's own topic (N,)."""
        leaf = np.flatnonzero(np.isin(self.topic, self.ids))
        order = leaf[np.argsort(self.topic[leaf], kind="stable")]
        starts = np.searchsorted(self.topic[order], self.ids)
        best = np.maximum.reduceat(similarity[:, order], starts, axis=1)
        proba = softmax(self.scale * best)
        return np.asarray(proba[np.arange(len(proba)), np.searchsorted(self.ids, topics)])


def keep_topics(centres: Floats, X: Floats, *, agreement: float, rng: np.random.Generator) -> KeptTopics:
    """Keep found topics, with ids 0 to K - 1.

    Args:
        centres: Centres (K, D) of length 1.
        X: Vectors (N, D) of the rows they were found from.
        agreement: Share of the rows that another run puts into the same topic (`topic_stability`), 0 to 1: what
            confidences are in the mean.
        rng: Draws the rows on which confidences are brought to scale.

    Raises:
        InputError: The arrays do not belong together.

    Example:
        >>> import numpy as np
        >>> X = np.repeat(np.eye(3), 20, axis=0)
        >>> kept = keep_topics(np.eye(3)[:2], X[:40], agreement=0.9, rng=np.random.default_rng(0))
        >>> kept.ids.tolist(), kept.grown(X, np.random.default_rng(0), least=10).ids.tolist()
        ([0, 1], [0, 1, 2])
    """
    rows = check_vectors(X, width=centres.shape[1])
    middle, spread = _usual(rows, centres)
    count = len(centres)
    drawn = rows[np.sort(rng.permutation(len(rows))[:SHOWN])]
    similarity = normalize_rows(np.asarray(drawn)) @ centres.T.astype(rows.dtype)
    low, high = 0.0, 8.0
    for _ in range(20):
        scale = np.exp((low + high) / 2)
        sure = softmax(scale * similarity).max(axis=1).mean() > agreement
        low, high = (low, np.log(scale)) if sure else (np.log(scale), high)
    ids = np.arange(count, dtype=np.int64)
    return KeptTopics(centres, ids, np.full(count, -1), np.zeros(count, np.int64), middle, spread, float(scale), count)


def _directions(X: Floats) -> Floats:
    """Rows scaled to length 1, without those of zeros, which have no direction."""
    return normalize_rows(np.asarray(X[X.any(axis=1)]))


def _usual(X: Floats, centres: Floats) -> tuple[Floats, Floats]:
    """Median cosine of each centre's rows, and their spread (K,); a centre without rows takes the others' means."""
    best, own = np.empty(len(X), np.int64), np.empty(len(X), np.float64)
    for part in chunks(len(X), ROWS):
        similarity = normalize_rows(np.asarray(X[part])) @ centres.T.astype(X.dtype)
        best[part], own[part] = similarity.argmax(axis=1), similarity.max(axis=1)
    order = np.argsort(best, kind="stable")
    groups = np.split(own[order], np.cumsum(np.bincount(best, minlength=len(centres)))[:-1])
    middle = np.array([np.median(group) if len(group) else np.nan for group in groups])
    spread = np.array(
        [1.4826 * np.median(np.abs(group - np.median(group))) if len(group) else np.nan for group in groups]
    )
    middle, spread = (np.where(np.isnan(v), np.nanmean(v), v) for v in (middle, spread))
    return middle, np.maximum(spread, NARROWEST)
