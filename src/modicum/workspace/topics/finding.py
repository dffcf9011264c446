"""From a table to its topics: found or kept, edited, named and judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import normalize_rows
from modicum.core.checks import check_vectors
from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder
from modicum.core.records import Table
from modicum.encoders import HashedEncoder, encode, encode_table, encoder_for, load_encoder
from modicum.vectors.topics import Belonging, CountFound, Stability, find_topics, keep_topics, topic_stability
from modicum.vectors.topics.leaves import group_sums, nearest
from modicum.workspace.budget import Stopwatch
from modicum.workspace.bundle import EncoderReference
from modicum.workspace.preparing import PRECOMPUTED
from modicum.workspace.topics.state import Topic, TopicState, tells
from modicum.workspace.topics.words import topic_words

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class TopicSettings:
    """What a user may turn."""

    topics: int | None = None
    """How many to find, 1 to the number of rows; None lets the rows tell. Kept topics are what they are."""
    merge: Sequence[Sequence[str]] = ()
    """Kept topics to be made one, by name or id; the first of each gives id and name."""
    split: Mapping[str, int | None] = field(default_factory=dict)
    """Kept topics to be divided, and into how many parts; None lets the rows tell."""
    rename: Mapping[str, str] = field(default_factory=dict)
    """New names of topics."""
    seed: int = 0
    """Of all that is drawn at random; at least 0."""
    threads: int | None = None
    """Cores to encode with, at least 1; default those available."""
    map_points: int = 1_500
    """Rows on the report's map; 0 for none."""

    @property
    def edits(self) -> bool:
        """Whether anything is to be changed."""
        return bool(self.merge or self.split or self.rename)


@dataclass(frozen=True, eq=False)
class FoundTopics:
    """Topics of a table, row by row."""

    table: Table
    X: Floats
    state: TopicState
    codes: NDArray[np.int64]
    """Place of each row's topic in `state.topics` (N,); -1 for rows that say nothing."""
    belonging: Belonging
    stability: Stability
    counted: CountFound | None
    """How the number was found; None where it was given or kept."""
    before: frozenset[int] | None
    """Ids that were there before; None where all are new."""
    seconds: Mapping[str, float]
    settings: TopicSettings
    encode: Callable[[Sequence[str]], Floats] | None
    """Makes vectors of phrases; None where vectors were given."""

    @property
    def far(self) -> NDArray[np.bool_]:
        """Mask (N,) of the rows far from every topic; they have a topic nevertheless."""
        return self.belonging.far & (self.codes >= 0)


@dataclass(frozen=True, eq=False)
class _Encoded:
    X: Floats
    reference: EncoderReference
    arrays: Mapping[str, NDArray[Any]]
    encode: Callable[[Sequence[str]], Floats] | None


def topics_of(
    table: Table,
    *,
    encoder: str | Encoder | None = None,
    vectors: Floats | None = None,
    previous: TopicState | None = None,
    settings: TopicSettings | None = None,
    progress: Progress = silent,
) -> FoundTopics:
    """Find the topics of a table, or put its rows into kept ones.

    Args:
        table: Texts, from `modicum.read`, with times where topics are to be followed.
        encoder: Name, folder or encoder; default all-MiniLM-L6-v2. Kept topics bring their own.
        vectors: Precomputed vectors (N, D), instead of an encoder.
        previous: Topics of an earlier run; their ids and names stay, new rows may bring new ones.
        settings: How many, what to edit, and the seed.
        progress: Called with stage, units done and units in all.

    Raises:
        InputError: The table holds no texts, vectors do not fit, or an edit names no topic.

    Example:
        >>> from modicum.data import read
        >>> table = read(["late train", "train delayed", "cold soup", "soup with bread"] * 5)
        >>> found = topics_of(table, encoder="hashed", settings=TopicSettings(topics=2))
        >>> len(found.state.topics), len(set(found.codes.tolist()))
        (2, 2)
    """
    settings, watch = settings or TopicSettings(), Stopwatch()
    if table.images is not None:
        raise InputError(f"{table.source} holds images; topics are named by words, so give a table of texts")
    if previous is None and (settings.merge or settings.split):
        raise InputError("topics are merged and split once they are there; name their folder with --previous DIR")
    rng = np.random.default_rng(settings.seed)
    with watch.stage("encode"):
        source = encoder if vectors is None else np.asarray(vectors)
        encoded = _encode(table, source, previous, settings.threads, progress)
    content = tells(table.texts, encoded.X)
    if not content.any():
        raise InputError(
            f"{table.source}: every text is empty or has a vector of zeros; name another column with --text"
        )
    X = encoded.X if content.all() else encoded.X[content]
    with watch.stage("topics"):
        if previous is None:
            state, counted = _found(X, encoded, settings, rng)
        else:
            state, counted = _continued(previous, X, settings, rng), None
        codes, place = state.place(table.texts, encoded.X)
        state = replace(state, far_from=place.far_from)
    with watch.stage("names"):
        state = _named(state, table, codes, encoded, rng)
        for said, name in settings.rename.items():
            state = state.renamed(said, name)
    with watch.stage("stability"):
        stability = topic_stability(X, codes[content], len(state.topics), rng)
    before = None if previous is None else frozenset(topic.id for topic in previous.topics)
    judged = (place, stability, counted, before, watch.seconds)
    return FoundTopics(table, encoded.X, state, codes, *judged, settings, encoded.encode)


