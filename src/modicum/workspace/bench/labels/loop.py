"""How long a person who labels waits: from an answer to the next suggestion, and for a refit, both at the same time."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from modicum.core.progress import Progress
from modicum.core.records import Table
from modicum.data.read import label_space
from modicum.evaluation.bench import BenchRow, load_collection, summarize
from modicum.workspace.loop import Reply, Session, Teacher, open_session, views

ANSWERS = 300
PAUSE = 0.2
"""Seconds between two answers: a person who is quick."""
START = 5
"""Labels a class that are there before."""


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Answer `ANSWERS` questions at the pace of a quick person while the model is refitted in the background."""
    rows: list[BenchRow] = []
    for name in on:
        train, _ = load_collection(name, root)
        waits, refits = [], []
        for seed in range(seeds):
            progress(f"{name}, sessions", seed, seeds)
            found = _session(train)
            waits.append(1000 * float(np.quantile(found[0], 0.95)))
            refits.append(max(found[1]))
        where = f"{name} train, {len(train):,} rows, {len(label_space(train, None))} classes"
        value, spread = summarize(waits)
        rows.append(BenchRow("answer to next suggestion, p95", where, value, "ms", None, 100.0, seeds, spread))
        value, spread = summarize(refits)
        rows.append(BenchRow("background refit, slowest", where, value, "s", None, 3.0, seeds, spread, "wall time"))
    return rows


def _session(train: Table) -> tuple[list[float], list[float]]:
    """Seconds of every wait, and of every refit after the first."""
    space = label_space(train, None)
    table = Table(train.ids, train.texts, (None,) * len(train), train.source)
    with tempfile.TemporaryDirectory() as folder:
        session = open_session(table, space, Path(folder) / "labels.jsonl").session
        numbers = [session.number_of(str(label)) for label in train.labels]
        for code in range(len(space)):
            told = tuple(np.flatnonzero(np.array(numbers) == code)[:START].tolist())
            session.answer("bench", Reply("label", told, (code,)))
        teacher = Teacher(session)
        teacher.refit()
        teacher.start()
        waits, refits = _work(session, numbers)
        teacher.stop()
        session.journal.close()
    return waits, refits


def _work(session: Session, numbers: Sequence[int]) -> tuple[list[float], list[float]]:
    waits, refits, version = [], [], 0
    found = session.ask("bench", "tab")
    for _ in range(ANSWERS):
        time.sleep(PAUSE)
        row, how = found if found is not None else (0, "")
        begin = time.perf_counter()
        session.answer("bench", Reply("label", (row,), (numbers[row],), how=how))
        found = session.ask("bench", "tab")
        if found is not None:
            views.question(session, *found, "bench")
        waits.append(time.perf_counter() - begin)
        lesson = session.lesson
        if lesson is not None and lesson.version != version:
            version = lesson.version
            refits.append(lesson.elapsed)
    return waits, refits
