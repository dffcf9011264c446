"""Search among a million papers: how long a query takes, how fast papers come in, how much memory both hold.

Papers are made of sentences of real abstracts, two papers to each, with a number that no other has. Words are thus more
frequent than in as many real papers, where most words are rare: queries have more papers to look at, not fewer.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from subprocess import PIPE
from typing import Any

import numpy as np

from modicum.core.arrays import chunks
from modicum.core.errors import InputError
from modicum.core.nearest import Best
from modicum.core.progress import Progress
from modicum.data.read.feeds import Entry, make_entry
from modicum.evaluation.bench import BenchRow
from modicum.workspace.feed.merging import take
from modicum.workspace.feed.search import PaperQuery, PaperSearch
from modicum.workspace.feed.store import Store

PAPERS, METHODS = 1_000_000, "methods.jsonl"
RUN = 5_000
"""Entries of one transaction."""
SENTENCES = (4, 9)
QUERIES, TRUE = 300, 50
"""Queries that are timed, and of which the vectors' list is compared with that of all vectors."""
WARM = 20
ROWS = 16_384
NEW = 1_000
"""Papers that come in when all others are there."""
SLOWEST = 100.0
"""Milliseconds that 95 of 100 queries are to stay under."""
K = 10
FIRST = date(2015, 1, 1)
DAYS = 4_000

ASK = """
import json, sys
from modicum.workspace.bench.feeds.search import asked
print(json.dumps(asked(*json.loads(sys.stdin.read()))))
"""
FILL = """
import json, sys
from modicum.workspace.bench.feeds.search import filled
print(json.dumps(filled(*json.loads(sys.stdin.read()))))
"""


def search_rows(root: Path, said: str, progress: Progress) -> list[BenchRow]:
    """Figures of a feed of `said` papers: a million, or a number.

    Each step runs in a process of its own, so that its memory is its own.
    """
    if said and not said.isdigit():
        raise InputError(f"{said!r} is no number of papers; write, for instance, --on search:100000")
    many = int(said or PAPERS)
    with tempfile.TemporaryDirectory() as place:
        progress("entries", 0, 3)
        made = _alone(FILL, place, str(root), many)
        progress("queries", 1, 3)
        told = _alone(ASK, place, str(root), many)
        progress("done", 3, 3)
    where = f"{many:,} synthetic papers, static vectors, 2 cores"
    quick = BenchRow("search p95, hybrid", where, told["all"][1], "ms", None, SLOWEST, lower_is_better=True)
    kinds = ("words of titles", "one word", "words, filtered by date and source", "like five papers", "neighbours")
    return [
        replace(quick, note=f"{QUERIES} queries in turn; median {told['all'][0]} ms"),
        *(
            replace(quick, measure=f"search p95, {kind}", value=told[kind][1], note=f"median {told[kind][0]} ms")
            for kind in kinds
        ),
        BenchRow("nearest 10 by vectors found", where, told["recall"], "share", note="of those of all 8-bit vectors"),
        BenchRow("entries read and merged by identifier and title", where, made["entries a second"], "entries/s"),
        BenchRow("papers indexed", where, made["papers a second"], "papers/s"),
        BenchRow(f"{NEW:,} more papers found after", where, told["more"], "s"),
        BenchRow("index opened", where, told["opened"], "s"),
        BenchRow("peak memory, reading and indexing", where, made["peak"], "GB"),
        BenchRow("peak memory, searching", where, told["peak"], "GB", note="with pages of files"),
        BenchRow("peak memory, searching, without files", where, told["own"], "GB"),
        BenchRow("index on disk", where, made["disk"], "GB"),
    ]


def _alone(code: str, *given: Any) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", code], input=json.dumps(given), check=True, stdout=PIPE, text=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def filled(place: str, root: str, many: int) -> dict[str, float]:
    """Make a feed of `many` papers with its index in a folder, and say how fast that was."""
    store = Store.open(Path(place) / "feed", create=True)
    with store.transaction() as db:
        db.executemany("INSERT INTO sources (address, added) VALUES (?, 0)", [("a",), ("b",), ("c",), ("d",)])
    taken = 0.0
    for number, run in enumerate(_runs(Path(root), many, np.random.default_rng(0))):
        start = time.perf_counter()
        with store.transaction() as db:
            take(db, 1 + number % 4, run, float(number))
        taken += time.perf_counter() - start
    start = time.perf_counter()
    search = PaperSearch.open(store, mode="static")
    indexed = time.perf_counter() - start
    store.close()
    disk = sum(file.stat().st_size for file in (Path(place) / "feed" / "search").rglob("*") if file.is_file())
    return {
        "entries a second": round(many / taken, 1),
        "papers a second": round(len(search) / indexed, 1),
        "peak": _held("VmHWM"),
        "disk": round(disk / 1e9, 3),
    }


def asked(place: str, root: str, many: int) -> dict[str, Any]:
    """Ask the index in a folder all kinds of queries, let papers come in, and say how long each took."""
    store = Store.open(Path(place) / "feed")
    start = time.perf_counter()
    search = PaperSearch.open(store)
    opened = time.perf_counter() - start
    titles = [title for title, _ in real_papers(Path(root))]
    rng = np.random.default_rng(1)
    told: dict[str, Any] = {}
    every: list[float] = []
    for kind, queries in _queries(titles, many, rng).items():
        for query in queries[:WARM]:
            search.find(query)
        times = [_seconds(search, query) for query in queries]
        told[kind] = _spread(times)
        every += times if kind in ("words of titles", "one word", "words, filtered by date and source") else []
    told["all"] = _spread(every)
    told["peak"], told["own"] = _held("VmHWM"), _held("RssAnon")
    told["recall"] = _recall(search, len(search), rng)
    runs = _runs(Path(root), NEW, rng, first=many)
    for run in runs:
        with store.transaction() as db:
            take(db, 1, run, 0.0)
    start = time.perf_counter()
    search.refresh(store)
    told["more"], told["opened"] = round(time.perf_counter() - start, 2), round(opened, 2)
    store.close()
    return told


