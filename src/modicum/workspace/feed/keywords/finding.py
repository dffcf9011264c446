"""Keywords of a feed from the topics of its papers: found once, kept, and joined by new ones that new papers make.

Each paper is on the page of its topic, and on those of other topics to which it is as near as half of their own papers.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path
from sqlite3 import Connection

import numpy as np

from modicum.core.arrays import chunks
from modicum.core.errors import InputError
from modicum.core.files import atomic_folder, held_alone
from modicum.core.progress import Progress, silent
from modicum.core.records import Table
from modicum.encoders import HashedEncoder
from modicum.vectors.topics import KeptTopics
from modicum.workspace.feed.keywords.carrying import carried_topics
from modicum.workspace.feed.keywords.pages import Keywords, standing_of
from modicum.workspace.feed.search import PaperSearch
from modicum.workspace.feed.search.changes import changed_after, last_change, watch
from modicum.workspace.feed.search.part import text_of
from modicum.workspace.feed.search.shelf import Shelf
from modicum.workspace.feed.store import Store
from modicum.workspace.topics import TopicSettings, TopicState, load_topics, topics_of

FOLDER, LOCK = "keywords", ".keywords.lock"
LEAST = 30
"""Papers from which on keywords are sought."""
SAMPLE = 20_000
"""Papers from which they are learnt at most: the latest ones."""
MOST = 3
"""Keywords that a paper has at most."""
ROWS = 16_384


def find_keywords(
    store: Store,
    search: PaperSearch,
    *,
    keywords: int | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> int:
    """Find the keywords of a feed, or put papers that are new or changed on the pages of those that are there.

    Args:
        store: The feed, opened by the calling thread.
        search: Its search, up to date.
        keywords: How many to find the first time; None lets the papers tell.
        seed: Of samples.
        progress: Called with the stage `keywords` and how many papers are done.

    Returns:
        How many papers were new, changed or gone; 0 where nothing changed, or there are too few papers as yet.

    Raises:
        InputError: The search has no vectors, the feed cannot be written, or another process is at it.
    """
    if search.encoder is None:
        raise InputError("keywords are found by vectors, and the search knows words alone; name an --encoder")
    with held_alone(store.folder / LOCK, f"another modicum finds the keywords of {store.folder}; wait for its end"):
        return _found(store, search, search.encoder.fingerprint, TopicSettings(topics=keywords, seed=seed), progress)


def refresh_keywords(folder: Path, *, progress: Progress = silent) -> str:
    """Put papers that are new or changed on their pages, as a running site does, with the encoder of the feed's search.

    Args:
        folder: The feed's folder.
        progress: Called with the stage and how many papers are done.

    Returns:
        Why that could not be, so that the pages are as they were; empty where it could.

    Raises:
        InputError: There is no feed.
    """
    store = Store.open(folder)
    try:
        Keywords(store)
        read = store.rows("SELECT seq FROM keywords_read WHERE feed = ?", watch(store))
        papers = store.rows("SELECT count(*) AS papers FROM papers")[0]["papers"]
        if papers >= LEAST and (not read or read[0]["seq"] < last_change(store)):
            fitted = Shelf(folder).listed().fitted_on  # or the default encoder would be tried first
            encoder = HashedEncoder.name if fitted else None
            find_keywords(store, PaperSearch.open(store, encoder=encoder, progress=progress), progress=progress)
    except InputError as error:
        return str(error)
    finally:
        store.close()
    return ""


def _found(store: Store, search: PaperSearch, encoder: str, settings: TopicSettings, progress: Progress) -> int:
    Keywords(store)
    mark = watch(store)
    last = last_change(store)
    read = store.rows("SELECT seq FROM keywords_read WHERE feed = ? AND encoder = ?", mark, encoder)
    kept = _kept(store.folder / FOLDER) if read else None
    if kept is not None and read[0]["seq"] >= last:
        return 0
    before = kept or carried_topics(store, search, seed=settings.seed)
    settings = settings if before is None else replace(settings, topics=None)
    state = _learnt(store, search, before, settings)
    if state is None:
        return 0
    known = {row["topic"] for row in store.rows("SELECT topic FROM keywords")}
    again = kept is None or not {topic.id for topic in state.topics} <= known
    changed = [paper for _, paper in changed_after(store, 0 if again else read[0]["seq"], -1)]
    told = _placed(state.kept, search, list(compress(changed, search.known(changed))), progress)
    with store.transaction() as db:
        if before is None:
            for table in ("keyword_papers", "keywords"):  # whose numbers are never given again
                db.execute(f"DELETE FROM {table}")
        _name(state, db, {topic.id for topic in before.topics if not topic.name} if before else set())
        _write(db, changed, told)
        db.execute("INSERT OR REPLACE INTO keywords_read VALUES (?, ?, ?)", (mark, last, encoder))
    return len(changed)


def _kept(folder: Path) -> TopicState | None:
    """The topics of an earlier run; None where they are not there, or damaged."""
    try:
        return load_topics(folder)
    except InputError:
        return None


def _learnt(store: Store, search: PaperSearch, before: TopicState | None, settings: TopicSettings) -> TopicState | None:
    """The topics of the latest papers, with those that were there, on disk; None where there are too few papers."""
    rows = store.rows("SELECT id, title, abstract FROM papers ORDER BY id DESC LIMIT ?", SAMPLE)
    rows = list(compress(rows, search.known([row["id"] for row in rows])))[::-1]
    if len(rows) < LEAST:
        return None
    numbers, texts = tuple(str(row["id"]) for row in rows), tuple(text_of(row) for row in rows)
    table = Table(numbers, texts, (None,) * len(rows), "the feed")
    state = topics_of(table, encoder=search.encoder, previous=before, settings=settings).state
    with atomic_folder(store.folder / FOLDER) as work:
        state.write(work, {})
    return state


def _placed(
    kept: KeptTopics, search: PaperSearch, papers: Sequence[int], progress: Progress
) -> list[tuple[int, int, float]]:
    """Topic, paper and cosine for each page that a paper is on; of each paper its own topic first."""
    leaf = np.flatnonzero(np.isin(kept.topic, kept.ids))
    leaf = leaf[np.argsort(kept.topic[leaf], kind="stable")]
    starts = np.searchsorted(kept.topic[leaf], kept.ids)
    found: list[tuple[int, int, float]] = []
    for cut in chunks(len(papers), ROWS):
        X = search.vectors(papers[cut])
        cosines = X @ kept.centres[leaf].T.astype(X.dtype)
        near = np.maximum.reduceat(cosines, starts, axis=1)
        inside = np.maximum.reduceat(cosines - kept.middle[leaf].astype(X.dtype), starts, axis=1)
        own = np.searchsorted(kept.ids, kept.place(X).topics)
        rank = np.where(inside >= 0, near, -np.inf)
        rank[np.arange(len(X)), own] = np.inf
        best = np.argsort(-rank, axis=1, kind="stable")[:, :MOST]
        there = (np.take_along_axis(rank, best, axis=1) > -np.inf) & np.asarray(X.any(axis=1))[:, None]
        rows, places = np.nonzero(there)
        topics = best[rows, places]
        numbers = np.asarray(papers[cut])[rows]
        found += zip(kept.ids[topics].tolist(), numbers.tolist(), near[rows, topics].tolist(), strict=True)
        progress("keywords", cut.stop, len(papers))
    return found


def _name(state: TopicState, db: Connection, changed: Collection[int]) -> None:
    """Write keywords of new topics, the terms of all, and the names of those that are about something else now."""
    rows = db.execute("SELECT topic, name, dropped OR merged_into IS NOT NULL AS away FROM keywords").fetchall()
    known = {row["topic"] for row in rows}
    taken = {row["name"].casefold() for row in rows if not row["away"] and row["topic"] not in changed}
    for topic in state.topics:
        terms = json.dumps(topic.terms, ensure_ascii=False)
        if topic.id in known and topic.id not in changed:
            db.execute("UPDATE keywords SET terms = ? WHERE topic = ?", (terms, topic.id))
            continue
        options = (topic.name, *(f"{topic.name} {number}" for number in range(2, len(taken) + 3)))
        name = next(one for one in options if one.casefold() not in taken)
        taken.add(name.casefold())
        db.execute(
            "INSERT INTO keywords (topic, name, terms) VALUES (?, ?, ?) "
            "ON CONFLICT (topic) DO UPDATE SET name = excluded.name, terms = excluded.terms",
            (topic.id, name, terms),
        )


def _write(db: Connection, changed: Sequence[int], told: Sequence[tuple[int, int, float]]) -> None:
    """Put changed papers on their pages, and on no others; of the topics of each, its own is told first."""
    standing = standing_of(db)
    for table in ("keyword_papers", "paper_topics"):
        db.executemany(f"DELETE FROM {table} WHERE paper = ?", [(paper,) for paper in changed])
    own = [(paper, topic) for topic, paper, _ in told]
    db.executemany("INSERT OR IGNORE INTO paper_topics VALUES (?, ?)", own)
    rows = [(standing.get(topic), paper, likeness) for topic, paper, likeness in told]
    db.executemany(
        "INSERT INTO keyword_papers VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET "
        "likeness = max(likeness, excluded.likeness)",
        [row for row in rows if row[0] is not None],
    )