def _encode(
    table: Table,
    source: str | Encoder | Floats | None,
    previous: TopicState | None,
    threads: int | None,
    progress: Progress,
) -> _Encoded:
    if isinstance(source, np.ndarray):
        X = check_vectors(source, rows=len(table))
        reference = EncoderReference(PRECOMPUTED, "", X.shape[1])
        _check_same(reference, previous)
        return _Encoded(X, reference, {}, None)
    found = _encoder(table, source, previous, threads)
    reference = EncoderReference(found.name, found.fingerprint, found.dimension)
    _check_same(reference, previous)
    arrays = found.arrays() if isinstance(found, HashedEncoder) else {}
    X = encode_table(table, found, progress=progress)
    return _Encoded(X, reference, arrays, partial(encode, encoder=found))


def _encoder(table: Table, source: str | Encoder | None, previous: TopicState | None, threads: int | None) -> Encoder:
    """The encoder asked for, or that of the kept topics."""
    if previous is None or source is not None:
        return encoder_for(table, source, threads=threads)
    if previous.encoder.name == PRECOMPUTED:
        raise InputError(
            "the kept topics were made from precomputed vectors; give those of this table (--vectors FILE)"
        )
    return kept_encoder(previous, threads=threads)


def kept_encoder(previous: TopicState, named: str | None = None, *, threads: int | None = None) -> Encoder:
    """The encoder that kept topics were made with, under its own name or another name or folder.

    Raises:
        InputError: There is none of that name, it is another one, or the topics were made from precomputed vectors.
    """
    if previous.encoder.name == PRECOMPUTED:
        raise InputError(
            "the kept topics were made from precomputed vectors, and texts alone tell none; find topics with an encoder"
        )
    if previous.encoder_arrays:
        return HashedEncoder.from_arrays(dict(previous.encoder_arrays))
    found = load_encoder(named or previous.encoder.name, threads=threads)
    _check_same(EncoderReference(found.name, found.fingerprint, found.dimension), previous)
    return found


def _check_same(reference: EncoderReference, previous: TopicState | None) -> None:
    known = previous.encoder if previous else reference
    if known.fingerprint != reference.fingerprint or known.dimension != reference.dimension:
        raise InputError(
            f"the kept topics were made with encoder {known.name} {known.fingerprint[:12]} of width {known.dimension}, "
            f"not with {reference.name} {reference.fingerprint[:12]} of width {reference.dimension}; use the same one, "
            "or find the topics anew"
        )


def _found(
    X: Floats, encoded: _Encoded, settings: TopicSettings, rng: np.random.Generator
) -> tuple[TopicState, CountFound | None]:
    centres, counted = find_topics(X, rng, count=settings.topics)
    agreement = topic_stability(X, nearest(X, centres), len(centres), rng, runs=2).rows
    kept = keep_topics(centres, X, agreement=agreement, rng=rng)
    unnamed = tuple(Topic(id, "") for id in kept.ids.tolist())
    return TopicState(kept, unnamed, encoded.reference, encoded.arrays), counted


def _continued(previous: TopicState, X: Floats, settings: TopicSettings, rng: np.random.Generator) -> TopicState:
    if settings.topics is not None:
        raise InputError("kept topics are what they are; --topics is for finding them anew, --split for having more")
    state = previous
    for said in settings.merge:
        state = state.merged(said)
    for one, parts in settings.split.items():
        state = state.split(one, X, rng, parts=parts)
    return state.grown(X, rng)


def _named(
    state: TopicState, table: Table, codes: NDArray[np.int64], encoded: _Encoded, rng: np.random.Generator
) -> TopicState:
    """Give terms to all topics, and names to those without."""
    centres = normalize_rows(group_sums(encoded.X, codes + 1, len(state.topics) + 1)[1:])
    taken = {topic.name for topic in state.topics if topic.name}
    words = topic_words(table.texts, codes, centres, encoded.encode, rng, taken=taken)
    named = (
        replace(topic, name=topic.name or name, terms=terms or topic.terms)
        for topic, name, terms in zip(state.topics, words.names, words.terms, strict=True)
    )
    return replace(state, topics=tuple(named))