def real_papers(root: Path) -> list[tuple[str, list[str]]]:
    """Title and sentences of the papers that others are made of.

    Raises:
        InputError: The file of methods beside the collections, or the collection `cranfield`, is not there.
    """
    files = ((root.parent / METHODS, "abstract"), (root / "cranfield" / "corpus.jsonl", "text"))
    found = []
    for file, field in files:
        if not file.is_file():
            raise InputError(f"there is no file {file}, of whose papers others are made (--data DIR names the folder)")
        for line in file.read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            sentences = [one for one in re.split(r"(?<=[.!?])\s+", told[field]) if len(one) > 20]
            if told["title"] and sentences:
                found.append((str(told["title"]), sentences))
    return found


def _runs(root: Path, many: int, rng: np.random.Generator, first: int = 0) -> Iterator[list[Entry]]:
    papers = real_papers(root)
    for start in range(first, first + many, RUN):
        stop = min(start + RUN, first + many)
        parents = rng.integers(0, len(papers), (stop - start, 2)).tolist()
        sizes = rng.integers(*SENTENCES, stop - start).tolist()
        days = rng.integers(0, DAYS, stop - start).tolist()
        told = (
            _paper([papers[one] for one in pair], start + row, sizes[row], days[row], rng)
            for row, pair in enumerate(parents)
        )
        yield [entry for entry in (make_entry(one, "a", str(one["key"])) for one in told) if entry is not None]


def _paper(
    parents: Sequence[tuple[str, list[str]]], number: int, size: int, day: int, rng: np.random.Generator
) -> Mapping[str, Any]:
    (one, first), (two, second) = parents
    words, others = one.split(), two.split()
    sentences = [*first, *second]
    chosen = rng.integers(0, len(sentences), size).tolist()
    title = " ".join([*words[: len(words) // 2 + 1], *others[len(others) // 2 :], f"x{number}"])
    abstract = " ".join(sentences[place] for place in chosen)
    when = (FIRST + timedelta(days=day)).isoformat()
    return {"title": title, "abstract": abstract, "date": when, "key": f"made-{number}"}


def _queries(titles: Sequence[str], many: int, rng: np.random.Generator) -> dict[str, list[PaperQuery]]:
    """Queries of each kind."""

    def some(least: int, most: int) -> str:
        words = titles[int(rng.integers(len(titles)))].split()
        size = min(int(rng.integers(least, most + 1)), len(words))
        start = int(rng.integers(len(words) - size + 1))
        return " ".join(words[start : start + size])

    def papers(count: int) -> tuple[int, ...]:
        return tuple(dict.fromkeys(rng.integers(1, many + 1, count).tolist()))

    since = FIRST + timedelta(days=DAYS // 2)
    return {
        "words of titles": [PaperQuery(some(2, 6)) for _ in range(QUERIES)],
        "one word": [PaperQuery(some(1, 1), unfinished=True) for _ in range(QUERIES)],
        "words, filtered by date and source": [
            PaperQuery(some(2, 6), since=since, sources=(1, 2)) for _ in range(QUERIES)
        ],
        "like five papers": [PaperQuery(some(2, 4), like=papers(5)) for _ in range(QUERIES)],
        "neighbours": [PaperQuery(like=papers(1)) for _ in range(QUERIES)],
    }


def _seconds(search: PaperSearch, query: PaperQuery) -> float:
    start = time.perf_counter()
    search.find(query)
    return time.perf_counter() - start


def _spread(times: Sequence[float]) -> list[float]:
    """Median and 95th percentile in milliseconds."""
    return [round(1_000 * float(np.percentile(times, share)), 1) for share in (50, 95)]


def _recall(search: PaperSearch, many: int, rng: np.random.Generator) -> float:
    """Share of the nearest papers by 8-bit vectors that `neighbours` finds."""
    papers = rng.choice(np.arange(1, many + 1), min(TRUE, many), replace=False)
    asked = search.vectors(papers.tolist())
    best = Best(len(papers), K)
    for cut in chunks(many, ROWS):
        numbers = np.arange(cut.start + 1, cut.stop + 1)
        scores = asked @ search.vectors(numbers.tolist()).T
        scores[papers[:, None] == numbers] = -np.inf
        best.offer(slice(0, len(papers)), scores, numbers)
    true = best.ranked()[0]
    shared = [
        len({*search.neighbours(int(one), K).papers.tolist()} & {*own.tolist()})
        for one, own in zip(papers, true, strict=True)
    ]
    return round(sum(shared) / true.size, 4)


def _held(what: str) -> float:
    """Gigabytes of this process, as Linux tells them; 0 elsewhere."""
    status = Path("/proc/self/status")
    found = re.search(rf"{what}:\s+(\d+)", status.read_text(encoding="utf-8")) if status.is_file() else None
    return round(int(found[1]) * 1024 / 1e9, 3) if found else 0.0
