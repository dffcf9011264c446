"""The index in files: it grows without being made anew, is found again, and is made anew where it must be."""

from __future__ import annotations

import shutil
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core.files import atomic_write
from modicum.data.search import Stems
from modicum.workspace.feed import PaperQuery, PaperSearch, Store
from modicum.workspace.feed.search import papers as module
from modicum.workspace.feed.search import shelf
from modicum.workspace.feed.search.joining import CROWD, due, join_parts
from modicum.workspace.feed.search.part import Part, make_part
from modicum.workspace.feed.search.shelf import FILE, Shelf, alive_of, rows_of
from tests.workspace.feed.themes import Themes, paper, put

WORDS = ["card", "rain", "cat", "bank", "storm", "dog"]


class Counting(Themes):
    """Counts what it encodes."""

    def __init__(self):
        self.texts = []

    def encode(self, texts, progress=None):
        self.texts += texts
        return super().encode(texts)


@pytest.fixture
def store(tmp_path):
    found = Store.open(tmp_path / "feed", create=True)
    yield found
    found.close()


def many(first, last):
    return [paper(f"Paper number {n} of {WORDS[n % 6]}", date=f"20{n % 25:02}", key=str(n)) for n in range(first, last)]


def all_found(search):
    return [hits.papers.tolist() for hits in (search.find(PaperQuery(word), 50) for word in WORDS)]


def test_grows_by_parts_that_are_joined_and_says_what_one_part_would(store, monkeypatch):
    grown, encoder = None, Counting()
    monkeypatch.setattr(module, "RUN", 7)
    for first in range(0, 60, 3):
        put(store, *many(first, first + 3))
        grown = grown or PaperSearch(store.folder, encoder=encoder)
        assert grown.refresh(store) == 3
        assert len(grown) == first + 3
    assert len(encoder.texts) == 60  # none was encoded twice
    parts = list((store.folder / "search").glob("part-*"))
    assert len(parts) <= 2 * CROWD
    again = PaperSearch.open(store, encoder=encoder)
    assert len(encoder.texts) == 60  # and none on opening again
    assert all_found(again) == all_found(grown)
    shutil.rmtree(store.folder / "search")
    monkeypatch.setattr(module, "RUN", 1000)
    whole = PaperSearch.open(store, encoder=Themes())
    assert [sorted(one) for one in all_found(whole)] == [sorted(one) for one in all_found(grown)]
    assert whole.find(PaperQuery()).papers.tolist() == grown.find(PaperQuery()).papers.tolist()


@pytest.mark.parametrize("harm", ["list", "part", "empty", "missing", "another"])
def test_what_is_damaged_or_of_another_encoder_is_made_anew(store, harm):
    put(store, *many(0, 10))
    before = all_found(PaperSearch.open(store, encoder=Themes()))
    encoder = Counting()
    if harm == "list":
        (store.folder / "search" / FILE).write_text("{")
    elif harm == "part":
        next((store.folder / "search").glob("part-*/codes.npy")).write_bytes(b"no")
    elif harm == "empty":
        next((store.folder / "search").glob("part-*/papers.npy")).write_bytes(b"")
    elif harm == "missing":
        next((store.folder / "search").glob("part-*/words.rows.npy")).unlink()
    else:
        encoder.fingerprint = "another"
    search = PaperSearch.open(store, encoder=encoder)
    assert len(encoder.texts) == (10 if harm == "another" else 0)  # the others are in the cache of vectors
    assert all_found(search) == before
    assert len(list((store.folder / "search").glob("part-*"))) == 1


