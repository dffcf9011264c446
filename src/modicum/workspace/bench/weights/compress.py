"""What a smaller encoder gives and takes: half the layers, 8 bits and tables, taught on unlabelled rows or not.

The rows a student is taught on are the texts of the training set, whose labels it never sees; the head is the same on
all vectors, and so are the labelled rows of each run.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modicum.core.progress import Progress
from modicum.core.protocols import Encoder
from modicum.data.read import label_space
from modicum.encoders import FolderEncoder, StaticEncoder, in_mode, load_folder, resolve, write_table
from modicum.evaluation.bench import BenchRow, load_collection, summarize
from modicum.workspace.bench.modes import accuracies, encode_parts, pace
from modicum.workspace.weights.room import weights_room

SHOTS = 8
FASTER, LOST = 1.8, 0.02
"""What half the layers should give at least, in times as fast, and take at most, in accuracy."""
EXACT, CUT, STUDENT, TABLE = "exact", "half the layers, cut", "half the layers, taught", "static, taught"
METHODS = {STUDENT: "weights.distil_relations", TABLE: "weights.static_student"}
STARTS = {STUDENT: CUT, TABLE: "static"}
"""What a method is measured against: what it started from; all else against the exact encoder."""


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Speed and accuracy of smaller encoders beside the exact one, one student for all draws of labels.

    Raises:
        InputError: torch is not installed.
    """
    rows: list[BenchRow] = []
    for name in on:
        train, test = load_collection(name, root)
        space = label_space(train, None)
        exact = resolve(None, train.texts)
        if not isinstance(exact, FolderEncoder):
            continue
        encoded = {EXACT: encode_parts(exact, train.texts, test.texts, space)}
        paces = {EXACT: pace(exact, train.texts)}
        with tempfile.TemporaryDirectory() as place:
            start = time.perf_counter()
            student = _students(exact, train.texts, Path(place), progress)
            seconds = time.perf_counter() - start
            encoders = student | _others(exact, encoded[EXACT].X, train.texts, Path(place))
            for number, (kind, encoder) in enumerate(encoders.items()):
                progress(f"{name}, smaller encoders", number, len(encoders))
                encoded[kind] = encode_parts(encoder, train.texts, test.texts, space)
                paces[kind] = pace(encoder, train.texts)
            progress(f"{name}, smaller encoders", len(encoders), len(encoders))
        where, note = f"{name} train", f"{len(train):,} texts, no labels"
        rows.append(BenchRow("seconds to teach half the layers", where, round(seconds, 1), "s", note=note))
        rows += [_speed(kind, found / paces[EXACT], where) for kind, found in paces.items() if kind != EXACT]
        codes, truth = space.encode(train.labels)[0], space.encode(test.labels)[0]
        reached = accuracies(encoded, codes, truth, SHOTS, seeds)
        where = f"{name} test, {SHOTS} labels a class"
        rows += [_accuracy(kind, values, reached, where) for kind, values in reached.items()]
    return rows


def _students(exact: FolderEncoder, texts: Sequence[str], place: Path, progress: Progress) -> dict[str, Encoder]:
    """Half the layers: as they are, taught, and taught and then in 8 bits."""
    compress, room = weights_room("compress"), weights_room("encoder")
    teacher = room.read_module(exact, dropout=0.0)
    layers = teacher.depth // 2
    cut = compress.with_layers(teacher, compress.even_layers(teacher.depth, layers))
    taught = compress.distil_relations(teacher, exact.tokenize(texts), layers, progress=progress)
    found = {}
    for kind, module in ((CUT, cut), (STUDENT, taught)):
        found[kind] = load_folder(room.write_folder(place / kind, exact, module), threads=exact.threads)
    return {**found, f"{STUDENT}, 8 bits": in_mode(found[STUDENT], "fast")}


def _others(exact: FolderEncoder, X: NDArray[np.float32], texts: Sequence[str], place: Path) -> dict[str, Encoder]:
    """All layers in 8 bits, the static mode, and a table that was taught what the exact encoder makes of the texts."""
    room, static = weights_room("encoder"), StaticEncoder(exact)
    folder = room.write_folder(place / TABLE, exact, room.read_module(exact))
    write_table(folder, weights_room("compress").static_student(static, texts, X))
    return {"8 bits": in_mode(exact, "fast"), "static": static, TABLE: StaticEncoder(load_folder(folder))}


def _speed(kind: str, times: float, where: str) -> BenchRow:
    target = FASTER if kind == STUDENT else None
    return BenchRow(f"speed, {kind}", where, round(times, 2), f"times {EXACT}", None, target)


def _accuracy(kind: str, values: Sequence[float], found: Mapping[str, Sequence[float]], where: str) -> BenchRow:
    value, spread = summarize(values)
    row = BenchRow(f"accuracy, {kind}", where, value, "share", seeds=len(values), spread=spread)
    if kind == EXACT:
        return row
    against = STARTS.get(kind, EXACT)
    return replace(
        row,
        baseline=summarize(found[against])[0],
        target=round(float(np.mean(found[EXACT])) - LOST, 5) if kind == STUDENT else None,
        method=METHODS.get(kind),
        against=against if kind in METHODS else "",
        difference_spread=summarize(np.subtract(values, found[against]).tolist())[1],
    )
