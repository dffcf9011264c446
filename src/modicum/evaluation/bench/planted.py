"""Copies planted into a table as people spoil them, and how well a grouping finds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Rng = np.random.Generator
MOST_ERRORS = 2
ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def _misspelt(text: str, rng: Rng) -> str:
    """One or two letters within words are swapped, left out, doubled by another or replaced."""
    letters = list(text)
    for _ in range(rng.integers(1, MOST_ERRORS + 1)):
        places = [k for k in range(len(letters) - 1) if (letters[k] + letters[k + 1]).isalpha()]
        if not places:
            break
        place, other = int(rng.choice(places)), ALPHABET[rng.integers(len(ALPHABET))]
        pair = letters[place : place + 2]
        edits = ([pair[1], pair[0]], pair[1:], [pair[0], other, pair[1]], [other, pair[1]])
        letters[place : place + 2] = edits[rng.integers(len(edits))]
    return "".join(letters)


def _recased(text: str, rng: Rng) -> str:
    return (text.upper(), text.title(), text.swapcase())[rng.integers(3)]


def _reordered(text: str, rng: Rng) -> str:
    return " ".join(rng.permutation(text.split()).tolist())


def _cut(text: str, rng: Rng) -> str:
    return text[: round(len(text) * rng.uniform(0.75, 0.9))]


WAYS: Mapping[str, Callable[[str, Rng], str]] = MappingProxyType(
    {"typos": _misspelt, "case": _recased, "word order": _reordered, "end cut off": _cut}
)


def plant_copies(texts: Sequence[str], share: float, rng: Rng) -> tuple[Ints, list[str], list[str]]:
    """Copies of random rows, spoilt in each of the `WAYS` in turn.

    Args:
        texts: Texts (N,) of the table.
        share: Copies for each row of the table, 0 to 1.
        rng: Draws rows and errors.

    Returns:
        Row (M,) that each copy is of, the copies, and the way each was spoilt in. A tenth to a quarter of a text is cut
        off; typos are one or two.

    Example:
        >>> rows, copies, ways = plant_copies(["when will my card arrive"] * 8, 0.5, np.random.default_rng(0))
        >>> len(rows), ways, copies[1].lower()
        (4, ['typos', 'case', 'word order', 'end cut off'], 'when will my card arrive')
    """
    rows = rng.choice(len(texts), round(share * len(texts)), replace=False)
    ways = [list(WAYS)[number % len(WAYS)] for number in range(len(rows))]
    return rows, [WAYS[way](texts[row], rng) for row, way in zip(rows.tolist(), ways, strict=True)], ways


@dataclass(frozen=True)
class CopyScores:
    """How well planted copies were found, 0 to 1."""

    recall: float
    """Share of the copies that stand in the group of the row they are of."""
    precision: float
    """Share of the pairs found of a copy and any other row in which both are of the same origin."""
    own: int
    """Pairs of the table's own rows that were found as well, and are not the same text."""
    strict: float
    """Precision when every one of these counts as wrong."""


def copy_scores(groups: Ints, rows: Ints, exact: Ints) -> CopyScores:
    """Score a grouping of a table's N rows, followed by M copies.

    Args:
        groups: Group (N + M,) of each.
        rows: Row (M,) that each copy is of.
        exact: Group (N,) of the table's rows that are the same text.

    Example:
        >>> copy_scores(np.array([0, 1, 1, 0]), np.array([0]), np.array([0, 1, 2]))
        CopyScores(recall=1.0, precision=1.0, own=1, strict=0.5)
    """
    size = len(exact)
    origin = np.concatenate([exact, exact[rows]])
    same = np.stack([groups, origin])
    found, own = _pairs(groups[None]), _pairs(groups[None, :size])
    right, known = _pairs(same), _pairs(same[:, :size])
    hits, touched, odd = right - known, found - own, own - known
    recall = float((groups[size:] == groups[rows]).mean())
    return CopyScores(recall, hits / max(touched, 1), odd, hits / max(touched + odd, 1))


def _pairs(keys: Ints) -> int:
    """Pairs of columns of keys (k, n) that are equal."""
    counts = np.unique(keys, axis=1, return_counts=True)[1]
    return int((counts * (counts - 1) // 2).sum())
