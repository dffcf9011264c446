"""A feed whose vectors LanceDB keeps answers as one that keeps them in files, whatever comes, goes, or is killed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from modicum.core.errors import InputError
from modicum.workspace.feed import PaperQuery, PaperSearch, Store, add, feed_folder
from modicum.workspace.feed.home import VECTORS, vectors_place
from modicum.workspace.feed.keywords import Keywords, find_keywords
from modicum.workspace.feed.search import lists
from modicum.workspace.feed.search import papers as module
from tests.workspace.feed.search.refresher import RUN, Sundry
from tests.workspace.feed.themes import paper, put

pytest.importorskip("lancedb", reason="the extra `store` is not installed")
PAGES = Path(__file__).parents[5] / "shared" / "data" / "pages"
WORDS = ("card", "rain", "cat", "bank", "storm", "dog", "snow")
QUERIES = (
    PaperQuery("card of the bank"),
    PaperQuery("storm", since=date(2010, 1, 1)),
    PaperQuery("dog", sources=(2,)),
    PaperQuery(like=(3, 9), unlike=(4,)),
    PaperQuery("cat", like=(5,)),
    PaperQuery("sno", unfinished=True),
    PaperQuery("rain", among=(1, 2, 3, 5, 8, 13, 21, 34)),
    PaperQuery(),
)


def many(first, last):
    told = ((n, WORDS[n % 7], WORDS[n % 5]) for n in range(first, last))
    return [paper(f"Paper {n} of {a}", f"On {b}, {n}", f"20{n % 25:02}", str(n)) for n, a, b in told]


@pytest.fixture
def two(tmp_path, monkeypatch):
    """Two feeds of the same papers, the second with LanceDB."""
    monkeypatch.setattr(module, "RUN", RUN)
    folders = [tmp_path / "files", feed_folder(f"lance://{tmp_path}/lance", create=True)]
    stores = [Store.open(folder, create=True) for folder in folders]
    for store in stores:
        put(store, *many(0, 60))
        put(store, *many(60, 90), address="b")
    yield stores
    for store in stores:
        store.close()


def answers(search):
    return [search.find(query, 30) for query in QUERIES]


def check_alike(*searches):
    assert [len(search) for search in searches[1:]] == [len(searches[0])]
    for one, other in zip(*map(answers, searches), strict=True):
        assert one.papers.tolist() == other.papers.tolist()
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)
        np.testing.assert_allclose(one.cosines, other.cosines, atol=1e-5)
        assert one.total == other.total
    numbers = searches[0].find(PaperQuery(), 200).papers.tolist()
    np.testing.assert_allclose(searches[0].vectors(numbers), searches[1].vectors(numbers), atol=1e-6)


def test_both_answer_alike_as_papers_come_and_go(two, monkeypatch):
    searches = [PaperSearch.open(store, encoder=Sundry()) for store in two]
    check_alike(*searches)
    assert not list(two[1].folder.glob("search/part-*/codes.npy"))
    for store, search in zip(two, searches, strict=True):
        put(store, *many(90, 120))
        with store.transaction() as db:
            for table, column in (("entries", "paper"), ("marks", "paper"), ("papers", "id")):
                db.execute(f"DELETE FROM {table} WHERE {column} IN (7, 70)")
            db.execute("UPDATE papers SET title = 'A card that changed' WHERE id < 30")
        assert search.refresh(store) > 30
    check_alike(*searches)
    check_alike(*(PaperSearch.open(store, encoder=Sundry()) for store in two))
    assert len(searches[1]._lists.outside) == 118
    monkeypatch.setattr(lists, "NAMED", 0)  # what does not pass is left out afterwards
    check_alike(*searches)
    with pytest.raises(InputError, match="no paper 7"):
        searches[1].neighbours(7)


def test_another_encoder_has_a_table_of_its_own(two):
    PaperSearch.open(two[1], encoder=Sundry())
    other = Sundry()
    other.fingerprint = "another"
    searches = [PaperSearch.open(store, encoder=other) for store in two]
    check_alike(*searches)
    tables = [folder.stem for folder in (two[1].folder / VECTORS).glob("*.lance")]
    assert tables == [vectors_place(two[1].folder, "another").table]


def test_a_feed_moves_in_and_out(two):
    searches = [PaperSearch.open(store, encoder=Sundry()) for store in two]
    feed_folder(f"lance://{two[0].folder}", create=True)
    shutil.rmtree(two[1].folder / VECTORS)
    moved = [PaperSearch.open(store, encoder=Sundry()) for store in two]
    assert [search._lists.outside is None for search in moved] == [False, True]
    check_alike(*moved)
    check_alike(searches[0], moved[0])


def test_a_table_that_was_taken_away_is_made_again(two):
    searches = [PaperSearch.open(store, encoder=Sundry()) for store in two]
    for folder in (two[1].folder / VECTORS).glob("*.lance"):
        shutil.rmtree(folder)
    check_alike(searches[0], PaperSearch.open(two[1], encoder=Sundry()))


@pytest.mark.parametrize("last", [1, 2, 4, 7])
def test_a_kill_loses_nothing(two, last):
    script = str(Path(__file__).with_name("refresher.py"))
    done = subprocess.run([sys.executable, script, str(two[1].folder), str(last)], check=False)
    assert done.returncode == -signal.SIGKILL
    check_alike(*(PaperSearch.open(store, encoder=Sundry()) for store in two))


def test_keywords_and_neighbours(two):
    searches = [PaperSearch.open(store, encoder="hashed") for store in two]
    for store, search in zip(two, searches, strict=True):
        find_keywords(store, search, keywords=3)
    pages = [Keywords(store) for store in two]
    assert [(one.name, pages[0].papers(one.number)) for one in pages[0].all()] == [
        (one.name, pages[1].papers(one.number)) for one in pages[1].all()
    ]
    assert searches[0].neighbours(5).papers.tolist() == searches[1].neighbours(5).papers.tolist()


@pytest.mark.long
@pytest.mark.skipif(not PAGES.is_dir(), reason="the saved pages are not there")
def test_the_saved_pages(tmp_path):
    folders = [tmp_path / "files", feed_folder(f"lance://{tmp_path}/lance", create=True)]
    stores = [Store.open(folder, create=True) for folder in folders]
    told = [add(store, str(PAGES), encoder="hashed").to_dict() for store in stores]
    assert told[0] == told[1]
    assert (told[0]["read"], told[0]["papers"]) == (487, 457)
    one, other = (PaperSearch.open(store, encoder="hashed") for store in stores)
    queries = ["few labels", "merge of models", "graph networks", "conformal prediction", "topic models of short texts"]
    for query in queries:
        assert one.find(PaperQuery(query), 50).papers.tolist() == other.find(PaperQuery(query), 50).papers.tolist()
    for number in (row["id"] for row in stores[0].rows("SELECT id FROM papers")):
        assert one.neighbours(number).papers.tolist() == other.neighbours(number).papers.tolist()
    for store in stores:
        store.close()


def test_what_is_no_home(tmp_path):
    with pytest.raises(InputError, match="keeps no vectors in LanceDB; leave out lance://"):
        feed_folder(f"lance://{tmp_path}")
    for said in ("lance://s3://bucket/feed", f"lance://{tmp_path}?table=x"):
        with pytest.raises(InputError, match="no folder of this machine"):
            feed_folder(said, create=True)
    assert feed_folder(tmp_path) == tmp_path
    made = feed_folder(f"lance://{tmp_path}", create=True)
    assert feed_folder(f"lance://{tmp_path}/") == made == tmp_path
    assert vectors_place(tmp_path, "") is None
