"""A small feed of two themes, dated and undated, voted for and not, with a hostile paper, and a site on it."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from modicum.serve.feed import Site, make_app
from modicum.serve.feed.app import site_policy
from modicum.serve.feed.people import People
from modicum.serve.listening import allowed_hosts
from modicum.workspace.feed import PaperSearch, Store, add
from modicum.workspace.feed.keywords import find_keywords, map_papers
from modicum.workspace.feed.library import Library

HOST = "127.0.0.1:8790"
NOW = datetime(2024, 6, 1, 12, tzinfo=UTC).timestamp()
SCRIPT = "<script>document.title='hacked'</script><img src=x onerror=\"document.title='hacked'\"> & soup"
THEMES = {"food": "soup bread cheese pasta", "sport": "goal match referee league"}


def rows():
    """Papers of two themes in turn, a day each, of which every third has votes."""
    found = []
    for n in range(30):
        theme = list(THEMES)[n % 2]
        words = THEMES[theme].split()
        text = f"We study {words[n % 4]} and {words[(n + 1) % 4]} with {words[(n + 2) % 4]}, {theme} number {n}. " * 4
        row = {"id": f"2405.{10000 + n}", "title": f"On {words[n % 4]} and {words[(n + 1) % 4]}, part {n}"}
        row |= {"abstract": text, "authors": ["A. Gauss", "B. Riemann"], "tags": ["cs.CL"]}
        row |= {"date": f"2024-05-{n + 1:02d}"} if n % 5 else {}
        found.append(row | ({"votes": n} if n % 3 == 0 else {}))
    hostile = {"title": SCRIPT, "abstract": SCRIPT * 3, "authors": ["<b>Eve</b>"], "url": "javascript:alert(1)"}
    return [*found, hostile | {"tags": ['"><svg onload=alert(1)>'], "date": "2024-05-31", "votes": 900}]


def make_feed(folder):
    """A feed of the rows."""
    file = folder / "daily.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows()) + "\n", encoding="utf-8")
    store = Store.open(folder / "feed", create=True)
    add(store, str(file), encoder="none")
    store.close()
    return folder / "feed"


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """A feed with its search, keywords and map; not to be changed."""
    folder = make_feed(tmp_path_factory.mktemp("prepared"))
    search, store = searched(folder)
    find_keywords(store, search, keywords=2)
    map_papers(store, search)
    store.close()
    return folder


@pytest.fixture
def folder(prepared, tmp_path):
    """A copy of the feed that a test may change."""
    return shutil.copytree(prepared, tmp_path / "feed")


def searched(folder):
    search, store = PaperSearch(folder, encoder="hashed"), Store.open(folder)
    search.refresh(store)
    return search, store


def site_of(folder, *, single=True, **settings):
    """A site whose search is ready, at a time that stands still."""
    search, store = searched(folder)
    store.close()
    return Site(Library.open(folder), search, People(folder, single=single), clock=lambda: NOW, **settings)


def client_of(site, token=None):
    app = make_app(site, site_policy(allowed_hosts("127.0.0.1", 8790)), token)
    return TestClient(app, base_url=f"http://{HOST}", follow_redirects=False)


@pytest.fixture
def site(folder):
    return site_of(folder)


@pytest.fixture
def client(site):
    return client_of(site)
