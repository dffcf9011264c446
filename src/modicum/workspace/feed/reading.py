"""`add` and `poll`: sources into a feed's folder, politely, each entry once, and on from where a kill came."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from pathlib import Path, PurePosixPath
from sqlite3 import Connection
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode, urlsplit

from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder
from modicum.data.read.feeds import (
    Answer,
    Entry,
    Limits,
    Told,
    Unreachable,
    fetch,
    kind_of_type,
    papers_files,
    read_entries,
)
from modicum.workspace.feed.merging import merge_alike, take
from modicum.workspace.feed.search.encoding import WORDS_ALONE
from modicum.workspace.feed.store import Store

ARXIV, ARXIV_API = "arxiv:", "https://export.arxiv.org/api/query"
PAGE, PAGES = 100, 10
"""Entries of a page of the arXiv API, and pages that are asked for in one go."""
DONE = -1
"""The place in a source that is read to its end."""
DAY = 86_400.0


@dataclass(frozen=True)
class Manners:
    """How servers are treated, and what time it is."""

    limits: Limits = field(default_factory=Limits)
    every: float = 3_600.0
    """Seconds between two polls of a source; after each failure in a row twice as long, up to a day."""
    pause: float = 3.0
    """Seconds between two requests to one host, as arXiv asks for."""
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    api: str = ARXIV_API
    """Address of arXiv's interface."""


