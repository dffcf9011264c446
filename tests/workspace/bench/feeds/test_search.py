"""The benchmark of search, on a few papers: every figure is there, and papers are made alike each time."""

from __future__ import annotations

import json

import numpy as np
import pytest

from modicum.core.errors import InputError
from modicum.data.read.feeds import Entry
from modicum.workspace.bench.feeds import search as module


@pytest.fixture
def root(tmp_path):
    (tmp_path / "data" / "cranfield").mkdir(parents=True)
    told = [
        {"title": f"Title number {n} of rows", "abstract": "One sentence of some length. And another one."}
        for n in range(9)
    ]
    (tmp_path / module.METHODS).write_text("\n".join(map(json.dumps, told)))
    other = {"title": "wings in a stream", "text": "an experimental study of a wing ."}
    (tmp_path / "data" / "cranfield" / "corpus.jsonl").write_text(json.dumps(other))
    return tmp_path / "data"


def test_papers_are_made_of_real_ones_each_with_a_name_of_its_own(root):
    one, two = ([entry for run in module._runs(root, 30, np.random.default_rng(0)) for entry in run] for _ in range(2))
    assert one == two
    assert all(isinstance(entry, Entry) and entry.abstract for entry in one)
    assert len({entry.title for entry in one}) == 30


def test_all_figures(root, tmp_path, monkeypatch):
    for name, value in (("NEW", 5), ("QUERIES", 3), ("TRUE", 2), ("MERGED", 20)):
        monkeypatch.setattr(module, name, value)
    opened = module.PaperSearch.open
    monkeypatch.setattr(module.PaperSearch, "open", lambda store, mode=None: opened(store, encoder="hashed"))
    made = module.filled(str(tmp_path), str(root), 60)
    assert made["entries a second"] > 0
    told = module.asked(str(tmp_path), str(root), 60)
    assert told["recall"] == 1
    rows = module.figures(60, made, told)
    assert [row.value for row in rows if row.measure == "nearest 10 by vectors found"] == [1]
    assert len({row.measure for row in rows}) == len(rows) == 15


def test_refusals(tmp_path):
    with pytest.raises(InputError, match="number of papers"):
        module.search_rows(tmp_path, "many", lambda *told: None)
    with pytest.raises(InputError, match="there is no file"):
        module.real_papers(tmp_path)
