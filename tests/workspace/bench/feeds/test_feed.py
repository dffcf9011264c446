"""The benchmark of rankings from likes: interests are those of a field, or what is relevant to a query."""

from __future__ import annotations

import json

import pytest

from modicum.core.errors import InputError
from modicum.core.progress import silent
from modicum.encoders import resolve
from modicum.workspace.bench.feeds import feed as module

THEMES = ("card bank account payment", "rain wind snow storm")


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "resolve", lambda name, texts: resolve("hashed", texts))
    told = [{"title": f"No {n}", "abstract": THEMES[n % 2], "room": "ab"[n % 2]} for n in range(50)]
    told += [{"title": f"No {n}", "abstract": "few", "room": "c"} for n in range(50, 60)]
    (tmp_path / "methods.jsonl").write_text("\n".join(map(json.dumps, told)))
    place = tmp_path / "data" / "asked"
    place.mkdir(parents=True)
    rows = [{"_id": str(n), "title": f"No {n}", "text": THEMES[n % 2]} for n in range(60)]
    (place / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (place / "queries.jsonl").write_text("\n".join(json.dumps({"_id": str(n), "text": "money"}) for n in range(3)))
    judged = [(0, n, 1) for n in range(0, 60, 2)] + [(1, 5, 1)] + [(2, n, 0) for n in range(1, 60, 2)]
    lines = ["query-id\tcorpus-id\tscore", *("\t".join(map(str, one)) for one in judged)]
    (place / "qrels.tsv").write_text("\n".join(lines))
    return tmp_path / "data"


def test_interests_of_a_field_have_papers_enough(root):
    texts, interests = module._field(root, "room")
    assert len(texts) == 60
    assert interests.sum(axis=1).tolist() == [25, 25]


def test_interests_of_queries_are_what_is_relevant(root):
    interests = module._asked(root, "asked")[1]
    assert [row.nonzero()[0].tolist() for row in interests] == [list(range(0, 60, 2))]


@pytest.mark.parametrize(("name", "aim"), [("room", 1.05), ("asked", None)])
def test_every_way_ranks_the_rest_of_an_interest_first(root, name, aim):
    rows = module.run(root, [name], 2, silent)
    assert [row.value for row in rows] == [1.0] * 5
    assert [row.baseline for row in rows][:3] == [1.0] * 3
    assert rows[0].target == aim
    assert len({row.note for row in rows}) == 5
    assert {row.on for row in rows} == {f"60 papers, interest: {name}"}


def test_refusals(root, tmp_path):
    with pytest.raises(InputError, match="tells no 'colour'"):
        module.run(root, ["colour"], 1, silent)
    with pytest.raises(InputError, match="there is no file"):
        module.run(root / "asked", ["room"], 1, silent)
