"""Labelling instruction: for each class, the few rows and the phrase that show best what belongs to it.

The question: what should a new annotator be shown? For each class, rows are chosen one after the other so that their
mean finds the class's other rows best among all rows, measured by average precision; the phrase, out of any that
you offer, is the one whose vector finds them best. Together they are a page of instructions made from the data, and
their average precision says which classes are not explained by examples. Do not take exemplars for borderline cases:
they are the middle of the class, and the rule for the border is still to be written.

Paper: "Thinking Like an Annotator: Generation of Dataset Labeling Instructions" (2023). Changed: exemplars are added
greedily from the rows nearest to the class mean; phrases are whatever the caller offers, for instance class names,
descriptions or words of the corpus.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import class_means, normalize_rows, one_hot
from modicum.core.card import Card
from modicum.core.checks import check_codes, check_vectors
from modicum.core.errors import InputError

CARD = Card(
    name="labelling_instruction",
    room="labels",
    question="names",
    summary="Exemplars and a phrase for each class, chosen by how well they find its rows",
    paper="Thinking Like an Annotator: Generation of Dataset Labeling Instructions",
    year=2023,
    needs=("labels", "vectors"),
    cost="O(K (E P + F) N (D + log N)) for E exemplars out of P candidates, and F phrases",
    tags=("annotation", "training-free"),
    ids=("003-036",),
)


@dataclass(frozen=True, eq=False)
class Instruction:
    """What to show for one class."""

    code: int
    rows: NDArray[np.int64]
    """Exemplars, the most telling one first."""
    precision: float
    """Average precision with which the exemplars' mean finds the class, 0 to 1."""
    phrase: int | None
    """Number of the best phrase; None where none was offered."""
    phrase_precision: float | None


def labelling_instruction(
    X: NDArray[np.floating],
    codes: NDArray[np.int64],
    classes: int,
    *,
    exemplars: int = 3,
    candidates: int = 30,
    phrases: NDArray[np.floating] | None = None,
) -> list[Instruction]:
    """Choose what to show an annotator.

    Args:
        X: Vectors (N, D) of labelled rows.
        codes: Their classes (N,), in 0..classes-1.
        classes: Number of classes K.
        exemplars: Rows to show for a class, at most; fewer where more find the class no better.
        candidates: Rows nearest to the class mean among which exemplars are chosen.
        phrases: Vectors (F, D) of phrases on offer.

    Returns:
        One instruction for each class with a row, by class.

    Raises:
        InputError: The arrays do not belong together, or a number is under 1.

    Example:
        >>> X = np.array([[1.0, 0.0], [1.0, 0.2], [0.0, 1.0], [0.2, 1.0]])
        >>> [one.phrase for one in labelling_instruction(X, np.array([0, 0, 1, 1]), 2, phrases=np.eye(2))]
        [0, 1]
    """
    X = check_vectors(X)
    codes = check_codes(codes, classes=classes, rows=len(X))
    if exemplars < 1 or candidates < 1:
        raise InputError(f"{exemplars} exemplars out of {candidates} candidates; give 1 at least")
    if len(X) == 0:
        return []
    centre = X.mean(axis=0)
    unit = normalize_rows(X - centre).astype(np.float64)
    said = None
    if phrases is not None:
        offered = check_vectors(phrases, width=X.shape[1], what="phrase vectors")
        said = unit @ normalize_rows(offered - offered.mean(axis=0)).T if len(offered) else None
    means = normalize_rows(class_means(unit, one_hot(codes, classes)))
    out = []
    for code in np.unique(codes).tolist():
        member = codes == code
        pool = np.flatnonzero(member)
        pool = pool[np.argsort(-(unit[pool] @ means[code]), kind="stable")[:candidates]]
        rows, precision = _exemplars(unit, member, pool, exemplars)
        found = None if said is None else average_precisions(said, member)
        best = None if found is None else int(found.argmax())
        phrase_precision = None if found is None else float(found.max())
        out.append(Instruction(code, rows, precision, best, phrase_precision))
    return out


def _exemplars(
    unit: NDArray[np.floating], member: NDArray[np.bool_], pool: NDArray[np.int64], most: int
) -> tuple[NDArray[np.int64], float]:
    """Rows whose mean finds the class best, added while that helps; and how well it does."""
    chosen: list[int] = []
    reached, total = -1.0, np.zeros(unit.shape[1])
    while len(chosen) < min(most, len(pool)):
        rest = np.setdiff1d(pool, chosen, assume_unique=True)
        found = average_precisions(unit @ (total + unit[rest]).T, member)
        best = int(found.argmax())
        if found[best] <= reached:
            break
        reached = float(found[best])
        chosen.append(int(rest[best]))
        total = total + unit[rest[best]]
    return np.array(chosen, dtype=np.int64), reached


def average_precisions(scores: NDArray[np.floating], member: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Average precision (F,) with which each column of scores (N, F) finds the members (N,); ties by row number.

    Example:
        >>> average_precisions(np.array([[3.0], [2.0], [1.0]]), np.array([True, False, True])).round(3).tolist()
        [0.833]
    """
    hits = member[np.argsort(-scores, axis=0, kind="stable")]
    precision = hits.cumsum(axis=0) / np.arange(1, len(hits) + 1)[:, None]
    return np.asarray((precision * hits).sum(axis=0) / max(int(member.sum()), 1))
