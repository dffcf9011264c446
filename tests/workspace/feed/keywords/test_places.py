"""The map: what is alike lies together, and what lies somewhere stays there."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.workspace.feed import PaperSearch, Store
from modicum.workspace.feed.keywords import PaperMap, map_papers
from modicum.workspace.feed.keywords import places as module
from tests.workspace.feed.themes import Themes, of_theme, put


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ANCHORS", 30)
    found = Store.open(tmp_path / "feed", create=True)
    put(found, *of_theme(0, 0, 20), *of_theme(1, 0, 20))
    yield found
    found.close()


def test_the_like_lie_together_and_stay_as_papers_come(store):
    search = PaperSearch.open(store, encoder=Themes())
    assert map_papers(store, search) == 40
    mapped = PaperMap(store)
    assert len(mapped.shape()) == 30
    before = mapped.places(range(1, 41))
    assert len(before) == 40
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in before.values())
    one, two = (np.array([before[number] for number in numbers]) for numbers in (range(1, 21), range(21, 41)))
    apart = np.linalg.norm(one.mean(axis=0) - two.mean(axis=0))
    assert apart > max(np.linalg.norm(side - side.mean(axis=0), axis=1).mean() for side in (one, two))
    assert map_papers(store, search) == 0
    put(store, *of_theme(1, 20, 25))
    search.refresh(store)
    assert map_papers(store, search) == 5
    assert mapped.places(range(1, 41)) == before
    new = np.array(list(mapped.places(range(41, 46)).values()))
    assert (np.linalg.norm(new - two.mean(axis=0), axis=1) < np.linalg.norm(new - one.mean(axis=0), axis=1)).all()
    assert len(new) == 5
    assert mapped.places([99]) == {}


def test_drawn_anew_when_the_feed_has_doubled(store):
    search = PaperSearch.open(store, encoder=Themes())
    map_papers(store, search)
    put(store, *of_theme(2, 0, 45))
    search.refresh(store)
    assert map_papers(store, search) == 85
    assert any(number > 40 for number, _, _ in PaperMap(store).shape())


def test_words_alone_and_few_papers_make_no_map(store, tmp_path):
    assert map_papers(store, PaperSearch.open(store, encoder="none")) == 0
    small = Store.open(tmp_path / "small", create=True)
    put(small, *of_theme(0, 0, 4))
    assert map_papers(small, PaperSearch.open(small, encoder=Themes())) == 0
    assert PaperMap(small).shape() == []
    small.close()
