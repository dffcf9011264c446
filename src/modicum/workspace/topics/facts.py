"""What is told of found topics, as plain JSON: the source of the page, the table of rows and the class file."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum import __version__
from modicum.core.arrays import normalize_rows
from modicum.vectors.shape import layout
from modicum.vectors.topics import cut_tree, topics_over_time, ward_tree
from modicum.vectors.topics.leaves import group_sums
from modicum.workspace.findings import shown
from modicum.workspace.topics.finding import FoundTopics
from modicum.workspace.topics.words import topic_words

EXAMPLES, FARTHEST = 5, 50
MINUTE, DAY = 60, 86_400
LIKELY = 1e8
"""Seconds since 1970 (1973) from which on a number is likely to be a date, whatever the time of the day."""
FIRST, BEYOND = datetime.datetime.min.replace(tzinfo=datetime.UTC).timestamp(), 1e11
"""Seconds since 1970 that may be a date."""
GROUPED = 8
"""Topics from which on they are gathered into broad groups, about the square root of their number."""


def topic_facts(found: FoundTopics, *, now: datetime.datetime) -> dict[str, Any]:
    """All figures of a run, JSON-able."""
    rng = np.random.default_rng(found.settings.seed)
    sizes = np.bincount(found.codes[found.codes >= 0], minlength=len(found.state.topics))
    merges, groups = _hierarchy(found, sizes, rng)
    counted = found.counted
    return {
        "modicum": __version__,
        "created": now.isoformat(),
        "data": {"source": found.table.source, "rows": len(found.table), "text_column": found.table.text_column},
        "encoder": {
            "name": found.state.encoder.name,
            "fingerprint": found.state.encoder.fingerprint,
            "dimension": found.state.encoder.dimension,
        },
        "figures": {
            "topics": len(found.state.topics),
            "agreement": round(found.stability.rows, 4),
            "confidence": _mean(found.belonging.confidence[found.codes >= 0]),
            "far": int(found.far.sum()),
            "empty": int((found.codes < 0).sum()),
            "largest_share": _rounded(sizes.max() / max(sizes.sum(), 1)),
            "new": _new(found),
        },
        "count": None
        if counted is None or len(counted.counts) == 0
        else [
            {"topics": int(k), "agreement": _rounded(a), "information": _rounded(i), "score": _rounded(s)}
            for k, a, i, s in zip(counted.counts, counted.agreement, counted.information, counted.score, strict=True)
        ],
        "topics": _topics(found, sizes, groups),
        "merges": [[int(a), int(b), _rounded(height), int(size)] for a, b, height, size in merges.tolist()],
        "time": _time(found),
        "far_rows": _far_rows(found),
        "map": _map(found, rng),
        "timings": dict(found.seconds),
    }


def _rounded(value: Any) -> float:
    return round(float(value), 4)


def _mean(values: NDArray[np.floating]) -> float | None:
    return _rounded(values.mean()) if len(values) else None


def _new(found: FoundTopics) -> int | None:
    return None if found.before is None else sum(topic.id not in found.before for topic in found.state.topics)


def _hierarchy(
    found: FoundTopics, sizes: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.float64], list[str | None]]:
    """Ward's tree of the topics, and the name of each topic's broad group; None where it is alone in it."""
    count = len(sizes)
    centres = normalize_rows(group_sums(found.X, found.codes + 1, count + 1)[1:])
    merges = ward_tree(centres, np.maximum(sizes, 1))
    if count < GROUPED:
        return merges, [None] * count
    group = cut_tree(merges, round(count**0.5))
    broad = np.where(found.codes >= 0, group[found.codes], -1)
    taken = {topic.name for topic in found.state.topics}
    means = normalize_rows(group_sums(centres, group, int(group.max()) + 1))
    names = topic_words(found.table.texts, broad, means, found.encode, rng, taken=taken).names
    members = np.bincount(group)
    return merges, [names[g] if members[g] > 1 else None for g in group.tolist()]


def _topics(found: FoundTopics, sizes: NDArray[np.int64], groups: Sequence[str | None]) -> list[dict[str, Any]]:
    """One entry per topic, in the order of the ids."""
    out = []
    order = np.lexsort((-found.belonging.similarity, found.codes))
    starts = np.searchsorted(found.codes[order], np.arange(len(sizes) + 1))
    far = found.far
    for k, topic in enumerate(found.state.topics):
        rows = order[starts[k] : starts[k + 1]]
        out.append(
            {
                "id": topic.id,
                "name": topic.name,
                "by_user": topic.by_user,
                "new": found.before is not None and topic.id not in found.before,
                "terms": list(topic.terms),
                "group": groups[k],
                "rows": int(sizes[k]),
                "share": _rounded(sizes[k] / max(sizes.sum(), 1)),
                "stability": _rounded(found.stability.topics[k]),
                "confidence": _mean(found.belonging.confidence[rows]),
                "far": int(far[rows].sum()),
                "examples": _examples(found, rows),
            }
        )
    return out


def _examples(found: FoundTopics, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
    """The rows nearest to the centre, copies left out."""
    seen: dict[str, dict[str, Any]] = {}
    for row in rows[: 10 * EXAMPLES].tolist():
        text = shown(found.table.texts[row])
        if len(seen) < EXAMPLES:
            seen.setdefault(text, {"id": found.table.ids[row], "text": text})
    return list(seen.values())


def _far_rows(found: FoundTopics) -> list[dict[str, Any]]:
    rows = np.flatnonzero(found.far)
    rows = rows[np.argsort(-found.belonging.distance[rows], kind="stable")][:FARTHEST]
    return [
        {
            "id": found.table.ids[row],
            "text": shown(found.table.texts[row]),
            "topic": found.state.topics[found.codes[row]].name,
            "similarity": _rounded(found.belonging.similarity[row]),
            "distance": _rounded(found.belonging.distance[row]),
        }
        for row in rows.tolist()
    ]


def _time(found: FoundTopics) -> dict[str, Any] | None:
    if found.table.times is None:
        return None
    rows = found.codes >= 0
    times = found.table.times[rows]
    told = topics_over_time(found.codes[rows], times, len(found.state.topics))
    return {
        "periods": _moments(told.edges, times),
        "rows": told.counts.sum(axis=0).tolist(),
        "topics": [
            {"shares": [_rounded(v) for v in shares], "trend": _rounded(trend), "p_value": _rounded(p)}
            for shares, trend, p in zip(told.shares, told.trend, told.p_value, strict=True)
        ],
    }


def _moments(edges: NDArray[np.float64], times: NDArray[np.float64]) -> list[str]:
    """Ends of periods: as dates where the times (N,) are likely to be seconds since 1970, else as numbers."""
    largest, whole_days = float(np.abs(times).max()), not (times % DAY).any()
    dates = largest >= LIKELY or (whole_days and largest > 0)
    if not dates or times.min() < FIRST or times.max() >= BEYOND:
        return [f"{edge:g}" for edge in edges]
    moments = [datetime.datetime.fromtimestamp(edge, datetime.UTC).replace(tzinfo=None) for edge in edges.tolist()]
    length = float(edges[1] - edges[0])
    if length == 0 or length >= DAY:
        return [moment.date().isoformat() for moment in moments]
    return [moment.isoformat(" ", "minutes" if length >= MINUTE else "seconds") for moment in moments]


def _map(found: FoundTopics, rng: np.random.Generator) -> dict[str, Any] | None:
    rows, most = np.flatnonzero(found.codes >= 0), found.settings.map_points
    if most < 5 or len(rows) < 5:
        return None
    rows = np.sort(rng.permutation(rows)[:most])
    places, far = layout(np.asarray(found.X[rows]), seed=found.settings.seed), found.far
    return {
        "method": "t-SNE of the vectors after principal components",
        "classes": [topic.name for topic in found.state.topics],
        "points": [
            {
                "x": round(float(x), 3),
                "y": round(float(y), 3),
                "class": int(found.codes[row]),
                "labelled": False,
                "far": bool(far[row]),
                "id": found.table.ids[row],
                "text": shown(found.table.texts[row]),
            }
            for (x, y), row in zip(places, rows.tolist(), strict=True)
        ],
    }
