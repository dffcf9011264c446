"""What a search is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import nearest_name
from modicum.core.errors import InputError
from modicum.core.protocols import Encoder
from modicum.core.records import Table
from modicum.data.search import BM25
from modicum.encoders import encode
from modicum.vectors.search import edited_query, rank_fusion, ranked
from modicum.workspace.search.lists import FewRows, StoredRows, VectorRows, word_scores
from modicum.workspace.search.passages import rank_by_passages
from modicum.workspace.search.settings import SearchSettings

K = 60.0
"""Of reciprocal rank fusion, as in its paper."""
WEIGHTS = {"lexical": 0.2, "dense": 0.8, "passages": 0.8}
"""Weights in the fusion of scores; ranks of all lists weigh the same."""
LOWEST = {"lexical": 0.0, "dense": -1.0, "passages": -1.0}
"""The lowest score that a list could give."""
TOP = 10
SUGGESTED = 10_000
"""Ids among which one is sought that an unknown one may have meant."""


@dataclass(frozen=True)
class Query:
    """What is looked for; at least a text or a row to be like."""

    text: str = ""
    like: tuple[str, ...] = ()
    """Ids of rows that what is found shall be like."""
    unlike: tuple[str, ...] = ()
    """Ids of rows, or texts, that it shall not be like."""


@dataclass(frozen=True, eq=False)
class Hits:
    """Rows found, best first."""

    query: Query
    rows: NDArray[np.int64]
    """Row numbers (k,)."""
    scores: NDArray[np.floating]
    """Scores (k,), higher is better: BM25, cosine, or of fused lists, where 1 is the top of all."""
    lists: dict[str, NDArray[np.floating]]
    """Scores (k,) that the single lists gave to these rows; minus infinity where one has not found the row."""

    def columns(self, table: Table) -> dict[str, list[Any]]:
        """The hits as columns of a table: rank, id, scores and text, then the table's own columns.

        A column of the table that has such a name is kept as `input_NAME`, unless it is told already as id or text.
        """
        rows = self.rows.tolist()
        told: dict[str, list[Any]] = {
            "rank": list(range(1, len(rows) + 1)),
            "id": [table.ids[row] for row in rows],
            "score": [_rounded(score) for score in self.scores],
            **{name: [_rounded(score) for score in scores] for name, scores in self.lists.items()},
            "text": [table.texts[row] for row in rows],
        }
        kept = {
            table.kept_as(name, told): [values[row] for row in rows]
            for name, values in table.columns.items()
            if not _told_already(table, name)
        }
        return told | kept

    def to_dict(self, table: Table) -> dict[str, Any]:
        """JSON-able form: the query, and each hit with its scores and text."""
        shown = ("rank", "id", "score", *self.lists, "text")
        columns = self.columns(table)
        hits = [dict(zip(shown, row, strict=True)) for row in zip(*(columns[name] for name in shown), strict=True)]
        asked = {"query": self.query.text, "like": list(self.query.like), "unlike": list(self.query.unlike)}
        return {**asked, "hits": hits}


def _told_already(table: Table, name: str) -> bool:
    """Whether a column of a table is that of its ids, or of its texts, under the name that hits have for it."""
    if name == "id":
        return list(map(str, table.columns[name])) == list(table.ids)
    return name == table.text_column == "text"


def _rounded(score: float) -> float | None:
    return round(float(score), 5) if np.isfinite(score) else None


@dataclass(frozen=True)
class _Asked:
    """A query with its ids looked up."""

    texts: list[str]
    like: list[int]
    unwanted: list[str]
    unlike: list[int]


@dataclass(frozen=True, eq=False)
class Searcher:
    """A table that can be searched; made by `open_search`."""

    table: Table
    kept: NDArray[np.bool_]
    """Rows (N,) that may be found."""
    words: BM25 | None
    vectors: VectorRows | StoredRows | FewRows | None
    encoder: Encoder | None
    """What encodes queries; None where vectors were given without it, or images have no texts beside them."""
    settings: SearchSettings

    def find(self, query: Query, top: int = TOP) -> Hits:
        """The `top` rows that fit a query best; fewer where fewer are found. Rows it names are not among them.

        Raises:
            InputError: The query is empty, names an unknown row, or cannot be encoded; `top` is under 1.
        """
        if top < 1:
            raise InputError(f"the number of rows to find must be at least 1, not {top}")
        asked = self._asked(query)
        vector = self._vector(asked)
        lists: dict[str, NDArray[np.floating]] = {}
        if self.words is not None:
            lists["lexical"] = word_scores(self.words, *self._texts(asked))
        if self.vectors is not None:
            nothing = np.full(len(self.table), -np.inf)
            lists["dense"] = nothing if vector is None else self.vectors.cosines(vector)
        allowed = self.kept.copy()
        allowed[[*asked.like, *asked.unlike]] = False
        lists = {name: np.where(allowed, scores, -np.inf) for name, scores in lists.items()}
        scores = self._fused(lists)
        if self.settings.rerank and vector is not None:
            candidates = ranked(scores, max(top, self.settings.rerank))
            lists["passages"] = self._passages(candidates, " ".join(self._texts(asked)[0]), vector)
            found = lists["passages"] > -np.inf
            scores = self._fused({name: np.where(found, told, -np.inf) for name, told in lists.items()})
        rows = ranked(scores, top)
        return Hits(query, rows, scores[rows], {name: told[rows] for name, told in lists.items()})

    def marks(self, query: Query, text: str) -> list[tuple[int, int]]:
        """Where (begin, end) a text holds words of the query; nothing where words are not looked at.

        Raises:
            InputError: The query names a row that is not there.
        """
        like = [self.table.texts[self._row(name)] for name in query.like]
        return [] if self.words is None else self.words.spans(text, " ".join([query.text, *like]))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.table.ids)}

    def _row(self, name: str) -> int:
        if name not in self._places:
            known = nearest_name(name, self.table.ids[:SUGGESTED])
            raise InputError(f"{self.table.source} has no row with the id {name!r}{known}")
        return self._places[name]

    def _asked(self, query: Query) -> _Asked:
        if not query.text.strip() and not query.like:
            raise InputError("the query is empty; give a text, or a row with --like ID")
        named = [name for name in query.unlike if name in self._places or name.strip().isdigit()]
        return _Asked(
            [query.text] if query.text.strip() else [],
            [self._row(name) for name in query.like],
            [name for name in query.unlike if name.strip() and name not in named],
            [self._row(name) for name in named],
        )

    def _texts(self, asked: _Asked) -> tuple[list[str], list[str]]:
        """Texts that are wanted, and those that are not."""
        texts = self.table.texts
        wanted = [*asked.texts, *(texts[row] for row in asked.like)]
        return wanted, [*asked.unwanted, *(texts[row] for row in asked.unlike)]

    def _vector(self, asked: _Asked) -> NDArray[np.float64] | None:
        """The query vector (D,); None where vectors are not looked at, or say nothing of what is wanted."""
        if self.vectors is None:
            return None
        rows = self.vectors.vectors
        wanted = _stacked([*self._encoded(asked.texts), rows[asked.like]])
        if not wanted.any():
            return None
        return edited_query(
            wanted, _stacked([*self._encoded(asked.unwanted), rows[asked.unlike]]), method=self.settings.edit
        )

    def _encoded(self, texts: Sequence[str]) -> list[NDArray[np.floating]]:
        if not texts:
            return []
        if self.encoder is None:
            if self.table.images is not None:
                raise InputError("the encoder knows images alone; search by row with --like ID, or take one with texts")
            raise InputError(
                "vectors from a file have no encoder for texts; search by row with --like ID, name the encoder that "
                "made them with --encoder, or use --mode lexical"
            )
        return [encode(texts, self.encoder, cache=False)]

    def _fused(self, lists: dict[str, NDArray[np.floating]]) -> NDArray[np.floating]:
        """Scores (N,) of all lists together; those of a single list as they are."""
        if len(lists) == 1:
            return next(iter(lists.values()))
        every, method = np.stack(list(lists.values())), self.settings.fusion
        # Weights are such that the top of every list gives 1.
        if method == "ranks":
            return rank_fusion(every, k=K, weights=np.full(len(lists), (K + 1) / len(lists)))
        weights = np.array([WEIGHTS[name] for name in lists])
        lowest = [LOWEST[name] for name in lists]
        return rank_fusion(every, method=method, weights=weights / weights.sum(), lowest=lowest)

    def _passages(self, candidates: NDArray[np.int64], text: str, vector: NDArray[np.float64]) -> NDArray[np.floating]:
        """Cosines (N,) of the best passage of each candidate; minus infinity for the other rows."""
        told = np.full(len(self.table), -np.inf)
        if self.encoder is not None and len(candidates):
            texts = [self.table.texts[row] for row in candidates]
            found = rank_by_passages(texts, text, vector, self.encoder, self.settings.language)
            told[candidates[found.rows]] = found.scores
        return told


def _stacked(parts: Sequence[NDArray[np.floating]]) -> NDArray[np.floating]:
    """All vectors, one a row; none where there are none."""
    return np.concatenate([np.asarray(part, dtype=np.float64) for part in parts])
