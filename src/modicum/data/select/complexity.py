"""Complexity of a table of texts, before any training: how many of its features are distinct?

The question: how hard is this table going to be, next to another one? Feature density is the number of distinct
features over the number of all: words, pairs of words or runs of letters. Where texts say ever new things it is high,
and a model needs more rows; the authors found it to go against the accuracy of classifiers, so that the dearest of
their preprocessings and models need not be tried everywhere. Do not compare densities of tables unless they are
measured on equally many features, which is done here; nor take it for more than a hint: it knows no labels.

Paper: "Improving Classifier Training Efficiency for Automatic Cyberbullying Detection with Feature Density" (Eronen et
al. 2021). Changed: density falls with the size of a table, so that it is measured on runs of a fixed number of
features and averaged; runs of letters stand for the linguistic preprocessings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from modicum.core.card import Card
from modicum.core.errors import InputError

CARD = Card(
    name="feature_density",
    room="data",
    question="select",
    summary="Share of distinct words, pairs of words and runs of letters: how varied a table's texts are",
    paper="Improving Classifier Training Efficiency for Automatic Cyberbullying Detection with Feature Density",
    year=2021,
    needs=("texts",),
    cost="O(total length)",
    tags=("complexity", "table"),
    ids=("003-072",),
)

WORD = re.compile(r"\w+")
LETTERS = 4


def _words(text: str) -> list[str]:
    return WORD.findall(text.casefold())


def _pairs(text: str) -> list[str]:
    words = _words(text)
    return [f"{one} {other}" for one, other in pairwise(words)]


def _runs(text: str) -> list[str]:
    joined = " ".join(_words(text))
    return [joined[start : start + LETTERS] for start in range(len(joined) - LETTERS + 1)]


FEATURES: Mapping[str, Callable[[str], list[str]]] = MappingProxyType({"words": _words, "pairs": _pairs, "runs": _runs})


@dataclass(frozen=True)
class Density:
    """How varied the texts of a table are, 0 to 1."""

    words: float
    """Distinct words for each word."""
    pairs: float
    """Distinct pairs of neighbouring words for each pair."""
    runs: float
    """Distinct runs of four letters for each run."""
    size: int
    """Features that each density was measured on at a time; tables are compared at equal sizes."""


def feature_density(texts: Sequence[str], *, size: int = 5_000, rng: np.random.Generator) -> Density:
    """Measure how varied texts are.

    Args:
        texts: N texts.
        size: Features of a run, at least 1; fewer where a kind of feature has fewer in all, which is told.
        rng: Puts the texts in a random order, so that runs are alike.

    Raises:
        InputError: No text holds two words, or none four letters, or the size is below 1.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> feature_density(["red dog", "red cat", "red cow"] * 4, size=12, rng=rng).words < 0.5
        True
    """
    if size < 1:
        raise InputError(f"size must be at least 1, not {size}")
    order = rng.permutation(len(texts))
    found = {name: [one for row in order for one in split(texts[row])] for name, split in FEATURES.items()}
    least = min(len(features) for features in found.values())
    if least == 0:
        raise InputError("no text holds two words, or none four letters; a density needs some")
    run = min(size, least)
    return Density(**{name: _mean_density(features, run) for name, features in found.items()}, size=run)


def _mean_density(features: Sequence[str], run: int) -> float:
    """Mean share of distinct features over runs of one length."""
    starts = range(0, len(features) - run + 1, run)
    return float(np.mean([len(set(features[start : start + run])) / run for start in starts]))
