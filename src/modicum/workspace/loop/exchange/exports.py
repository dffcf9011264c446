"""The labels of a session as a table: the input's own columns, its label column filled, and how each label came."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from modicum.data.write import write_table
from modicum.workspace.loop.consensus import standing
from modicum.workspace.loop.events import SKIP, UNSURE
from modicum.workspace.loop.forms.form import free_name
from modicum.workspace.loop.session import Session
from modicum.workspace.loop.views import clean

OWN = ("label_source", "labelled_by", "labelled_at", "label_agreement", "label_note")


def export_columns(session: Session) -> dict[str, Sequence[Any]]:
    """All rows of the table, labels under its label column, or else `label` or a free name; empty where there is none.

    Several labels of a row are joined, as `modicum.read` takes them with the same separator; a separator alone is a row
    that is known to have none. Where there are several label columns they stay, and the labels stand in `labels`.

    Beside it: `label_source` (`table`, `answer`, `unsure`, `skipped` or empty), who labelled it and when, the
    probability of the label where several people answered, and notes. `modicum fit` reads the result as it is.
    """
    with session.lock:
        session.settle()  # what was answered or imported since the last refit counts, too
        table, board = session.task.table, session.board
        column = session.form.column(table)
        labels = [_cell(session, row) for row in range(len(table))]
        told: dict[str, list[Any]] = {name: [] for name in OWN}
        for row, item in enumerate(board.items):
            for name, value in zip(OWN, _told(session, row, item), strict=True):
                told[name].append(value)
        return _input(session) | {column: labels} | told


def _input(session: Session) -> dict[str, Sequence[Any]]:
    """The table's own columns, under names that leave those of an export free."""
    table = session.task.table
    columns: dict[str, Sequence[Any]] = dict(table.columns) or {"id": table.ids, table.text_column: table.texts}
    named: dict[str, Sequence[Any]] = {}
    for name, values in columns.items():
        named[free_name(f"input_{name}", {*columns, *named}) if name in OWN else name] = values
    return named


def _cell(session: Session, row: int) -> str | None:
    label = session.board.label(row)
    return None if label is None else session.form.cell(session.state.names[number] for number in label)


def _clean(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


def _told(session: Session, row: int, item: tuple[str, str]) -> tuple[Any, ...]:
    state, board = session.state, session.board
    answers = state.answers.get(item, {})
    said = standing(state, item)
    notes = " / ".join(f"{who}: {text}" for who, text in sorted(state.notes.get(item, {}).items()) if text)
    if board.label(row) is not None:
        source = "answer" if said else "table"
    else:
        passed = {answer.kind for answer in answers.values()}
        source = "unsure" if UNSURE in passed else "skipped" if SKIP in passed else ""
    last = max((answers[who].at for who in said), default="")
    sure = board.settled.confidence.get(item) if len(said) > 1 else None
    return source, sorted(said), last, None if sure is None else round(sure, 4), notes


def export(session: Session, path: str | Path) -> int:
    """Write the labels as CSV, JSONL or Parquet, by the file's ending; returns the number of labelled rows.

    Raises:
        InputError: The ending is not known, or the place cannot be written.
    """
    columns = export_columns(session)
    write_table(path, {clean(name): [_clean(value) for value in values] for name, values in columns.items()})
    return int(session.board.labelled.sum())
