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
from datetime import date, timedelta
from pathlib import Path
from subprocess import PIPE
from typing import Any

import numpy as np

from modicum.core.arrays import chunks
from modicum.core.cores import usable_cores
from modicum.core.errors import InputError
from modicum.core.nearest import Best
from modicum.core.progress import Progress
from modicum.core.texts import counted
from modicum.data.read.feeds import Entry
from modicum.evaluation.bench import BenchRow
from modicum.workspace.feed.likeness import title_key
from modicum.workspace.feed.merging import take
from modicum.workspace.feed.search import PaperQuery, PaperSearch
from modicum.workspace.feed.store import Store

PAPERS, METHODS = 1_000_000, "methods.jsonl"
RUN = 5_000
"""Entries of one transaction."""
MERGED = 20_000
"""Entries that come in as those of a source do, after all others."""
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
KINDS = ("words of titles", "one word", "words, filtered by date and source", "like five papers", "neighbours")
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
    return figures(many, made, told)


def figures(many: int, made: Mapping[str, float], told: Mapping[str, Any]) -> list[BenchRow]:
    """Rows of what `filled` and `asked` told of a feed."""
    where = f"{many:,} synthetic papers, static vectors, {counted(usable_cores(), 'core')}"

    def quick(kind: str, name: str) -> BenchRow:
        median, late, work = told[kind]
        note = f"median {median} ms; of the processor's time 95 of 100 take {work} ms at most"
        return BenchRow(f"search p95, {name}", where, late, "ms", None, SLOWEST, note=note, lower_is_better=True)

    return [
        quick("hybrid", "hybrid"),
        *(quick(kind, kind) for kind in KINDS),
        BenchRow("nearest 10 by vectors found", where, told["recall"], "share", note="of those by all 8-bit vectors"),
        BenchRow("entries merged by identifier and title", where, made["entries a second"], "entries/s"),
        BenchRow("papers indexed", where, made["papers a second"], "papers/s"),
        BenchRow(f"{NEW:,} more papers found after", where, told["more"], "s"),
        BenchRow("index opened", where, told["opened"], "s"),
        BenchRow("peak memory, indexing", where, made["peak"], "GB", note="with pages of files"),
        BenchRow("peak memory, searching", where, told["peak"], "GB", note="with pages of files"),
        BenchRow("memory of its own, searching", where, told["own"], "GB"),
        BenchRow("index on disk", where, made["disk"], "GB"),
    ]


def _alone(code: str, *given: Any) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", code], input=json.dumps(given), check=True, stdout=PIPE, text=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def filled(place: str, root: str, many: int) -> dict[str, float]:
    """Make a feed of `many` papers with its index in a folder, and say how fast that was.

    The last entries come in as those of a source do; those before them are written straight into the tables.
    """
    store = Store.open(Path(place) / "feed", create=True)
    with store.transaction() as db:
        db.executemany("INSERT INTO sources (address, added) VALUES (?, 0)", [("a",), ("b",), ("c",), ("d",)])
    told = max(many - MERGED, 0)
    rng = np.random.default_rng(0)
    for number, run in enumerate(_runs(Path(root), told, rng)):
        _write(store, 1 + number % 4, run)
    taken = 0.0
    for run in _runs(Path(root), many - told, rng, first=told):
        start = time.perf_counter()
        with store.transaction() as db:
            take(db, 1, run, 0.0)
        taken += time.perf_counter() - start
    start = time.perf_counter()
    search = PaperSearch.open(store, mode="static")
    indexed = time.perf_counter() - start
    store.close()
    disk = sum(file.stat().st_size for file in (Path(place) / "feed" / "search").rglob("*") if file.is_file())
    return {
        "entries a second": round((many - told) / taken, 1),
        "papers a second": round(len(search) / indexed, 1),
        "peak": _held("VmHWM"),
        "disk": round(disk / 1e9, 3),
    }


def _write(store: Store, source: int, run: Sequence[Entry]) -> None:
    """Write entries, each of a paper of its own, as `take` would."""
    with store.transaction() as db:
        first = db.execute("SELECT ifnull(max(id), 0) + 1 FROM papers").fetchone()[0]
        db.executemany(
            "INSERT INTO papers VALUES (?, ?, ?, '[]', ?, NULL, '[]', '[]', 0, 0, 0, NULL)",
            [(first + row, one.title, one.abstract, one.date) for row, one in enumerate(run)],
        )
        db.executemany(
            "INSERT INTO entries (source, key, paper, read_at, place, title, abstract, authors, identifiers, tags) "
            "VALUES (?, ?, ?, 0, '', ?, ?, '[]', '[]', '[]')",
            [(source, one.key, first + row, one.title, one.abstract) for row, one in enumerate(run)],
        )
        marks = [(f"title:{title_key(one.title)}", first + row) for row, one in enumerate(run)]
        db.executemany("INSERT INTO marks VALUES (?, ?)", marks)


def asked(place: str, root: str, many: int) -> dict[str, Any]:
    """Ask the index in a folder all kinds of queries, let papers come in, and say how long each took."""
    store = Store.open(Path(place) / "feed")
    start = time.perf_counter()
    search = PaperSearch.open(store)
    opened = time.perf_counter() - start
    titles = [title for title, _ in real_papers(Path(root))]
    rng = np.random.default_rng(1)
    told: dict[str, Any] = {}
    every: list[tuple[float, float]] = []
    for kind, queries in _queries(titles, many, rng).items():
        for query in queries[:WARM]:
            search.find(query)
        times = [_seconds(search, query) for query in queries]
        told[kind] = _spread(times)
        every += times if kind != "neighbours" else []
    told["hybrid"] = _spread(every)
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
        yield list(told)


def _paper(
    parents: Sequence[tuple[str, list[str]]], number: int, size: int, day: int, rng: np.random.Generator
) -> Entry:
    (one, first), (two, second) = parents
    words, others = one.split(), two.split()
    sentences = [*first, *second]
    chosen = rng.integers(0, len(sentences), size).tolist()
    title = " ".join([*words[: len(words) // 2 + 1], *others[len(others) // 2 :], f"x{number}"])
    abstract = " ".join(sentences[place] for place in chosen)
    when = (FIRST + timedelta(days=day)).isoformat()
    return Entry(f"made-{number}", title, abstract, date=when)


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
    return dict(
        zip(
            KINDS,
            (
                [PaperQuery(some(2, 6)) for _ in range(QUERIES)],
                [PaperQuery(some(1, 1), unfinished=True) for _ in range(QUERIES)],
                [PaperQuery(some(2, 6), since=since, sources=(1, 2)) for _ in range(QUERIES)],
                [PaperQuery(some(2, 4), like=papers(5)) for _ in range(QUERIES)],
                [PaperQuery(like=papers(1)) for _ in range(QUERIES)],
            ),
            strict=True,
        )
    )


def _seconds(search: PaperSearch, query: PaperQuery) -> tuple[float, float]:
    """Time of one query, and the processor's part of it."""
    start, work = time.perf_counter(), time.process_time()
    search.find(query)
    return time.perf_counter() - start, time.process_time() - work


def _spread(times: Sequence[tuple[float, float]]) -> list[float]:
    """Median and 95th percentile of the times, and that of the processor's, in milliseconds."""
    wall, work = np.array(times).T
    found = (np.median(wall), np.percentile(wall, 95), np.percentile(work, 95))
    return [round(1_000 * float(one), 1) for one in found]


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
