"""One bundle, made ready to answer: its encoder in memory, its search, and the counts of its answers."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from modicum.core.errors import InputError
from modicum.core.protocols import Encoder
from modicum.serve.predict.drift import Drift
from modicum.workspace import Bundle, carried_answers, carried_search, check_texts, load
from modicum.workspace.search import Query, Searcher

PREDICT, ENCODE, SEARCH = "predict", "encode", "search"
"""What may be asked."""
SHOWN = 12
"""Digits by which a bundle is named."""
TRIES = 5
"""Attempts to read a bundle that is replaced meanwhile."""
Signature = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, eq=False)
class Served:
    """A bundle with all that an answer needs."""

    bundle: Bundle
    encoder: Encoder
    static: Encoder | None
    search: Searcher | None
    drift: Drift
    signature: Signature

    @classmethod
    def open(cls, folder: Path, window: int, *, threads: int | None = None, before: Self | None = None) -> Self:
        """Read a bundle and answer a first text.

        Args:
            folder: The bundle.
            window: Items that count as recent.
            threads: Threads of the encoder; default all cores.
            before: What was served until now; its encoder is used again where it is the same.

        Raises:
            InputError: The bundle cannot be read, or cannot answer for texts.
        """
        for _ in range(TRIES):
            seen = signature_of(folder)
            bundle = load(folder, mend=False)
            check_texts(bundle)
            same = before is not None and before.bundle.encoder == bundle.encoder
            encoder = before.encoder if before is not None and same else bundle.find_encoder(threads)
            static = before.static if before is not None and same and before.static else bundle.find_static(encoder)
            search, drift = carried_search(folder, bundle, encoder), Drift.of(bundle, carried_answers(folder), window)
            if signature_of(folder) == seen:
                served = cls(bundle, encoder, static, search, drift, seen)
                served.bundle.predict([""], encoder=encoder, static=static, cache=False)
                return served
        raise InputError(f"{folder} changes faster than it can be read; wait until it is written")

    @property
    def name(self) -> str:
        """By which digits the bundle is known."""
        return self.bundle.digest[:SHOWN]

    @property
    def recipe(self) -> str:
        """Names of the recipes that answer."""
        shipped = " + ".join(member.recipe.name for member in self.bundle.model.members)
        return f"static where that is sure, else {shipped}" if self.bundle.cascade and self.static else shipped

    def answer(self, kind: str, items: Sequence[Any]) -> Sequence[Any]:
        """Answers of one kind, in the order of the items."""
        if kind == PREDICT:
            return self._predict(items)
        return self._encode(items) if kind == ENCODE else self._search(items)

    def _predict(self, items: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
        """Answers for texts, each with the number of classes whose probabilities are wanted."""
        texts = [text for text, _ in items]
        answers = self.bundle.predict(texts, encoder=self.encoder, static=self.static, cache=False)
        columns = answers.columns(self.bundle.classes)
        self.drift.observe(columns["prediction"], columns.get("unknown"))
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        proba, names = getattr(answers, "probabilities", None), self.bundle.classes
        if proba is None:
            return rows
        order = np.argsort(-proba, axis=1, kind="stable")[:, : max(top for _, top in items)].tolist()
        told = proba.round(6)
        for place, (_, top) in enumerate(items):
            rows[place]["probabilities"] = {names[k]: float(told[place, k]) for k in order[place][:top]}
        return rows

    def _encode(self, items: Sequence[tuple[str, str]]) -> list[list[float] | str]:
        """Vectors of texts, each in the wanted form."""
        vectors = self.encoder.encode([text for text, _ in items])
        return [
            base64.b64encode(vector.astype("<f4").tobytes()).decode() if form == "base64" else vector.tolist()
            for vector, (_, form) in zip(vectors, items, strict=True)
        ]

    def _search(self, items: Sequence[tuple[Query, int]]) -> list[dict[str, Any] | InputError]:
        """Rows found for each query, or what is wrong with it."""
        found: list[dict[str, Any] | InputError] = []
        for query, top in items:
            if self.search is None:
                found.append(InputError(NO_INDEX))
                continue
            try:
                found.append(self.search.find(query, top).to_dict(self.search.table))
            except InputError as error:
                found.append(error)
        return found


NO_INDEX = "the bundle carries no index; fit it with --index to have its table searched"


def signature_of(folder: Path) -> Signature:
    """Names, numbers, sizes and times of a folder's files: what changes when a bundle does; empty where it is away."""
    try:
        told = [(file.name, file.stat()) for file in folder.iterdir()]
    except OSError:
        return ()
    return tuple(sorted((name, stat.st_ino, stat.st_size, stat.st_mtime_ns) for name, stat in told))
