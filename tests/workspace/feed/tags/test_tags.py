"""A tag suggests what is like its papers, at once and by its bundle, and says why and by which."""

from __future__ import annotations

import threading
import warnings

import numpy as np
import pytest

from modicum.core.errors import InputError
from modicum.workspace.feed import PaperSearch, Store
from modicum.workspace.feed.tags import (
    Tag,
    TagFitter,
    TagSuggestions,
    background,
    fit_tag,
    forget_tags,
    suggest_for_tag,
)
from modicum.workspace.feed.tags import task as module
from tests.workspace.feed.themes import THEMES, Themes, of_theme, put


class Noisy(Themes):
    """Three themes and some noise, as ladders like vectors of full rank."""

    dimension = 8

    def encode(self, texts, progress=None):
        noise = [np.random.default_rng(sum(map(ord, text))).normal(size=8) for text in texts]
        X = 0.1 * np.array(noise, dtype=np.float32).reshape(len(texts), 8)
        X[:, :3] += super().encode(texts)
        return X


@pytest.fixture
def store(tmp_path):
    found = Store.open(tmp_path / "feed", create=True)
    put(found, *of_theme(0, 0, 25), *of_theme(1, 0, 25), *of_theme(2, 0, 25))
    yield found
    found.close()


@pytest.fixture
def search(store):
    return PaperSearch.open(store, encoder=Noisy())


TAG = Tag(1, "weather / snow", (26, 27, 28, 29, 30, 31), hidden=(32, 60))


def checked(found):
    assert isinstance(found, TagSuggestions)
    assert set(found.papers[:15].tolist()) <= {*range(33, 51)}
    assert not set(found.papers.tolist()) & {*TAG.tagged, *TAG.hidden}
    assert set(found.near.ravel().tolist()) <= set(TAG.tagged)
    assert set(found.phrases[0][0].split()) <= set(THEMES[1].split()) | {"number"}
    assert (np.diff(found.scores) <= 0).all()


def test_at_once_from_its_papers_and_later_by_its_bundle(store, search):
    found = suggest_for_tag(store, search, TAG, top=20)
    checked(found)
    assert (found.by, found.probabilities, found.behind) == ("likes", None, 0)
    assert fit_tag(store, search, TAG, budget=1.0) is not None
    found = suggest_for_tag(store, search, TAG, top=20)
    checked(found)
    assert (found.by, found.behind) == ("bundle", 0)
    assert found.probabilities[0] > 0.5
    hidden = Tag(1, TAG.name, TAG.tagged, tuple(set(range(1, 76)) - set(TAG.tagged)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of means of nothing
        assert len(suggest_for_tag(store, search, hidden).papers) == 0
    more = Tag(1, TAG.name, (*TAG.tagged, 33), TAG.hidden)
    assert (suggest_for_tag(store, search, more).by, suggest_for_tag(store, search, more).behind) == ("bundle", 1)
    other = Tag(1, TAG.name, TAG.tagged[:3])
    assert suggest_for_tag(store, search, other).by == "likes"
    assert suggest_for_tag(store, search, Tag(2, TAG.name, TAG.tagged)).by == "likes"  # another reader's
    forget_tags(store.folder, 2)
    assert suggest_for_tag(store, search, TAG).by == "bundle"
    forget_tags(store.folder, 1, TAG.name)
    assert suggest_for_tag(store, search, TAG).by == "likes"
    assert list((store.folder / "tags").iterdir()) == []


def test_the_bundle_of_another_encoder_answers_no_more(store, search):
    fit_tag(store, search, TAG, budget=1.0)
    other = Noisy()
    other.fingerprint = "another"
    assert suggest_for_tag(store, PaperSearch.open(store, encoder=other), TAG).by == "likes"


def test_too_few_papers(store, search):
    assert fit_tag(store, search, Tag(1, "few", (1, 2))) is None
    assert len(suggest_for_tag(store, search, Tag(1, "none", ())).papers) == 0
    assert len(suggest_for_tag(store, search, Tag(1, "all", tuple(range(1, 76)))).papers) == 0
    assert len(suggest_for_tag(store, search, Tag(1, "gone", (999,))).papers) == 0


def test_a_bundle_that_cannot_be_kept_is_told(store, search):
    (store.folder / "tags").write_text("no folder")
    with pytest.raises(InputError, match="tags cannot be made"):
        fit_tag(store, search, TAG, budget=1.0)


def test_of_many_papers_the_near_the_late_and_some_others_are_ranked(store, search, monkeypatch):
    for name, value in (("MANY", 10), ("NEAR", 20), ("OTHERS", 5)):
        monkeypatch.setattr(module, name, value)
    pool = module.pool_of(store, search, TAG)
    assert 20 <= len(pool.papers) <= 40
    assert pool.tagged.sum() == len(TAG.tagged)
    checked(suggest_for_tag(store, search, TAG, top=10))


def test_the_background_learns_a_tag_once_it_is_left_alone(store, search):
    now = [0.0]
    fitter = TagFitter(store.folder, search, budget=1.0, pause=5.0, clock=lambda: now[0])
    fitter.note(Tag(1, TAG.name, TAG.tagged[:5]))
    now[0] = 4.0
    fitter.note(TAG)
    now[0] = 6.0
    assert not fitter.turn(store)
    now[0] = 9.0
    assert fitter.turn(store)
    assert not fitter.turn(store)
    assert fitter.waiting == 0
    assert fitter.errors == {}
    assert suggest_for_tag(store, search, TAG).by == "bundle"
    fitter.note(Tag(1, TAG.name, ()))
    now[0] = 20.0
    assert fitter.turn(store)
    assert suggest_for_tag(store, search, TAG).by == "likes"
    fitter.start()
    fitter.stop()


def test_of_a_reader_who_was_removed_nothing_is_learnt(store, search, monkeypatch):
    now = [0.0]
    fitter = TagFitter(store.folder, search, budget=1.0, clock=lambda: now[0])
    for tag in (TAG, Tag(2, "other", TAG.tagged)):
        fitter.note(tag)
    fitter.forget(1)
    assert fitter.waiting == 1

    def removed_meanwhile(store, search, tag, *, budget):
        fitter.forget(2)
        return fit_tag(store, search, tag, budget=budget)

    monkeypatch.setattr(background, "fit_tag", removed_meanwhile)
    now[0] = 9.0
    assert fitter.turn(store)
    assert not fitter.turn(store)
    assert list((store.folder / "tags").iterdir()) == []


def test_a_defect_at_one_tag_does_not_end_the_others(store, search, monkeypatch, caplog):
    learnt, both = [], threading.Event()

    def broken(store, search, tag, *, budget):
        learnt.append(tag.name)
        if len(learnt) == 2:
            both.set()
        raise ZeroDivisionError

    monkeypatch.setattr(background, "fit_tag", broken)
    monkeypatch.setattr(background, "TICK", 0.01)
    fitter = TagFitter(store.folder, search, pause=0.0)
    for name in ("a", "b"):
        fitter.note(Tag(1, name, TAG.tagged))
    fitter.start()
    assert both.wait(20)
    fitter.stop()
    assert sorted(learnt) == ["a", "b"]
    assert "goes on after one that failed" in caplog.text


def test_names_of_tags_lead_nowhere_else(tmp_path):
    places = {Tag(1, name, ()).place(tmp_path) for name in ("../../etc", "a/b", "a", "", "\ud800")}
    assert len(places) == 5
    assert {place.parent for place in places} == {tmp_path / "tags"}
