"""The folder of a run: rows with their topics, a class file for `modicum fit`, a page, and what a later run needs."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from modicum.core.files import atomic_folder, check_folder_place
from modicum.core.records import Table
from modicum.data.write import write_table
from modicum.vectors.topics import Belonging
from modicum.workspace.report import render_topics
from modicum.workspace.topics.facts import topic_facts
from modicum.workspace.topics.finding import FoundTopics
from modicum.workspace.topics.state import STATE, Topic

ROWS, CLASSES, PAGE = "rows.csv", "classes.yaml", "topics.html"
NOTE = "# Topics as classes, for: modicum fit rows.csv --label topic_name --classes classes.yaml\n"


def save_topics(found: FoundTopics, folder: str | Path, *, now: datetime.datetime | None = None) -> dict[str, Any]:
    """Write the folder, whole or not at all; an earlier one of that name is replaced.

    Returns:
        The facts, as `topics.json` holds them.

    Raises:
        InputError: The place cannot be written, or is a folder that holds something else than topics.
    """
    check_topics_place(folder)
    facts = topic_facts(found, now=now or datetime.datetime.now(datetime.UTC))
    with atomic_folder(Path(folder)) as work:
        columns = row_columns(found.table, found.state.topics, found.codes, found.belonging, found.far)
        write_table(work / ROWS, columns)
        (work / CLASSES).write_text(class_file(facts["topics"]), encoding="utf-8")
        (work / PAGE).write_text(render_topics(facts), encoding="utf-8")
        found.state.write(work, {key: value for key, value in facts.items() if key != "map"})
    return facts


def check_topics_place(path: str | Path) -> None:
    """Let a place pass to which topics may be written.

    Raises:
        InputError: There is something else, or it cannot be written to.
    """
    check_folder_place(Path(path), "a folder of topics", [STATE])


def row_columns(
    table: Table, topics: Sequence[Topic], codes: NDArray[np.int64], place: Belonging, far: NDArray[np.bool_]
) -> dict[str, Sequence[Any]]:
    """One entry per row: its topic, how near and how sure; then the input's columns, `input_NAME` where one clashes.

    Rows that say nothing (code -1) have no topic, similarity 0 and confidence 0.
    """
    there = codes >= 0
    own: dict[str, Sequence[Any]] = {
        "id": list(table.ids),
        "topic": [topics[k].id if k >= 0 else None for k in codes.tolist()],
        "topic_name": [topics[k].name if k >= 0 else None for k in codes.tolist()],
        "similarity": (place.similarity * there).astype(np.float64).round(4).tolist(),
        "confidence": (place.confidence * there).astype(np.float64).round(4).tolist(),
        "far": far.tolist(),
    }
    rest = {
        table.kept_as(name, own): values
        for name, values in table.columns.items()
        if name != "id" or list(map(str, values)) != list(table.ids)
    }
    return own | rest


def class_file(topics: Sequence[Mapping[str, Any]]) -> str:
    """Topics as a class file: name, what it is about, and the broad group where there is one."""
    entries = [
        {
            "name": topic["name"],
            **({"description": ", ".join(topic["terms"][:5])} if topic["terms"] else {}),
            **({"parent": topic["group"]} if topic["group"] else {}),
        }
        for topic in topics
    ]
    return NOTE + yaml.safe_dump(entries, allow_unicode=True, sort_keys=False, width=120)
