"""A small feed and its readers, at a time that a test sets."""

from __future__ import annotations

import pytest

from modicum.data.read.feeds import make_entry
from modicum.workspace.feed import Store
from modicum.workspace.feed.merging import take
from modicum.workspace.feed.readers import Readers, Subscriptions

NOW = 1_790_000_000.0
TITLES = ("On rows of tables", "Columns that came late", "A note on shy labels", "Trees that fall together")


def put(folder, *titles, seen=NOW, votes=3):
    """Take papers into a feed; returns nothing."""
    store = Store.open(folder, create=True)
    with store.transaction() as db:
        db.execute("INSERT OR IGNORE INTO sources (address, added) VALUES ('a', 0)")
        told = [{"title": title, "abstract": f"{title} told of once more.", "votes": votes} for title in titles]
        take(db, 1, [make_entry(one, "a", one["title"]) for one in told], seen)
    store.close()


def join(folder, *emails, kind="trending", what="", every="daily"):
    """Readers who subscribed."""
    readers = Readers.open(folder)
    found = []
    for email in emails:
        found.append(readers.confirm(readers.sign_up(email)))
        Subscriptions(readers, found[-1]).add(kind, what, every)
    readers.close()
    return found


@pytest.fixture
def folder(tmp_path):
    """A feed of four papers, numbered from 1 on and read at `NOW`."""
    put(tmp_path / "feed", *TITLES)
    return tmp_path / "feed"


class Clock:
    """Seconds since 1970, as a test wants them."""

    def __init__(self):
        self.now = NOW + 3600

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def readers(folder, clock):
    found = Readers.open(folder)
    found.clock = clock
    yield found
    found.close()
