"""The benchmark of the site: what it needs is said; its rows are of paints in a real browser."""

from __future__ import annotations

import json

import pytest

from modicum.core.errors import InputError
from modicum.core.progress import silent
from modicum.workspace.bench.feeds.site import PAGES, paint_rows, site_rows
from modicum.workspace.feed import Store, add


def test_it_says_what_it_needs(tmp_path):
    with pytest.raises(InputError, match="--data DIR"):
        site_rows(tmp_path / "nowhere", 1, silent)


@pytest.mark.browser
@pytest.mark.enable_socket
def test_a_row_for_each_page(tmp_path, browser):
    rows = [{"title": f"Paper {n} about few labels", "abstract": "Labels and rows. " * 20} for n in range(8)]
    (tmp_path / "papers.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    store = Store.open(tmp_path / "feed", create=True)
    add(store, str(tmp_path / "papers.jsonl"), encoder="none")
    store.close()
    found = paint_rows(browser, tmp_path / "feed", "8 papers", 2, encoder="hashed")
    assert [row.measure for row in found] == [f"first paint, {name}" for name in PAGES]
    assert all(row.value > 0 and row.target == 300 and row.seeds == 2 for row in found)
