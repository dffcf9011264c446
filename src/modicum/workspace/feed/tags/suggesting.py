"""Suggestions for a tag: at once from its papers alone, later by the bundle that the ladder made of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.workspace.feed.ranking import rank_by_likes
from modicum.workspace.feed.search import PaperSearch
from modicum.workspace.feed.store import Store
from modicum.workspace.feed.tags.task import Tag, kept_bundle, pool_of
from modicum.workspace.model import Predictions

LIKES, BUNDLE = "likes", "bundle"
SHARE = 0.15
"""Weight of a bundle's log-odds beside the ranking by likes, which ranks better where it was measured."""
TOP = 50


@dataclass(frozen=True, eq=False)
class TagSuggestions:
    """Papers that a tag may fit, best first; neither its own nor hidden ones."""

    papers: NDArray[np.int64]
    """Numbers (M,)."""
    scores: NDArray[np.float64]
    """Scores (M,), higher is better: of the ranking by likes in standard deviations; with a bundle also a share of its
    log-odds on the same scale."""
    near: NDArray[np.int64]
    """Numbers (M, L) of the tagged papers that each is nearest to, nearest first."""
    phrases: tuple[tuple[str, ...], ...]
    """Phrases (M) of each that speak most for it."""
    by: str
    """`likes`: the papers of the tag against all others; `bundle`: with what the ladder learnt of them."""
    probabilities: NDArray[np.float64] | None = None
    """The bundle's probabilities (M,) that the tag fits; None without it."""
    behind: int = 0
    """Papers tagged or untagged since the bundle learnt."""


NOTHING = TagSuggestions(np.empty(0, np.int64), np.empty(0), np.empty((0, 0), np.int64), (), LIKES)


def suggest_for_tag(store: Store, search: PaperSearch, tag: Tag, *, top: int = TOP) -> TagSuggestions:
    """Papers that a tag may fit, with the reason of each.

    Args:
        store: The feed, opened by the calling thread.
        search: Its search.
        tag: The tag as it stands.
        top: How many at most.

    Returns:
        Suggestions; none where no paper is tagged, all are tagged or hidden, or words alone are searched. Cost: as
        `rank_by_likes`, for 5,000 papers and, where the feed has more, those that are tagged or hidden.
    """
    pool = pool_of(store, search, tag)
    likes = np.flatnonzero(pool.tagged)
    if not 0 < len(likes) < len(pool.papers) or not pool.X.any():
        return NOTHING
    found = rank_by_likes(pool.texts, pool.X, likes.tolist(), top=len(pool.papers))
    wanted = ~pool.hidden[found.rows]
    if not wanted.any():
        return NOTHING
    rows, scores, near = found.rows[wanted], found.scores[wanted], found.likes[wanted]
    phrases = [told for told, own in zip(found.phrases, wanted.tolist(), strict=True) if own]
    kept = kept_bundle(store.folder, search, tag)
    probabilities, behind, by = None, 0, LIKES
    if kept is not None:
        answers = kept[0].predict(vectors=pool.X[rows])
        if isinstance(answers, Predictions):
            probabilities, by = np.asarray(answers.probabilities[:, 0], dtype=np.float64), BUNDLE
            scores = _standard(scores) + SHARE * _standard(_log_odds(probabilities))
            behind = len({*kept[1]["tagged"]} ^ {*tag.tagged})
    order = np.argsort(-scores, kind="stable")[:top]
    return TagSuggestions(
        pool.papers[rows[order]],
        scores[order],
        pool.papers[near[order]],
        tuple(phrases[place] for place in order.tolist()),
        by,
        None if probabilities is None else probabilities[order],
        behind,
    )


def _log_odds(proba: NDArray[np.float64]) -> NDArray[np.float64]:
    kept = np.clip(proba, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(kept) - np.log1p(-kept))


def _standard(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = float(scores.std())
    return np.asarray((scores - scores.mean()) / (spread if spread > 0 else 1.0))
