"""How well a search finds what is relevant: words and vectors together, beside each alone; and edited queries.

A collection with `corpus.jsonl` is searched with its queries. The default fusion, equal weights and k = 60, is that of
its paper and was not tuned; that passages join the other lists instead of replacing them was decided with the figures
of cranfield in view. Joined to long documents the same collection shows what passages are worth. In a labelled
collection a row of one class is the query, and one of the most similar class is what is not wanted.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from modicum.core.arrays import chunks, normalize_rows
from modicum.core.progress import Progress
from modicum.data.read import read
from modicum.evaluation.bench import BenchRow, Retrieval, load_retrieval, most_similar_class, summarize
from modicum.evaluation.metrics import ranking_scores
from modicum.vectors.search import edited_query, ranked
from modicum.workspace.bench.tasks import Collection, open_collection
from modicum.workspace.search import Query, SearchSettings, open_search

LEAD = 0.02
FIRST, DEPTH = 10, 100
WORDS, DENSE, HYBRID = "BM25 alone", "dense alone", "hybrid"
JOINED = 8
"""Documents that are joined to one, most of which an encoder then does not see."""
UNEDITED = "as it is"
EDITS = ("project", "subtract")
NOTE = "runs: parts of the queries, drawn at random"
Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Arm:
    """One way to search, the method that is measured by it, and the arm that it is compared with."""

    settings: SearchSettings
    method: str | None
    against: str | None
    """Name of an arm; the better of words and vectors alone where it is `ALONE`."""


ALONE = "the better of BM25 and dense alone"
ARMS = {
    WORDS: Arm(SearchSettings(mode="lexical"), "data.BM25", DENSE),
    DENSE: Arm(SearchSettings(mode="dense"), None, None),
    HYBRID: Arm(SearchSettings(), "vectors.rank_fusion", ALONE),
    "hybrid by scores": Arm(SearchSettings(fusion="scores"), "vectors.rank_fusion", ALONE),
    "hybrid, 50 ranked again": Arm(SearchSettings(rerank=50), "vectors.rerank", HYBRID),
}


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Retrieval figures and milliseconds a query; for labelled collections, what an edited query finds."""
    rows: list[BenchRow] = []
    for name in on:
        if (root / name / "train.csv").is_file():
            rows += _edited(open_collection(name, root, progress), seeds, progress)
        else:
            told = load_retrieval(name, root)
            rows += _retrieved(told, seeds, progress, LEAD)
            rows += _retrieved(joined(told, JOINED), seeds, progress)
    return rows


def joined(told: Retrieval, size: int, seed: int = 0) -> Retrieval:
    """The same queries on long documents: `size` random ones joined, as relevant as the best of them."""
    order = np.random.default_rng(seed).permutation(len(told.corpus))
    groups = [order[part] for part in chunks(len(order), size)]
    texts = [" ".join(told.corpus.texts[row] for row in group) for group in groups]
    grades = np.stack([told.relevance[:, group].max(axis=1).toarray().ravel() for group in groups], axis=1)
    return Retrieval(f"{told.name}, {size} joined", read(texts), told.queries, csr_array(grades))


def _retrieved(told: Retrieval, seeds: int, progress: Progress, lead: float | None = None) -> list[BenchRow]:
    """Every arm on one collection; figures are compared over `seeds` parts of the queries.

    `lead` is what fused lists should be ahead of the better of their two; None where nothing is promised.
    """
    where = f"{told.name}, {len(told.queries)} queries, {len(told.corpus):,} documents"
    found: dict[str, Mapping[str, Floats]] = {}
    times: list[BenchRow] = []
    for name, arm in ARMS.items():
        lists, seconds = _answers(told, name, arm.settings, progress)
        first, deep = (ranking_scores(lists, told.relevance, at=at) for at in (FIRST, DEPTH))
        found[name] = {
            f"nDCG@{FIRST}": first.ndcg,
            f"recall@{DEPTH}": deep.recall,
            f"MRR@{FIRST}": first.reciprocal_rank,
        }
        times.append(
            BenchRow(f"latency, {name}", where, round(1000 * float(np.median(seconds)), 3), "ms", note="median")
        )
    judged = np.flatnonzero(told.relevance.max(axis=1).toarray().ravel() > 0)
    parts = np.array_split(np.random.default_rng(0).permutation(judged), min(seeds, len(judged)))
    return [row for measure in found[HYBRID] for row in _figures(measure, where, found, parts, lead)] + times


