"""Retrieval collections: what is read, and what is refused."""

from __future__ import annotations

import json

import pytest

from modicum.core import InputError
from modicum.evaluation.bench import Retrieval, load_retrieval

DOCUMENTS = [{"_id": "d1", "title": "Cards", "text": "lost and found"}, {"_id": "d2", "title": "", "text": "rates"}]
QUERIES = [{"_id": "q1", "text": "lost card"}, {"_id": "q2", "text": "dollars"}]
HEAD = "query-id\tcorpus-id\tscore\n"


def save(root, qrels="q1\td1\t2\nq2\td2\t1\nq2\td1\t0\n"):
    folder = root / "tiny"
    folder.mkdir()
    for name, rows in (("corpus", DOCUMENTS), ("queries", QUERIES)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "qrels.tsv").write_text(HEAD + qrels, encoding="utf-8")
    return root


def test_titles_stand_before_texts_and_grades_at_their_places(tmp_path):
    told = load_retrieval("tiny", save(tmp_path))
    assert isinstance(told, Retrieval)
    assert told.corpus.texts == ("Cards lost and found", "rates")
    assert told.corpus.ids == ("d1", "d2")
    assert told.queries == ("lost card", "dollars")
    assert told.relevance.toarray().tolist() == [[2, 0], [0, 1]]


def test_errors_name_what_is_wrong(tmp_path):
    root = save(tmp_path, "q1\td9\t2\n")
    with pytest.raises(InputError, match="'d9' is no judgement of a known query and document; mend that line"):
        load_retrieval("tiny", root)
    with pytest.raises(InputError, match=r"no collection 'tinny' in .*did you mean 'tiny'.*--data DIR"):
        load_retrieval("tinny", root)
    (root / "tiny" / "qrels.tsv").unlink()
    with pytest.raises(InputError, match=r"has no qrels.tsv in .*--data DIR"):
        load_retrieval("tiny", root)
