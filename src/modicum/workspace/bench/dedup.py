"""Planted copies: how well each way to find copies finds them, and how fast, beside semhash on the same vectors."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.progress import Progress
from modicum.data.dedup import edited_copies, exact_duplicates, near_duplicates, text_copies, vector_duplicates
from modicum.encoders import encode, resolve
from modicum.evaluation.bench import BenchRow, copy_scores, load_collection, plant_copies, summarize
from modicum.workspace.bench.peer import ask_peer

SHARE = 0.05
GOAL = 0.95
NEAR = "data.near_duplicates"
SHIPPED = "what modicum dedup --by text runs"
Ints = NDArray[np.int64]
FOUND_BY: Mapping[str, Callable[[Sequence[str], NDArray[np.floating]], Ints]] = {
    NEAR: lambda texts, X: near_duplicates(texts),
    "data.edited_copies": lambda texts, X: edited_copies(texts),
    SHIPPED: lambda texts, X: text_copies(texts),
    "data.vector_duplicates": lambda texts, X: vector_duplicates(X),
}
FIGURES = {"recall": "recall, planted copies", "precision": "precision, pairs with a planted copy"}


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Recall, precision and seconds, with a twentieth of the rows planted as spoilt copies."""
    rows: list[BenchRow] = []
    for name in on:
        texts = list(load_collection(name, root)[0].texts)
        encoder = resolve(None, texts)
        cells = []
        for seed in range(seeds):
            progress(f"{name}, planted copies", seed, seeds)
            planted = plant_copies(texts, SHARE, np.random.default_rng(seed))
            every = [*texts, *planted[1]]
            X = encode(every, encoder)
            cells.append(_cell(texts, planted, every, X))
        progress(f"{name}, planted copies", seeds, seeds)
        peer = ask_peer("dedup.py", {str(seed): cell["given"] for seed, cell in enumerate(cells)})
        rows += _rows(f"{name} train, {SHARE:.0%} planted", cells, peer)
    return rows


def _cell(
    texts: Sequence[str], planted: tuple[Ints, list[str], list[str]], every: Sequence[str], X: NDArray[np.floating]
) -> dict[str, Any]:
    """What each way finds, and in how many seconds; and what a peer is to be given."""
    sources, _, ways = planted
    exact, found, kinds = exact_duplicates(texts), {}, np.array(ways)
    for key, group in FOUND_BY.items():
        start = time.perf_counter()
        groups = group(every, X)
        seconds = time.perf_counter() - start
        hit = groups[len(texts) :] == groups[sources]
        each = {way: float(hit[kinds == way].mean()) for way in sorted(set(ways))}
        found[key] = {**vars(copy_scores(groups, sources, exact)), "seconds": seconds, "each": each}
    told = np.frombuffer("\n".join(" ".join(text.split()) for text in every).encode(), dtype=np.uint8)
    return {"found": found, "given": {"texts": told, "X": np.asarray(X)}, "sources": sources, "exact": exact}


def _rows(where: str, cells: Sequence[Mapping[str, Any]], peer: Mapping[str, Any] | None) -> list[BenchRow]:
    out = []
    for key in FOUND_BY:
        told = [cell["found"][key] for cell in cells]
        plain = [cell["found"][NEAR] for cell in cells]
        each = ", ".join(f"{way} {np.mean([one['each'][way] for one in told]):.3f}" for way in told[0]["each"])
        own, strict = (np.mean([one[name] for one in told]) for name in ("own", "strict"))
        notes = {
            "recall": each,
            "precision": f"{own:.0f} pairs of the table's own rows as well; if wrong, {strict:.3f}",
        }
        for name, measure in FIGURES.items():
            value, spread = summarize([one[name] for one in told])
            beside: dict[str, Any] = {}
            if key not in (NEAR, SHIPPED):
                apart = summarize([one[name] - other[name] for one, other in zip(told, plain, strict=True)])[1]
                beside = {"baseline": summarize([one[name] for one in plain])[0], "difference_spread": apart}
            method, what = (None, f"{measure}, {key}") if key == SHIPPED else (key, measure)
            target = GOAL if key in (SHIPPED, "data.edited_copies") else None
            told_of = {"method": method, "against": NEAR if beside else "", "note": notes[name], **beside}
            out.append(BenchRow(what, where, value, "share", target=target, seeds=len(cells), spread=spread, **told_of))
    return [*out, *_beside(where, cells, peer)]


def _beside(where: str, cells: Sequence[Mapping[str, Any]], peer: Mapping[str, Any] | None) -> list[BenchRow]:
    """Seconds, and a peer's where there is one: it is given vectors, so that its seconds hold no encoding."""
    value, spread = summarize([cell["found"][SHIPPED]["seconds"] for cell in cells])
    if not peer:
        return [BenchRow(f"seconds, {SHIPPED}", where, value, "s", seeds=len(cells), spread=spread)]
    theirs = [peer[str(seed)] for seed in range(len(cells))]
    seconds = float(np.mean([one["seconds"] for one in theirs]))
    scores = [
        copy_scores(np.array(one["groups"]), cell["sources"], cell["exact"])
        for one, cell in zip(theirs, cells, strict=True)
    ]
    recall, precision = (float(np.mean([getattr(one, name) for one in scores])) for name in FIGURES)
    note = f"semhash at its threshold, vectors given: recall {recall:.3f}, precision {precision:.3f}"
    ratio = round(value / seconds, 5)
    return [
        BenchRow(f"seconds, {SHIPPED}", where, value, "s", seconds, seconds, len(cells), spread, note),
        BenchRow("time ratio to semhash", where, ratio, "ratio", None, 1.0, len(cells), lower_is_better=True),
    ]
