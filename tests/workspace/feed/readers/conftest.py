"""A small feed with readers."""

from __future__ import annotations

import pytest

from modicum.data.read.feeds import make_entry
from modicum.workspace.feed import Store
from modicum.workspace.feed.merging import take
from modicum.workspace.feed.readers import Readers

TITLES = ("On rows of tables", "Columns that came late", "A note on shy labels", "Trees that fall together")


class Clock:
    """Seconds since 1970, as a test wants them."""

    def __init__(self, now=1_790_000_000.0):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def folder(tmp_path):
    """A feed of four papers, numbered from 1 on."""
    store = Store.open(tmp_path / "feed", create=True)
    with store.transaction() as db:
        db.execute("INSERT INTO sources (address, added) VALUES ('a', 0)")
        take(db, 1, [make_entry({"title": title}, "a", title) for title in TITLES], 0.0)
    store.close()
    return tmp_path / "feed"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def readers(folder, clock):
    found = Readers.open(folder)
    found.clock = clock
    yield found
    found.close()


@pytest.fixture
def two(readers):
    """Two readers of one feed."""
    return [readers.confirm(readers.sign_up(f"{name}@example.org")) for name in ("ana", "ben")]
