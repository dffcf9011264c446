"""The feed: entries read and merged from saved pages, and papers ranked by ten likes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from modicum.core.errors import InputError
from modicum.core.progress import Progress
from modicum.encoders import encode, resolve
from modicum.evaluation.bench import BenchRow, load_retrieval, summarize
from modicum.evaluation.metrics import ranking_scores
from modicum.workspace.bench.feeds.digest import digest_rows
from modicum.workspace.bench.feeds.search import search_rows
from modicum.workspace.bench.feeds.site import site_rows
from modicum.workspace.feed.ranking import centred, rank_by_likes, word_vectors
from modicum.workspace.feed.reading import add
from modicum.workspace.feed.store import Store

LIKES, LEAST, RELEVANT = 10, 20, 15
"""Likes of a reader, papers of an interest at least, and papers at least that are relevant to a query."""
PAPERS = "methods.jsonl"
AHEAD, AIMED = 0.05, ("room", "kind")
"""By how much the ranking is to lead, and for which interests."""
EXPECTED = {"entries read": 487.0, "papers": 457.0, "titles that repeat": 28.0}

Ranking = Callable[[NDArray[np.int64]], NDArray[np.int64]]


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Merging, ranking, and the feed as it runs.

    Args:
        root: Folder of the collections.
        on: `pages` (merged), `site` (of them, in a browser), `digest` (of them, under kills), `search` among a million
            papers, or `search:100000`, or what papers are ranked by: a field of the file of methods, or a collection
            with queries, what is relevant to one being an interest.
        seeds: Draws of likes, and visits of a page.
        progress: Called with the stage and what is done.
    """
    rows: list[BenchRow] = []
    for name in on:
        if name == "site":
            rows += site_rows(root / "pages", seeds, progress)
        elif name == "digest":
            rows += digest_rows(root / "pages", progress)
        elif name.partition(":")[0] == "search":
            rows += search_rows(root, name.partition(":")[2], progress)
        else:
            rows += _merging(root / name, progress) if name == "pages" else _ranking(root, name, seeds, progress)
    return rows


def _merging(pages: Path, progress: Progress) -> list[BenchRow]:
    if not pages.is_dir():
        raise InputError(f"there is no folder {pages} (give the folder of collections with --data DIR)")
    with tempfile.TemporaryDirectory() as work:
        store = Store.open(Path(work) / "feed", create=True)
        found = add(store, str(pages), progress=progress)
        store.close()
    counts = (float(found.read), float(found.papers), float(len(found.repeated)))
    return [
        BenchRow(measure, "the five pages", value, "", None, target)
        for (measure, target), value in zip(EXPECTED.items(), counts, strict=True)
    ]


def _ranking(root: Path, name: str, seeds: int, progress: Progress) -> list[BenchRow]:
    """Average precision of each way to rank, the same likes for all."""
    texts, interests = _asked(root, name) if (root / name / "corpus.jsonl").is_file() else _field(root, name)
    X = np.asarray(encode(texts, resolve(None, texts), progress=progress))
    ways = _ways(texts, X)
    found: dict[str, list[float]] = {way: [] for way in ways}
    for seed in range(seeds):
        progress(f"rank by {name}", seed, seeds)
        rng = np.random.default_rng(seed)
        wanted = interests[rng.choice(len(interests))]
        likes = np.sort(rng.choice(np.flatnonzero(wanted), LIKES, replace=False))
        relevant = wanted & ~np.isin(np.arange(len(texts)), likes)
        for way, rank in ways.items():
            scores = ranking_scores(rank(likes)[None], relevant[None].astype(float), at=len(texts))
            found[way].append(float(scores.average_precision[0]))
    return _rows(found, f"{len(texts)} papers, interest: {name}", seeds, AHEAD if name in AIMED else None)


def _field(root: Path, field: str) -> tuple[list[str], NDArray[np.bool_]]:
    """Papers of the file of methods, and the interests (I, N) that a field of it holds."""
    file = root.parent / PAPERS
    if not file.is_file():
        raise InputError(f"there is no file {file}, whose papers are ranked (--data DIR names the folder beside it)")
    papers = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    if field not in papers[0]:
        raise InputError(f"{file} tells no {field!r} of a paper; name one of its columns, or pages, with --on")
    interest = np.array([str(paper[field]) for paper in papers])
    names, counts = np.unique(interest, return_counts=True)
    return [f"{paper['title']}. {paper['abstract']}" for paper in papers], interest == names[counts >= LEAST][:, None]


def _asked(root: Path, name: str) -> tuple[list[str], NDArray[np.bool_]]:
    """Papers of a collection, and as interests (I, N) what is relevant to a query."""
    told = load_retrieval(name, root)
    relevant = told.relevance.toarray() > 0
    return list(told.corpus.texts), relevant[relevant.sum(axis=1) >= RELEVANT]


def _rows(found: dict[str, list[float]], where: str, seeds: int, ahead: float | None) -> list[BenchRow]:
    own, *others = found
    rows = []
    for other in others:
        value, spread = summarize(found[own])
        base = summarize(found[other])[0]
        apart = summarize([a - b for a, b in zip(found[own], found[other], strict=True)])[1]
        rows.append(
            BenchRow(
                f"average precision from {LIKES} likes",
                where,
                value,
                "share",
                base,
                None if ahead is None else round(base + ahead, 5),
                seeds,
                spread,
                note=f"baseline: {other}",
                difference_spread=apart,
            )
        )
    return rows


def _ways(texts: Sequence[str], X: NDArray[np.floating]) -> dict[str, Ranking]:
    told = TfidfVectorizer(stop_words="english", sublinear_tf=True, ngram_range=(1, 2), min_df=2)
    words, every = csr_array(told.fit_transform(texts)), word_vectors(texts)[0]
    # As arxiv-sanity-lite counted words when it was first published; releases differ, also in the penalty.
    counter = TfidfVectorizer(
        strip_accents="unicode",
        stop_words="english",
        token_pattern=r"(?u)\b[a-zA-Z_][a-zA-Z0-9_]+\b",
        ngram_range=(1, 2),
        max_features=10_000,
        sublinear_tf=True,
        max_df=0.5,
        min_df=5,
    )
    reader = csr_array(counter.fit_transform(texts))
    plain, middle = X / np.linalg.norm(X, axis=1, keepdims=True), centred(X)
    return {
        "ranking by likes": lambda likes: rank_by_likes(texts, X, likes.tolist(), top=len(texts)).rows,
        "linear SVM on TF-IDF, words as in arxiv-sanity-lite": lambda likes: _svm(reader, likes),
        "linear SVM on TF-IDF, words in two papers or more": lambda likes: _svm(words, likes),
        "linear SVM on TF-IDF, stop words too": lambda likes: _svm(every, likes),
        "vectors + nearest mean": lambda likes: _without(plain @ plain[likes].mean(axis=0), likes),
        "centred vectors + nearest mean": lambda likes: _without(middle @ middle[likes].mean(axis=0), likes),
    }


def _svm(words: csr_array, likes: NDArray[np.int64]) -> NDArray[np.int64]:
    target = np.isin(np.arange(words.shape[0]), likes)
    rule = LinearSVC(C=0.01, class_weight="balanced", random_state=0).fit(words, target)
    return _without(np.asarray(rule.decision_function(words)), likes)


def _without(scores: NDArray[np.floating], likes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows by score, best first, the likes left out."""
    order = np.argsort(-scores, kind="stable")
    return order[~np.isin(order, likes)]
