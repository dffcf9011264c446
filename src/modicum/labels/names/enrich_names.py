"""Enriched names: a class's name together with the rows of the corpus that it finds.

The question: how far do names go without a label, when a name is one or two words and the items are sentences? Each
name, or description, claims the rows that are more similar to it than to any other; the most similar of them, weighted
by similarity, say in the corpus's own words what the name means, and their mean joins the name. What comes out stands
where names stood, in any head or recipe. Do not use it where names mislead, since what they find wrongly is then
believed; and once every class has a few labels it adds nothing.

Papers: "Evaluating Unsupervised Text Classification: Zero-shot and Similarity-based Approaches" (Lbl2TransformerVec,
2022: a label's vector is the mean of the documents most similar to it) and "SciPrompt: Knowledge-augmented Prompting
for Fine-grained Categorization of Scientific Topics" (2024: terms found for each label, weighted by correlation).
Changed: rows of the corpus stand for retrieved terms; names and rows are compared centred; a row serves one class.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import normalize_rows
from modicum.core.card import Card
from modicum.core.checks import check_share, check_vectors
from modicum.core.errors import InputError

CARD = Card(
    name="enrich_names",
    room="labels",
    question="names",
    summary="Class names joined by the rows of the corpus that are most similar to them",
    paper="Evaluating Unsupervised Text Classification: Zero-shot and Similarity-based Approaches",
    year=2022,
    needs=("names", "unlabelled"),
    cost="O(rounds * N K D)",
    tags=("zero-shot", "training-free"),
    ids=("004-051", "000-034"),
)


def enrich_names(
    class_vectors: NDArray[np.floating],
    X: NDArray[np.floating],
    *,
    nearest: int = 50,
    share: float = 0.5,
    rounds: int = 2,
) -> NDArray[np.float64]:
    """Class vectors that have taken up what their names find.

    Args:
        class_vectors: Embedded names or descriptions (K, D), K at least 2.
        X: Vectors (N, D) of the corpus.
        nearest: Rows that a name takes up, at most.
        share: Share of the rows in the new direction, 0 to 1.
        rounds: How often it is done; 0 gives the names, moved to the centre of the rows.

    Returns:
        Vectors (K, D) that lie among the rows: their centre plus the new direction, as long as rows are.

    Raises:
        InputError: The arrays do not belong together, or a setting is out of range.

    Example:
        >>> X = np.array([[1.0, 0.9, 0.0], [1.0, 1.0, 0.0], [-1.0, 0.0, 0.9], [-1.0, 0.0, 1.0]])
        >>> names = np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]])
        >>> found = enrich_names(names, X)[0]
        >>> bool(found[1] > found[2])
        True
    """
    names = check_vectors(class_vectors, what="class vectors").astype(np.float64)
    rows = check_vectors(X, width=names.shape[1]).astype(np.float64)
    check_share(share, "share")
    if len(names) < 2 or len(rows) == 0 or nearest < 1:
        raise InputError(f"{len(names)} names, {len(rows)} rows, {nearest} nearest; give 2 names and 1 row at least")
    centre = rows.mean(axis=0)
    centred = rows - centre
    length = float(np.linalg.norm(centred, axis=1).mean())
    unit = normalize_rows(centred)
    own = normalize_rows(names - names.mean(axis=0))
    found = own
    for _ in range(rounds):
        found = normalize_rows((1 - share) * own + share * _taken_up(unit @ found.T, unit, nearest))
    return np.asarray(centre + length * found)


def _taken_up(similarity: NDArray[np.floating], unit: NDArray[np.floating], nearest: int) -> NDArray[np.floating]:
    """Direction (K, D) of each class's most similar rows; zeros where it has none that is like it at all."""
    rows, classes = similarity.shape
    best = similarity.argmax(axis=1)
    worth = np.where(np.arange(classes) == best[:, None], np.maximum(similarity, 0), 0.0)
    count = min(nearest, rows)
    least = np.partition(worth, rows - count, axis=0)[rows - count]
    return normalize_rows(np.where(worth >= least, worth, 0.0).T @ unit)
