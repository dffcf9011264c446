"""Retrieval collections in the layout of BEIR: a corpus, queries, and grades of relevance."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from modicum.core.checks import nearest_name
from modicum.core.errors import InputError
from modicum.core.records import Table
from modicum.data.read import read
from modicum.evaluation.bench.collections import DATA, REMEDY

FILES = ("corpus.jsonl", "queries.jsonl", "qrels.tsv")


@dataclass(frozen=True, eq=False)
class Retrieval:
    """What is searched, what is asked, and what should be found."""

    name: str
    corpus: Table
    """N documents; titles stand before their texts."""
    queries: tuple[str, ...]
    relevance: csr_array
    """Grades (Q, N), above 0 where a document is relevant."""


def load_retrieval(name: str, root: Path = DATA) -> Retrieval:
    """A collection with `corpus.jsonl` (_id, title, text), `queries.jsonl` (_id, text) and `qrels.tsv`.

    Args:
        name: Name of the collection's folder.
        root: Folder of collections.

    Raises:
        InputError: The folder or one of its files is not there, or a judgement names an unknown query or document.
    """
    folder = root / name
    if not folder.is_dir():
        there = sorted(path.parent.name for path in root.glob(f"*/{FILES[0]}"))
        raise InputError(f"there is no collection {name!r} in {root}{nearest_name(name, there)} {REMEDY}")
    for file in FILES:
        if not (folder / file).is_file():
            raise InputError(f"collection {name!r} has no {file} in {folder} {REMEDY}")
    corpus, queries = (read(folder / file, text="text", id="_id") for file in FILES[:2])
    titles = corpus.columns.get("title", [""] * len(corpus))
    texts = tuple(f"{title or ''} {text}".strip() for title, text in zip(titles, corpus.texts, strict=True))
    return Retrieval(name, replace(corpus, texts=texts), queries.texts, _grades(folder / FILES[2], queries, corpus))


def _grades(file: Path, queries: Table, corpus: Table) -> csr_array:
    asked, there = ({name: row for row, name in enumerate(table.ids)} for table in (queries, corpus))
    with file.open(encoding="utf-8", newline="") as lines:
        judged = list(csv.reader(lines, delimiter="\t"))[1:]
    try:
        places = [(asked[query], there[document], float(score)) for query, document, score in judged]
    except (KeyError, ValueError) as error:
        raise InputError(f"{file}: {error} is no judgement of a known query and document; mend that line") from error
    rows, columns, grades = np.array(places, dtype=np.float64).reshape(-1, 3).T
    return csr_array((grades, (rows.astype(np.int64), columns.astype(np.int64))), shape=(len(queries), len(corpus)))