def _answers(
    told: Retrieval, name: str, settings: SearchSettings, progress: Progress
) -> tuple[NDArray[np.int64], list[float]]:
    """The first rows (Q, DEPTH) of every query, -1 where fewer were found, and the seconds that each took."""
    search = open_search(told.corpus, settings=settings, progress=progress)
    lists, seconds = np.full((len(told.queries), DEPTH), -1), []
    for place, query in enumerate(told.queries):
        progress(f"{told.name}, {name}", place, len(told.queries))
        start = time.perf_counter()
        hits = search.find(Query(query), DEPTH).rows
        seconds.append(time.perf_counter() - start)
        lists[place, : len(hits)] = hits
    return lists, seconds


def _figures(
    measure: str,
    where: str,
    found: Mapping[str, Mapping[str, Floats]],
    parts: Sequence[NDArray[np.int64]],
    lead: float | None,
) -> list[BenchRow]:
    """One figure of every arm, beside the arm that it is compared with."""
    runs = {name: [float(figures[measure][part].mean()) for part in parts] for name, figures in found.items()}
    best = max((WORDS, DENSE), key=lambda name: np.mean(runs[name]))
    rows = []
    for name, arm in ARMS.items():
        against = best if arm.against == ALONE else arm.against
        row = _row(f"{measure}, {name}", where, runs[name], None if against is None else runs[against])
        target = None
        if lead is not None and measure.startswith("nDCG") and arm.against == ALONE:
            target = round(float(np.mean(runs[best])) + lead, 5)
        rows.append(replace(row, method=arm.method, against=against or "", target=target, note=NOTE))
    return rows


def _row(measure: str, where: str, values: Sequence[float], base: Sequence[float] | None) -> BenchRow:
    """A share over the runs, with the baseline's share on the same runs."""
    value, spread = summarize(values)
    row = BenchRow(measure, where, value, "share", seeds=len(values), spread=spread)
    if base is None:
        return row
    return replace(row, baseline=summarize(base)[0], difference_spread=summarize(np.subtract(values, base).tolist())[1])


def _edited(collection: Collection, seeds: int, progress: Progress) -> list[BenchRow]:
    """Share of the wanted and of the unwanted class among the first rows, over all pairs of a class and its nearest."""
    X = normalize_rows(np.asarray(collection.X_test, dtype=np.float64))
    codes = np.unique(collection.codes_test, return_inverse=True)[1]
    classes = np.arange(codes.max() + 1)
    nearest = most_similar_class(X, codes, len(classes))
    shares: dict[tuple[str, str], list[float]] = {}
    for seed in range(seeds):
        progress(f"{collection.name}, edited queries", seed, seeds)
        rng = np.random.default_rng(seed)
        rows = np.array([rng.choice(np.flatnonzero(codes == code)) for code in classes])
        for method in (UNEDITED, *EDITS):
            pairs = zip(rows, rows[nearest], strict=True)
            hits = codes[np.stack([_first(X, like, unlike, method) for like, unlike in pairs])]
            for what, meant in (("wanted", classes), ("unwanted", nearest)):
                shares.setdefault((what, method), []).append(float((hits == meant[:, None]).mean()))
    where = f"{collection.name} test, a row of each class, less one of the most similar class"
    told = []
    for (what, method), values in shares.items():
        base = None if method == UNEDITED else shares[what, UNEDITED]
        row = _row(f"{what} class in the first {FIRST}, query {method}", where, values, base)
        if base is not None:
            row = replace(row, method="vectors.edited_query", against="the query as it is")
        told.append(replace(row, lower_is_better=what == "unwanted"))
    return told


def _first(X: Floats, like: int, unlike: int, method: str) -> NDArray[np.int64]:
    query = X[like] if method == UNEDITED else edited_query(X[[like]], X[[unlike]], method=method)
    scores = X @ query
    scores[[like, unlike]] = -np.inf
    return ranked(scores, FIRST)
