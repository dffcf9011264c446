"""Margin sampling with diversity: rows the model is torn about, no two alike, and no oddities.

The question: whose label would help most? Rows are ranked by the margin between their two most probable classes; the
most uncertain ones are clustered by k-means, weighted by their doubt, into as many clusters as rows are wanted, and of
each cluster the row nearest to its centre is taken. Doubt alone picks near-copies, diversity alone picks oddities; a
centre among doubtful rows is neither. Doubt weighs more in classes that few rows seem to be of, which clusters would
pass over. A model with few labels does not know what it does not know, so at first all rows are clustered, and the
circle narrows to the doubtful ones as labels come in. Do not use it where classes are as uneven as they should be
taught, and never measure or calibrate on the rows it picked.

Papers: "Diverse mini-batch Active Learning" (Zhdanov 2019) for the pre-filtered, weighted clusters; "Active Hidden
Markov Models for Information Extraction" (Scheffer et al. 2001) for the margin; "Active Learning on a Budget: Opposite
Strategies Suit High and Low Budgets" (Hacohen et al. 2022) for typical rows before uncertain ones. Changed: the
pre-filter narrows with the labels instead of being fixed; the weight of rare classes is ours; where rows are copies of
each other and make fewer clusters than wanted, the most uncertain of the rest fill up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import normalize_rows
from modicum.core.card import Card
from modicum.core.clusters import cluster
from modicum.core.errors import InputError
from modicum.labels.active.unlabelled import margins, unlabelled

CARD = Card(
    name="margin_query",
    room="labels",
    question="active",
    summary="Rows torn between two classes, one from each cluster of them; wider while labels are few",
    paper="Diverse mini-batch Active Learning",
    year=2019,
    needs=("probabilities", "vectors", "unlabelled"),
    cost="O(N K + C B D) a step for a batch of B among C candidates, N at first, at most 25 steps",
    tags=("active learning", "margin", "diversity", "clusters"),
)

MOST = 50_000
"""Candidates, drawn at random where there are more."""
LEAST_SHARE = 0.05
"""Share, in units of an even one, from which on a class is not taken for rarer still."""


def margin_query(
    X: NDArray[np.floating],
    proba: NDArray[np.floating],
    labelled: NDArray[np.bool_],
    budget: int,
    rng: np.random.Generator,
    *,
    prefilter: int = 5,
    trust: float = 0.5,
    rarity: float = 1.0,
) -> NDArray[np.int64]:
    """Choose rows to label.

    Args:
        X: Vectors (N, D); only their directions count.
        proba: Probabilities (N, K).
        labelled: Mask (N,) of rows that are never chosen.
        budget: Rows wanted; fewer are returned where there are fewer.
        rng: Breaks ties and seeds the clusters.
        prefilter: The most uncertain `prefilter * budget` rows are candidates at least, 1 or more.
        trust: Labels a class that halve the share of rows which are candidates, beginning with all, at least 0; with
            `trust=0` and `prefilter=1` it is plain margin sampling.
        rarity: Power of one over the share of rows with the same most probable class, by which doubt is multiplied
            in the clusters, at least 0; 0 leaves rare classes to chance.

    Returns:
        Distinct row numbers, the most uncertain first. Cost: O(N K + C B D) a step for C candidates and a batch of B.

    Raises:
        InputError: The arrays do not belong together, the budget is negative, or a setting is out of its range.

    Example:
        >>> import numpy as np
        >>> proba = np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])
        >>> margin_query(np.eye(3), proba, np.zeros(3, bool), 1, np.random.default_rng(0), trust=0).tolist()
        [1]
    """
    if prefilter < 1 or trust < 0 or rarity < 0:
        told = f"{prefilter}, {trust} and {rarity}"
        raise InputError(f"prefilter must be at least 1, trust and rarity at least 0, not {told}")
    pool = unlabelled(X, proba, labelled, budget)
    margin = margins(pool.proba[pool.rows])
    labels = int(pool.labelled.sum()) / pool.proba.shape[1]
    wide = len(margin) * 0.5 ** (labels / trust) if trust > 0 else 0
    order = np.lexsort((rng.random(len(margin)), margin))[: max(int(wide), prefilter * pool.budget)]
    if len(order) > max(MOST, pool.budget):
        order = order[np.sort(rng.choice(len(order), max(MOST, pool.budget), replace=False))]
    candidates = pool.rows[order]
    doubt = (1 - margin[order]) * _rarity(pool.proba[pool.rows], rarity)[order]
    if pool.budget in (0, len(candidates)):
        return candidates[: pool.budget]
    weight = np.maximum(doubt, 1e-6)  # rows of which the model is sure still have a place to go to
    nearest, distance = cluster(normalize_rows(pool.X[candidates]), pool.budget, rng, weight=weight)
    closest = np.lexsort((distance, nearest))
    central = closest[np.unique(nearest[closest], return_index=True)[1]]
    rest = np.setdiff1d(np.arange(len(candidates)), central)[: pool.budget - len(central)]
    return np.asarray(candidates[np.sort(np.concatenate([central, rest]))])


def _rarity(proba: NDArray[np.floating], power: float) -> NDArray[np.float64]:
    """One over the share (C,) of rows whose most probable class is the same, in units of an even share, to a power."""
    guessed = proba.argmax(axis=1)
    share = np.bincount(guessed, minlength=proba.shape[1]) * proba.shape[1] / max(len(proba), 1)
    return np.asarray(np.maximum(share[guessed], LEAST_SHARE) ** -power)