@dataclass(frozen=True)
class Reading:
    """What came of reading one source."""

    source: str
    read: int
    """Entries of the source in the feed, each counted once."""
    papers: int
    """Papers that they are of."""
    new: int
    """Entries that were not there before."""
    repeated: tuple[str, ...]
    """Titles of the papers of which the source has more than one entry."""
    error: str | None = None
    """Why a poll failed; it is tried again later."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {**asdict(self), "repeated": list(self.repeated)}


def add(
    store: Store,
    source: str,
    *,
    encoder: str | Encoder | None = None,
    manners: Manners | None = None,
    progress: Progress = silent,
) -> Reading:
    """Read a source into a feed, and keep its address for later polls.

    Args:
        store: The feed.
        source: An address of http or https, `arxiv:QUERY`, a file, or a folder of files.
        encoder: What finds papers that are the same in other words; `none` to go by identifiers and titles alone.
        manners: How servers are treated.
        progress: Called with the stage and what is done.

    Raises:
        InputError: The source cannot be read; what was read before stays.
    """
    address = _address(source)
    with store.alone():
        new = _read(store, address, manners or Manners(), {}, progress, again=True)
        if encoder != WORDS_ALONE:
            merge_alike(store, encoder, progress=progress)
    return told_of(store, address, new)


def poll(
    store: Store,
    *,
    encoder: str | Encoder | None = None,
    all: bool = False,
    manners: Manners | None = None,
    progress: Progress = silent,
) -> list[Reading]:
    """Read all sources that are due anew; one that fails is told of, put off, and does not hold up the others.

    Args:
        store: The feed.
        encoder: As for `add`.
        all: Whether sources are read that are not due yet, too.
        manners: How servers are treated.
        progress: Called with the stage and what is done.

    Raises:
        InputError: Another process writes the feed, or the encoder is not to be had.
    """
    polite = manners or Manners()
    hosts: dict[str, float] = {}
    found = []
    with store.alone():
        for row in store.rows("SELECT * FROM sources ORDER BY id"):
            if row["due"] > polite.clock() and not all:
                continue
            before, reason = _entries(store), None
            try:
                _read(store, row["address"], polite, hosts, progress)
            except InputError as error:
                reason = str(error)
                _put_off(store, row, reason, getattr(error.__cause__, "wait", None), polite)
            found.append(told_of(store, row["address"], _entries(store) - before, reason))
        if encoder != WORDS_ALONE and any(one.new for one in found):
            merge_alike(store, encoder, progress=progress)
    return [told_of(store, one.source, one.new, one.error) for one in found]


def told_of(store: Store, address: str, new: int = 0, error: str | None = None) -> Reading:
    """What a feed holds of a source."""
    groups = store.rows(
        "SELECT papers.title AS title, count(*) AS times FROM entries JOIN papers ON papers.id = paper "
        "JOIN sources ON sources.id = source WHERE address = ? GROUP BY paper ORDER BY papers.id",
        address,
    )
    repeated = tuple(row["title"] for row in groups if row["times"] > 1)
    return Reading(address, sum(row["times"] for row in groups), len(groups), new, repeated, error)


def _address(source: str) -> str:
    """The form in which a source is kept."""
    try:
        scheme = urlsplit(source).scheme.lower() if "://" in source else ""
    except ValueError as error:
        raise InputError(f"{source} is no address ({error}); check how its host is written") from error
    if scheme in ("http", "https"):
        return source
    if scheme:
        raise InputError(f"{source} is of no known kind; give an address of http or https, arxiv:QUERY, or a path")
    if source.lower().startswith(ARXIV) and not _there(source):
        query = source[len(ARXIV) :].strip()
        if not query:
            raise InputError("arxiv: needs a query, such as arxiv:cat:cs.CL")
        return ARXIV + query
    try:
        path = Path(source).expanduser().absolute()
        path.exists()  # which raises where no file can have such a name
    except (OSError, RuntimeError) as error:
        raise InputError(f"{source} names no file ({getattr(error, 'strerror', error)}); give another path") from error
    return str(path)


def _there(path: str) -> bool:
    with suppress(OSError):  # raised where no file can have such a name
        return Path(path).exists()
    return False


def _read(
    store: Store, address: str, manners: Manners, hosts: dict[str, float], progress: Progress, *, again: bool = False
) -> int:
    if address.startswith(ARXIV):
        return _read_arxiv(store, address, manners, hosts, progress)
    if "://" in address:  # which no path has
        return _read_address(store, address, manners, hosts, again=again)
    return _read_files(store, Path(address), manners, progress, again=again)


def _read_files(store: Store, path: Path, manners: Manners, progress: Progress, *, again: bool) -> int:
    """Files in runs, a transaction each; a reading that was killed goes on if the files are still the same."""
    files = papers_files(path) if path.is_dir() else [path]
    known = _state(store, str(path))
    mark = _print(files)
    same = known.get("print") == mark
    if same and known["place"] == DONE and not again:
        return 0
    place = known["place"] if same and known["place"] > 0 else 0
    new = 0
    for run in _runs(path, files, place):
        place += 1
        with store.transaction() as db:
            new += take(db, _source(db, str(path), manners), run, manners.clock())
            _note(db, str(path), place=place, print=mark)
        progress("read", place, place + 1)
    with store.transaction() as db:
        _source(db, str(path), manners)
        _succeed(db, str(path), manners, place=DONE, print=mark)
    return new


def _runs(path: Path, files: list[Path], skip: int) -> Iterator[list[Entry]]:
    if files == [path]:
        return read_entries(path, Told(path.name), skip=skip)
    names = (Told(f"{path.name}/{file.relative_to(path).as_posix()}") for file in files)
    return islice(chain.from_iterable(map(read_entries, files, names)), skip, None)


def _print(files: list[Path]) -> str:
    """What tells whether files are still the same: names, sizes and times of change."""
    with suppress(OSError):
        facts = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
        return hashlib.sha256(repr(facts).encode()).hexdigest()
    return ""


def _read_address(store: Store, address: str, manners: Manners, hosts: dict[str, float], *, again: bool) -> int:
    known = _state(store, address)
    asked = (None, None) if again else (known.get("etag"), known.get("modified"))
    with TemporaryDirectory(dir=store.folder, prefix=".answer-") as work:
        file = Path(work) / f"answer{PurePosixPath(urlsplit(address).path).suffix[:12]}"
        answer = _ask(address, file, manners, hosts, *asked)
        with store.transaction() as db:
            source = _source(db, address, manners)
            runs = read_entries(file, _told(address, answer)) if answer.fresh else iter(())
            new = sum(take(db, source, run, manners.clock()) for run in runs)
            _succeed(db, address, manners, etag=answer.etag, modified=answer.modified)
    return new


def _read_arxiv(store: Store, address: str, manners: Manners, hosts: dict[str, float], progress: Progress) -> int:
    """The newest pages of a query, until one holds nothing new; a reading that was cut off goes on where it was.

    Papers that came meanwhile have moved known ones to that place, so that the end is told only after something new.
    """
    cut_off = start = max(_state(store, address).get("place", 0), 0)
    new = 0
    for number in range(PAGES):
        asked = {"search_query": address[len(ARXIV) :], "start": start, "max_results": PAGE}
        order = {"sortBy": "submittedDate", "sortOrder": "descending"}
        with TemporaryDirectory(dir=store.folder, prefix=".answer-") as work:
            file = Path(work) / "answer.atom"
            answer = _ask(f"{manners.api}?{urlencode({**asked, **order})}", file, manners, hosts)
            entries = [entry for run in read_entries(file, _told(address, answer)) for entry in run]
        start += len(entries)
        with store.transaction() as db:
            more = take(db, _source(db, address, manners), entries, manners.clock())
            _note(db, address, place=start)
        new += more
        progress("read", number + 1, PAGES)
        if len(entries) < PAGE or (more == 0 and (new or not cut_off)):
            break
    with store.transaction() as db:
        _succeed(db, address, manners, place=DONE)
    return new


def _told(source: str, answer: Answer) -> Told:
    declared = (answer.content_type or "").lower().partition("charset=")[2].strip(" \"';") or None
    return Told(source, kind_of_type(answer.content_type), declared, answer.url)


def _ask(
    address: str,
    file: Path,
    manners: Manners,
    hosts: dict[str, float],
    etag: str | None = None,
    modified: str | None = None,
) -> Answer:
    """Ask a host, not sooner than a while after it was asked before."""
    host = urlsplit(address).netloc
    left = hosts.get(host, 0.0) + manners.pause - manners.clock()
    if left > 0:
        manners.sleep(min(left, manners.pause))
    try:
        return fetch(address, file, etag=etag, modified=modified, limits=manners.limits)
    except Unreachable as error:
        raise InputError(f"{error}; nothing of it was taken") from error
    finally:
        hosts[host] = manners.clock()


def _entries(store: Store) -> int:
    return int(store.rows("SELECT count(*) AS entries FROM entries")[0]["entries"])


def _state(store: Store, address: str) -> dict[str, Any]:
    return next(iter(store.rows("SELECT * FROM sources WHERE address = ?", address)), {})


def _source(db: Connection, address: str, manners: Manners) -> int:
    db.execute("INSERT OR IGNORE INTO sources (address, added) VALUES (?, ?)", (address, manners.clock()))
    return int(db.execute("SELECT id FROM sources WHERE address = ?", (address,)).fetchone()[0])


def _note(db: Connection, address: str, **told: Any) -> None:
    names = ", ".join(f"{name} = ?" for name in told)
    db.execute(f"UPDATE sources SET {names} WHERE address = ?", (*told.values(), address))


def _succeed(db: Connection, address: str, manners: Manners, **told: Any) -> None:
    now = manners.clock()
    _note(db, address, polled=now, due=now + manners.every, failures=0, error=None, **told)


def _put_off(store: Store, row: dict[str, Any], reason: str, wait: float | None, manners: Manners) -> None:
    failures = row["failures"] + 1
    pause = max(min(manners.every * 2.0 ** min(failures, 20), DAY), wait or 0.0)
    with store.transaction() as db:
        _note(db, row["address"], failures=failures, error=reason, due=manners.clock() + pause)