def test_an_index_of_another_feed_is_made_anew(store, tmp_path):
    put(store, *many(0, 10))
    PaperSearch.open(store, encoder=Themes())
    other = Store.open(tmp_path / "other", create=True)
    put(other, *many(20, 23))
    shutil.copytree(store.folder / "search", other.folder / "search")
    assert len(PaperSearch.open(other, encoder=Themes())) == 3
    other.close()


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_kill_between_a_part_and_the_list_loses_nothing(store, monkeypatch, step):
    monkeypatch.setattr(module, "RUN", 4)
    put(store, *many(0, 12))
    left = [step]

    def write(path, data):
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        return atomic_write(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(shelf, "atomic_write", write)
        with pytest.raises(KeyboardInterrupt):
            PaperSearch.open(store, encoder=Themes())
    search = PaperSearch(store.folder, encoder=Themes())
    assert search.refresh(store) == 12 - 4 * (step - 1)
    assert len(search) == 12
    folders = {folder.name for folder in (store.folder / "search").glob("part-*")}
    assert folders == set(Shelf(store.folder).listed().parts)


def test_searching_while_papers_come(store, monkeypatch):
    monkeypatch.setattr(module, "RUN", 3)
    put(store, *many(0, 60))
    search, sizes, end = PaperSearch(store.folder, encoder=Themes()), [], threading.Event()

    def look():
        while not end.is_set():
            sizes.append(search.find(PaperQuery("paper"), 100).total)

    looking = threading.Thread(target=look)
    looking.start()
    search.refresh(store)
    end.set()
    looking.join()
    assert sizes == sorted(sizes)
    assert search.find(PaperQuery("paper")).total == 60


def test_two_processes_see_each_others_parts(store):
    one, two = (PaperSearch(store.folder, encoder=Themes()) for _ in range(2))
    for first in range(0, 30, 2):
        put(store, *many(first, first + 2))
        (one if first % 4 else two).refresh(store)
    for search in (one, two):
        search.refresh(store)
        assert len(search) == 30
    assert all_found(one) == all_found(two)


def test_while_another_process_takes_papers_in_its_part_of_the_work_is_read(store):
    put(store, *many(0, 10))
    writer, reader = (PaperSearch(store.folder, encoder=Themes()) for _ in range(2))
    writer.refresh(store)
    put(store, *many(10, 15))
    with Shelf(store.folder).lock():
        assert reader.refresh(store) == 0
        assert len(reader) == 10
        assert reader.find(PaperQuery("cat")).total > 0
    assert reader.refresh(store) == 5
    assert len(reader) == 15


def test_the_hashed_encoder_is_kept_and_fitted_again_as_the_feed_grows(store):
    put(store, *many(0, 8))
    search = PaperSearch.open(store, encoder="hashed")
    first = Shelf(store.folder).listed()
    assert (first.name, first.fitted_on) == ("hashed", 8)
    assert len(PaperSearch.open(store, encoder="hashed")) == 8
    put(store, *many(8, 20))
    search.refresh(store)
    assert Shelf(store.folder).listed().encoder == first.encoder
    put(store, *many(20, 22))
    assert PaperSearch(store.folder, encoder="hashed").refresh(store) == 2  # another process, the same encoder
    assert Shelf(store.folder).listed().encoder == first.encoder
    put(store, *many(22, 40))
    search.refresh(store)
    assert Shelf(store.folder).listed().fitted_on == 40
    assert len(search) == 40


@given(st.lists(st.integers(1, 300), min_size=1, max_size=60))
def test_few_parts_are_left_however_papers_come(runs):
    sizes = []
    moved = 0
    for run in runs:
        sizes.append(run)
        cut = due(sizes, sizes)
        if cut is not None:
            moved += sum(sizes[cut])
            sizes[cut] = [sum(sizes[cut])]
    assert len(sizes) <= 34  # the logarithm of 18,000 to the base of 4 / 3
    assert moved <= 8 * sum(runs)


def test_a_part_of_which_most_is_gone_is_written_anew():
    assert due([100, 10], [40, 10]) == slice(0, 1)
    assert due([100, 10], [60, 10]) is None
    assert due([10, 1], [1, 1]) is None


def told(number):
    return {"id": number, "title": f"Title {number}", "abstract": WORDS[number % 6], "date": "2024"}


def test_join_leaves_out_what_is_gone_and_remembers_it_for_older_parts(tmp_path):
    stems, X = Stems(), np.eye(3, dtype=np.float32)
    first = make_part([told(1), told(2), told(5)], {1: [3], 5: [3, 4]}, [], stems, X)
    second = make_part([told(2), told(3)], {2: [9]}, [5, 77], stems, X[:2])
    alive = alive_of([first, second])
    assert [own.tolist() for own in alive] == [[True, False, False], [True, True]]
    for oldest, gone in ((True, []), (False, [5, 77])):
        folder = tmp_path / str(oldest)
        folder.mkdir()
        join_parts([first, second], alive, oldest, folder)
        joined = Part.read(folder)
        assert joined.papers.tolist() == [1, 2, 3]
        assert joined.gone.tolist() == gone
        assert [
            joined.sources[a:b].tolist() for a, b in zip(joined.source_ends, joined.source_ends[1:], strict=False)
        ] == [[3], [9], []]
        assert joined.vectors.rows.take(slice(0, 3)).tolist() == X[[0, 0, 1]].tolist()
        assert sorted(joined.words.rows[joined.words.held("titl")]) == [0, 1, 2]


def test_a_part_of_nothing_but_what_is_gone(tmp_path):
    empty = make_part([], {}, [4], Stems(), np.zeros((0, 3), np.float32))
    empty.write(tmp_path)
    assert Part.read(tmp_path).gone.tolist() == [4]
    assert rows_of(empty.papers, np.array([4]))[0].tolist() == []
