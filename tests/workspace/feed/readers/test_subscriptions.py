"""A reader's wishes are the reader's own, and end with one click."""

from __future__ import annotations

import pytest

from modicum.core.errors import InputError
from modicum.workspace.feed import Store
from modicum.workspace.feed.keywords import Keywords
from modicum.workspace.feed.readers import (
    Marks,
    Subscription,
    Subscriptions,
    ending_of,
    ending_token,
    export,
    unsubscribe,
)
from modicum.workspace.feed.readers.subscriptions import MOST


def test_wishes_are_kept_once_and_in_order(readers, two):
    wanted = Subscriptions(readers, two[0])
    for kind, what, every in (("trending", "ignored", "daily"), ("tag", " few  labels ", "weekly")) * 2:
        wanted.add(kind, what, every)
    told = [(one.kind, one.what, one.every) for one in wanted.all()]
    assert told == [("trending", "", "daily"), ("tag", "few labels", "weekly")]
    assert [one.every for one in wanted.all("weekly")] == ["weekly"]
    assert isinstance(wanted.all()[0], Subscription)
    assert Subscriptions(readers, two[1]).all() == []


def test_what_cannot_be_wanted(readers, two):
    wanted = Subscriptions(readers, two[0])
    for kind, what, every in (("rumour", "x", "daily"), ("tag", " ", "daily"), ("tag", "x", "hourly")):
        with pytest.raises(InputError):
            wanted.add(kind, what, every)
    with pytest.raises(InputError, match="the tag to subscribe to has 201 characters; write 1 to 200"):
        wanted.add("tag", "x" * 201)
    for number in range(MOST):
        wanted.add("tag", f"t{number}")
    with pytest.raises(InputError, match="there are 50 subscriptions already; end one first"):
        wanted.add("trending")


def test_nobody_ends_what_another_wants(readers, two):
    mine, other = (Subscriptions(readers, reader) for reader in two)
    mine.add("trending")
    (one,) = mine.all()
    other.remove(one.id)
    assert mine.all() == [one]
    mine.remove(one.id)
    assert mine.all() == []


def test_a_keyword_is_its_page_whatever_it_is_called(readers, two, folder):
    feed = Store.open(folder)
    pages = Keywords(feed)
    wanted = Subscriptions(readers, two[0])
    with pytest.raises(InputError, match="no keyword pages as yet"):
        wanted.add("keyword", "rows")
    with feed.transaction() as db:
        for number, name in enumerate(("rows", "columns", "trees")):
            db.execute("INSERT INTO keywords (topic, name, terms) VALUES (?, ?, '[]')", (number, name))
    for said in ("rows", "/keyword/1", "1", "columns"):
        wanted.add("keyword", said)
    assert [(one.what, one.name, one.gone) for one in wanted.all()] == [("1", "rows", False), ("2", "columns", False)]
    pages.rename(1, "Lines")
    pages.merge([3, 2])
    assert [one.name for one in wanted.all()] == ["Lines", "trees"]
    pages.drop(1)
    assert [(one.name, one.gone) for one in wanted.all()] == [("Lines", True), ("trees", False)]
    told = export(readers, two[0])["subscriptions"]
    assert [(row["what"], row["called"]) for row in told] == [("1", "Lines"), ("2", "trees")]
    with readers.transaction() as db:
        db.execute("UPDATE subscriptions SET what = 'few words' WHERE what = '1'")  # of before keywords had pages
    assert [(one.name, one.gone) for one in wanted.all()] == [("few words", True), ("trees", False)]
    feed.close()


def test_one_click_needs_the_very_token(readers, two):
    ana, ben = two
    for reader in two:
        Subscriptions(readers, reader).add("trending")
    token = ending_token(readers, ana, "daily")
    assert ending_of(readers, token) == (ana, "daily")
    other = token.replace("1.", "2.", 1)
    for wrong in (
        "",
        "x",
        "1.daily",
        f"{token}0",
        token[:-1],
        other,
        f"-{token}",
        f"{10**20}.daily.x",
        "1.daily.\ud800",
    ):
        with pytest.raises(InputError, match="this link to unsubscribe is not known here"):
            unsubscribe(readers, wrong)
    assert (unsubscribe(readers, token), unsubscribe(readers, token)) == (1, 0)
    assert len(Subscriptions(readers, ben).all()) == 1
    readers.forget(ana)
    with pytest.raises(InputError):
        ending_of(readers, token)


def test_export_holds_the_readers_own_alone(readers, two):
    ana, ben = two
    Marks(readers, ben).note(1, "a secret")
    Subscriptions(readers, ben).add("search", "a secret")
    Marks(readers, ana).tag(2, "mine", True)
    told = export(readers, ana)
    assert "secret" not in repr(told)
    assert (told["tags"][0]["name"], told["papers"]["2"]["title"]) == ("mine", "Columns that came late")
    assert [row["kind"] for row in export(readers, ben)["subscriptions"]] == ["search"]
