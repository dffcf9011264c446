"""Sources are read politely, each entry once, and on from where a reading was killed or cut off."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import pytest

from modicum.core.errors import InputError
from modicum.data.read.feeds import Answer
from modicum.workspace.feed import Manners, Store, add, poll, reading


@pytest.fixture
def store(tmp_path):
    found = Store.open(tmp_path / "feed", create=True)
    yield found
    found.close()


def lines(folder, count):
    file = folder / "papers.jsonl"
    rows = [json.dumps({"id": f"k{n}", "title": f"Paper about the number {n}"}) for n in range(count)]
    file.write_text("\n".join(rows) + "\n")
    return file


KILLED = """
import os, signal, sys
from pathlib import Path
from modicum.workspace.feed import Store, add
calls = []
def progress(stage, done, total):
    if done == 2: os.kill(os.getpid(), signal.SIGKILL)
add(Store.open(Path(sys.argv[1]), create=True), sys.argv[2], encoder="none", progress=progress)
"""


def test_a_killed_reading_goes_on_where_it_was(tmp_path):
    file = lines(tmp_path, 5_000)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "feed"), str(file)], check=False, env=os.environ
    )
    assert done.returncode == -signal.SIGKILL
    store = Store.open(tmp_path / "feed")
    assert [row["place"] for row in store.rows("SELECT place FROM sources")] == [2]
    assert store.rows("SELECT count(*) AS n FROM entries")[0]["n"] == 4_000
    found = add(store, str(file), encoder="none")
    assert (found.read, found.papers, found.new) == (5_000, 5_000, 1_000)
    store.close()


def test_polling_reads_changed_files_alone(store, tmp_path):
    file = lines(tmp_path, 3)
    add(store, str(file), encoder="none")
    assert poll(store, encoder="none") == []
    assert [one.new for one in poll(store, encoder="none", all=True)] == [0]
    lines(tmp_path, 5)
    assert [one.new for one in poll(store, encoder="none", all=True)] == [2]


def test_a_source_that_fails_is_put_off_ever_longer(store, tmp_path):
    file = lines(tmp_path, 3)
    times = [0.0]
    manners = Manners(every=100.0, clock=lambda: times[0])
    add(store, str(file), encoder="none", manners=manners)
    file.unlink()
    waits = []
    for _ in range(3):
        times[0] = store.rows("SELECT due FROM sources")[0]["due"]
        (found,) = poll(store, encoder="none", manners=manners)
        assert "there is no file" in found.error
        waits.append(store.rows("SELECT due FROM sources")[0]["due"] - times[0])
    assert waits == [200.0, 400.0, 800.0]


def test_errors_are_sentences(store, tmp_path):
    with pytest.raises(InputError, match="begin one with: modicum feed add"):
        Store.open(tmp_path / "nowhere")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "feed.sqlite").write_text("no database at all, but long enough to be looked at " * 30)
    with pytest.raises(InputError, match="choose another --folder"):
        Store.open(tmp_path / "other")
    with pytest.raises(InputError, match="no known kind"):
        add(store, "ftp://a/b", encoder="none")
    with pytest.raises(InputError, match="needs a query"):
        add(store, "arxiv:", encoder="none")
    with store.alone(), pytest.raises(InputError, match="another modicum reads"):
        add(store, "a", encoder="none")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("http://[x", "is no address .*; check how its host is written"),
        ("~nobody-of-this-name/x", "names no file .*; give another path"),
        ("x" * 300, "no file"),
        ("//[x", "there is no file"),
    ],
)
def test_what_no_source_can_be_called_is_told(store, source, said):
    with pytest.raises(InputError, match=said):
        add(store, source, encoder="none")


def test_a_query_of_arxiv_may_be_longer_than_the_name_of_a_file(store, arxiv):
    query = " OR ".join(f"cat:cs.{letter}{other}" for letter in "ABCDE" for other in "ABCDEF")
    found = add(store, f"arxiv:{query}", encoder="none", manners=Manners(pause=0.0))
    assert (found.source, found.new) == (f"arxiv:{query}", 800)


ENTRY = "<entry><id>http://arxiv.org/abs/2305.{0:05}</id><title>Paper of the number {0}</title></entry>"


class Arxiv:
    """arXiv's interface: papers numbered from 1 on, the newest first, and an outage from some place on."""

    def __init__(self, papers):
        self.papers, self.outage = papers, 10**6
        self.asked = []

    def __call__(self, address, file, **told):
        start = int(parse_qs(urlsplit(address).query)["start"][0])
        self.asked.append(start)
        if start >= self.outage:
            raise reading.Unreachable(f"{address} cannot be read: 503")
        numbers = range(self.papers - start, max(self.papers - start - reading.PAGE, 0), -1)
        entries = "".join(ENTRY.format(number) for number in numbers)
        file.write_text(f'<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>')
        return Answer(address, True, content_type="application/atom+xml")


@pytest.fixture
def arxiv(monkeypatch):
    found = Arxiv(800)
    monkeypatch.setattr(reading, "fetch", found)
    return found


def polled(store):
    (found,) = poll(store, encoder="none", all=True, manners=Manners(pause=0.0))
    return found


def test_arxiv_is_read_until_a_page_holds_nothing_new(store, arxiv):
    assert add(store, "arxiv:cat:cs.CL", encoder="none", manners=Manners(pause=0.0)).new == 800
    arxiv.papers, arxiv.asked = 850, []
    assert polled(store).new == 50
    assert arxiv.asked == [0, 100]


def test_a_reading_of_arxiv_that_was_cut_off_loses_nothing_whatever_comes_meanwhile(store, arxiv):
    arxiv.outage = 200
    with pytest.raises(InputError, match="503"):
        add(store, "arxiv:cat:cs.CL", encoder="none", manners=Manners(pause=0.0))
    arxiv.papers, arxiv.outage, arxiv.asked = 920, 10**6, []
    assert polled(store).new == 600
    assert arxiv.asked[0] == 200
    assert polled(store).new == 120
    assert polled(store).read == 920


def test_a_poll_that_fails_midway_tells_what_is_saved(store, arxiv):
    arxiv.papers = 50
    add(store, "arxiv:cat:cs.CL", encoder="none", manners=Manners(pause=0.0))
    arxiv.papers, arxiv.outage = 400, 200
    found = polled(store)
    assert (found.new, found.read) == (200, 250)
    assert "503" in found.error


def test_a_damaged_file_is_told_of(tmp_path):
    store = Store.open(tmp_path / "feed", create=True)
    for number in range(300):
        store.db.execute("INSERT INTO sources (address, added) VALUES (?, 0)", (f"http://a.b/{number:0400}",))
    store.close()
    file = tmp_path / "feed" / "feed.sqlite"
    whole = file.read_bytes()
    file.write_bytes(whole[:8192] + bytes(len(whole) - 8192))
    store = Store.open(tmp_path / "feed")
    with pytest.raises(InputError, match=r"feed\.sqlite is damaged \(.*malformed.*\); put back a copy of it"):
        store.rows("SELECT * FROM sources")
    with pytest.raises(InputError, match="is damaged"), store.transaction() as db:
        db.execute("SELECT * FROM sources").fetchall()
    with pytest.raises(sqlite3.IntegrityError), store.transaction() as db:
        db.execute("INSERT INTO sources (id, address, added) VALUES (1, NULL, 0)")
    store.close()
