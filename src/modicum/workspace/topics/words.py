"""Words of topics: counted here, since texts are split into terms where texts are; weighed by `vectors/topics`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

from modicum.vectors.topics import class_tfidf, label_phrases

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]
EACH = 300
"""Rows of a topic that are read for its words at most, drawn at random."""
LETTERS, ALL_LETTERS = 20_000, 10_000_000
"""Letters of a text that are read at most, and of all texts."""
WORD = r"(?u)\b\w[\w'’]*\w\b"
"""A word of two letters or more, apostrophes inside it being letters."""
VOCABULARY = 30_000
LONGER = 0.25
"""Exponent of a phrase's length in words, which lifts its weight: its single words are always more frequent."""
TERMS, CANDIDATES = 8, 12
"""Terms that are told of a topic, and phrases that may be its name."""
COMMON = 0.02
"""Share of a topic's rows that must hold a phrase for it to be the name; two rows at least."""


@dataclass(frozen=True, eq=False)
class Words:
    """What each of K topics is about."""

    terms: tuple[tuple[str, ...], ...]
    """The terms (K) that weigh most, no two with a word in common."""
    names: tuple[str, ...]
    """Distinct names (K)."""


@dataclass(frozen=True, eq=False)
class _Counted:
    terms: NDArray[np.str_]
    counts: csr_array
    codes: Ints


def topic_words(
    texts: Sequence[str],
    codes: Ints,
    centres: Floats,
    encode: Callable[[Sequence[str]], Floats] | None,
    rng: np.random.Generator,
    *,
    taken: Collection[str] = (),
) -> Words:
    """Terms and a name for each topic.

    Args:
        texts: N texts; of long ones the beginning is read.
        codes: Topic (N,) of each row, in 0..K-1, or -1 for rows that tell nothing.
        centres: Centres (K, D) of the topics.
        encode: Makes vectors of phrases in the space of the centres; without it names are the heaviest terms.
        rng: Draws the rows that are read.
        taken: Names that none may have.
    """
    topics = len(centres)
    counted = _count(texts, codes, topics, rng)
    if counted is None:
        return Words(((),) * topics, _distinct([()] * topics, taken))
    weights = class_tfidf(counted.counts, counted.codes, topics)
    terms = [_heaviest(row, counted.terms) for row in weights]
    options: list[tuple[str, ...]] = [tuple(found) for found in terms]
    if encode is not None:
        for topic, phrase in enumerate(_phrases(counted, weights, centres, encode)):
            options[topic] = (phrase, *options[topic]) if phrase else options[topic]
    else:
        options = [(" / ".join(found[:2]), *found) if found else () for found in options]
    return Words(tuple(tuple(found) for found in terms), _distinct(options, taken))


def _count(texts: Sequence[str], codes: Ints, topics: int, rng: np.random.Generator) -> _Counted | None:
    """Counts of words, and of runs of two or three that neither begin nor end with a function word."""
    rows = _sample(codes, topics, rng)
    cut = min(LETTERS, ALL_LETTERS // max(len(rows), 1))
    counter = CountVectorizer(
        ngram_range=(1, 3), token_pattern=WORD, min_df=2 if len(rows) > 20 else 1, max_features=4 * VOCABULARY
    )
    try:
        counts = csr_array(counter.fit_transform([texts[row][:cut] for row in rows]))
    except ValueError:  # raised where no word is left
        return None
    terms = np.asarray(counter.get_feature_names_out(), dtype=str)
    telling = np.flatnonzero([_telling(term) for term in terms.tolist()])
    used = np.asarray(counts.sum(axis=0)).ravel()[telling]
    kept = np.sort(telling[np.argsort(-used, kind="stable")[:VOCABULARY]])
    return _Counted(terms[kept], csr_array(counts[:, kept]), codes[rows]) if len(kept) else None


def _sample(codes: Ints, topics: int, rng: np.random.Generator) -> Ints:
    """At most `EACH` rows of each topic, ascending."""
    order = rng.permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]
    order = order[codes[order] >= 0]
    starts = np.searchsorted(codes[order], np.arange(topics))
    rank = np.arange(len(order)) - starts[codes[order]]
    return np.sort(order[rank < EACH])


def _telling(term: str) -> bool:
    """Whether a term neither begins nor ends with a function word, a contraction (`didn't`) or a number."""
    words = term.split(" ")
    bare = [word in ENGLISH_STOP_WORDS or word.isdigit() or "'" in word or "’" in word for word in words]
    return not (bare[0] or bare[-1]) and len(set(words)) == len(words)


def _heaviest(weights: Floats, terms: NDArray[np.str_]) -> list[str]:
    """Heaviest terms that have no word in common, phrases rather than their words."""
    lengths = np.char.count(terms, " ") + 1
    found: list[str] = []
    seen: set[str] = set()
    for place in np.argsort(-weights * lengths**LONGER, kind="stable")[: 12 * TERMS]:
        words = set(str(terms[place]).split(" ")) - ENGLISH_STOP_WORDS
        if weights[place] > 0 and not words & seen and len(found) < TERMS:
            found.append(str(terms[place]))
            seen |= words
    return found


def _phrases(
    counted: _Counted, weights: Floats, centres: Floats, encode: Callable[[Sequence[str]], Floats]
) -> list[str]:
    """The nearest phrase of each topic among its heaviest that enough of its rows hold; empty where there is none."""
    topics = len(centres)
    member = csr_array((np.ones(len(counted.codes)), (counted.codes, np.arange(len(counted.codes)))))
    member.resize((topics, len(counted.codes)))
    holding = (member @ (counted.counts > 0)).toarray()
    least = np.maximum(2, COMMON * np.bincount(counted.codes, minlength=topics))[:, None]
    order = np.argsort(np.where(holding >= least, -weights, 0), axis=1, kind="stable")[:, :CANDIDATES]
    there = np.take_along_axis((holding >= least) & (weights > 0), order, axis=1)
    pool = np.unique(order[there])
    if len(pool) == 0:
        return [""] * topics
    held = np.zeros((topics, len(counted.terms)), dtype=bool)
    np.put_along_axis(held, order, there, axis=1)
    chosen, _ = label_phrases(centres, encode(counted.terms[pool].tolist()), held[:, pool])
    return [str(counted.terms[pool[place]]) if place >= 0 else "" for place in chosen.tolist()]


def _distinct(options: Sequence[Sequence[str]], taken: Collection[str]) -> tuple[str, ...]:
    """The first free option of each topic, or else a numbered one."""
    used, out = set(taken), []
    for number, found in enumerate(options, start=1):
        stem = found[0] if found else "topic"
        numbered = (f"{stem} {n}" for n in range(number if not found else 2, number + len(options) + len(used) + 2))
        name = next(one for one in (*found, *numbered) if one not in used)
        used.add(name)
        out.append(name)
    return tuple(out)
