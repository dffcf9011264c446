"""A subscription to a keyword is one to its page: what is new there comes, under whatever name, until it is removed."""

from __future__ import annotations

import pytest

from modicum.workspace.feed import PaperSearch, Store
from modicum.workspace.feed.digest import preview_digest
from modicum.workspace.feed.keywords import Keywords, find_keywords
from modicum.workspace.feed.readers import Subscriptions
from tests.workspace.feed.conftest import join, put
from tests.workspace.feed.digest.conftest import LETTERS

MONEY = [f"{a} and {b} of the bank" for a in ("Cards", "Accounts", "Payments", "Loans", "Savings") for b in "vwxyz"]
WEATHER = [f"{a} and {b} of the storm" for a in ("Rain", "Wind", "Snow", "Hail", "Thunder") for b in "vwxyz"]
OLD, DAY = 0.0, 86_400.0


@pytest.fixture
def feed(folder, clock):
    """A feed of two keywords, whose papers are old."""
    clock.now += 30 * DAY
    put(folder, *MONEY, *WEATHER, seen=OLD)
    store = Store.open(folder)
    find_keywords(store, PaperSearch.open(store, encoder="hashed"), keywords=2)
    yield store
    store.close()


@pytest.fixture
def pages(feed):
    return Keywords(feed)


@pytest.fixture
def money(pages, feed):
    """The page of most papers on money."""
    numbers = {row["id"] for row in feed.rows("SELECT id FROM papers WHERE title LIKE '%bank'")}
    return max(pages.all(), key=lambda one: len(numbers & set(pages.papers(one.number))))


@pytest.fixture
def message(readers):
    def call(**settings):
        found, _ = preview_digest(readers, LETTERS, **settings)
        return found and [found.get_body((kind,)).get_content() for kind in ("plain", "html")]

    return call


def test_new_papers_of_the_page_come_under_its_name_of_today(pages, money, folder, message, clock):
    join(folder, "ana@example.org", kind="keyword", what=f"/keyword/{money.number}")
    put(folder, "Cards and payments q of the bank", "Rain and snow q of the storm", seen=clock.now)
    assert message(encoder="none") is None  # no paper is put on a page without vectors
    for said in message():
        assert "Cards and payments q of the bank" in said
        assert "Rain and snow" not in said
        assert MONEY[0] not in said
        assert f"Keyword {money.name}" in said
    pages.rename(money.number, "<b>Money</b>")
    text, page = message()
    assert "Keyword <b>Money</b>" in text
    assert "Keyword &lt;b&gt;Money" in page
    (other,) = (one.number for one in pages.all() if one.number != money.number)
    pages.rename(other, "All and sundry")
    pages.merge([other, money.number])
    for said in message():
        assert "Keyword All and sundry" in said
        assert "Cards and payments q" in said
        assert "Rain and snow q" in said


def test_a_page_that_was_removed_is_told_of_and_nothing_fails(pages, money, readers, folder, message, clock):
    (reader,) = join(folder, "ana@example.org", kind="keyword", what=money.name)
    pages.rename(money.number, "<i>Money</i>")
    pages.drop(money.number)
    put(folder, "Cards and payments q of the bank", seen=clock.now)
    assert message() is None  # no mail for that alone
    Subscriptions(readers, reader).add("search", "payments")
    text, page = message()
    assert "Cards and payments q of the bank" in text
    assert "The page of the keyword <i>Money</i> was removed, so that your subscription to it brings nothing." in text
    assert "https://papers.example.org/account" in text
    assert "The page of the keyword &lt;i&gt;Money&lt;/i&gt; was removed" in page
    Subscriptions(readers, reader).remove(Subscriptions(readers, reader).all()[0].id)
    assert "was removed" not in message()[0]
