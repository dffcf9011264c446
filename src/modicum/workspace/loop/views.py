"""What a page shows of a session, as plain JSON. Rows go by their number, classes by theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from modicum.core.texts import shortened
from modicum.workspace.loop.consensus import standing
from modicum.workspace.loop.events import LABEL, UNSURE, Item
from modicum.workspace.loop.measured import NEXT, Measured
from modicum.workspace.loop.session import Session
from modicum.workspace.loop.teacher import Teacher

TEXT, LINE = 20_000, 300
"""Characters of a text that are sent at first, and in lists."""
FIELDS = 8
"""Other columns of the table that are shown beside a text."""
TOP = 12
"""Suggested classes."""
LISTED = 200
"""Rows of a review list."""


def beginning(session: Session) -> dict[str, Any]:
    """What a page needs first: table, journal, classes, and the form of the answers."""
    return {
        "table": clean(Path(session.task.table.source).name),
        "journal": clean(session.journal.path.name),
        "classes": classes(session),
        "several": session.form.several,
        "figure": session.form.figure,
    }


def question(session: Session, row: int, how: str, who: str) -> dict[str, Any]:
    """One row to answer: its text, suggestions in order of probability, and the annotator's own note."""
    table, item = session.task.table, session.board.items[row]
    text = table.texts[row]
    own = {table.text_column, table.label_column}
    fields = [
        {"name": clean(name), "value": clean(str(values[row]))[:LINE]}
        for name, values in table.columns.items()
        if name not in own and values[row] not in (None, "")
    ]
    likely, expected = suggested(session, row)
    return {
        "row": row,
        "id": clean(table.ids[row]),
        "text": clean(text[:TEXT]),
        "cut": max(len(text) - TEXT, 0),
        "fields": fields[:FIELDS],
        "how": how,
        "suggestions": likely,
        "expected": expected,
        "model": session.lesson.version if session.lesson else 0,
        "note": session.state.notes.get(item, {}).get(who, ""),
    }


def suggested(session: Session, row: int) -> tuple[list[list[float]], list[int]]:
    """Classes that there are now with their probability, most probable first, and those that the row should have.

    Both are empty where there is no model. Of classes that were merged since, the probabilities add up.
    """
    lesson = session.lesson
    if lesson is None or lesson.fitted is None:
        return [], []
    proba = lesson.proba(session.task.X[row : row + 1])
    expected = lesson.scale.expected(proba, lesson.numbers)[0]
    totals: dict[int, float] = {}
    marked: dict[int, None] = {}
    for column in np.argsort(-proba[0])[: 4 * TOP].tolist():
        number = session.state.current(lesson.numbers[column])
        if number in session.state.names:
            totals[number] = min(totals.get(number, 0.0) + float(proba[0, column]), 1.0)
            marked |= {number: None} if expected[column] else {}
    ranked = sorted(totals.items(), key=lambda pair: -pair[1])[:TOP]
    return [[number, round(p, 4)] for number, p in ranked], list(marked)


def line(session: Session, row: int) -> dict[str, Any]:
    """One row of a list."""
    shown = shortened(session.task.table.texts[row], LINE)
    label = session.board.label(row)
    return {"row": row, "id": clean(session.task.table.ids[row]), "text": clean(shown), "labels": label}


def classes(session: Session) -> list[dict[str, Any]]:
    """Every class with its number, name, description and rows."""
    counts = session.board.counts()
    told = dict(zip(session.task.space.names, session.task.space.descriptions, strict=False))
    return [
        {
            "number": number,
            "name": clean(name),
            "description": clean(session.state.descriptions.get(number) or told.get(name, "")),
            "rows": counts.get(number, 0),
        }
        for number, name in session.state.names.items()
    ]


def status(session: Session, teacher: Teacher, who: str) -> dict[str, Any]:
    """The live panel: progress, accuracy, expected gain, balance, the others."""
    with session.lock:
        board, lesson, measured = session.board, session.lesson, session.measured
        settled = board.settled
        return {
            "events": session.events[-1].n,
            "rows": len(board.items),
            "labelled": int(board.labelled.sum()),
            "people": board.people(session.state),
            "tabs": len(session.tabs),
            "undo": session.state.undoable(who) is not None,
            "classes": session.class_changes,
            "balance": {str(number): rows for number, rows in board.counts().items()},
            "unsure": len(board.unsure(session.state)),
            "disagreed": len(_disagreed(session)),
            "shared": settled.shared,
            "agreement": settled.agreement,
            "alpha": settled.alpha,
            "by_label": {str(number): share for number, share in settled.by_label.items()},
            "reliability": settled.reliability,
            "model": {
                "version": lesson.version if lesson else 0,
                "recipe": lesson.recipe if lesson else "",
                "labels": lesson.labels if lesson else 0,
                "seconds": round(lesson.seconds, 2) if lesson else 0.0,
                "behind": teacher.behind,
                "failed": teacher.error is not None,
            },
            "accuracy": _accuracy(session, measured) if measured else None,
            "suspects": sum(_still_suspect(session, suspect.row) for suspect in measured.suspects) if measured else 0,
        }


def _accuracy(session: Session, measured: Measured) -> dict[str, Any]:
    told = {name: getattr(measured, name) for name in ("labels", "accuracy", "low", "high", "rows", "fair")}
    found = session.form.gain(session.points)
    if found is not None:
        told |= {"gain": found.expected, "gain_low": found.low, "gain_high": found.high}
    return told | {"next": NEXT}


def _still_suspect(session: Session, row: int) -> bool:
    """Whether nobody has looked at an accused label since: labels given in a review are not accused again."""
    answers = session.state.answers.get(session.board.items[row], {})
    labelled = session.board.label(row) is not None
    return labelled and not any(answer.how == "review" for answer in answers.values())


def review(session: Session) -> list[dict[str, Any]]:
    """Probable label errors, most suspicious first, with the classes that the model would rather have."""
    with session.lock:
        found = []
        for suspect in session.measured.suspects if session.measured else ():
            if not _still_suspect(session, suspect.row):
                continue
            better = tuple(sorted({session.state.current(number) for number in suspect.better}))
            given = session.board.given(suspect.row) and not session.state.answers.get(session.board.items[suspect.row])
            told = line(session, suspect.row)
            if better != told["labels"]:
                found.append(told | {"better": better, "score": round(suspect.score, 4), "given": given})
        return found[:LISTED]


def disagreements(session: Session) -> list[dict[str, Any]]:
    """Rows that annotators label differently, least sure first, and then rows that somebody was not sure about."""
    with session.lock:
        settled, state, board = session.board.settled, session.state, session.board
        found = []
        for item in _disagreed(session):
            votes = [{"who": who, "labels": label} for who, label in sorted(standing(state, item).items())]
            probable = {"probable": settled.labels.get(item), "confidence": settled.confidence[item]}
            found.append(line(session, board.row_of[item]) | {"votes": votes} | probable)
        for row in board.unsure(state):
            doubters = [w for w, a in state.answers[board.items[row]].items() if a.kind == UNSURE]
            likely, expected = suggested(session, row)
            doubt = {"votes": [], "unsure": doubters, "suggestions": likely, "expected": expected}
            found.append(line(session, row) | doubt)
        return found[:LISTED]


def _disagreed(session: Session) -> list[Item]:
    """Rows of today's table that are labelled differently and that nobody has settled since the last refit."""
    told = (item for item in session.board.settled.disagreed if item in session.board.row_of)
    return [item for item in told if len(set(standing(session.state, item).values())) > 1]


def batches(session: Session, tab: str) -> list[dict[str, Any]]:
    """Groups of look-alike rows that nobody has at the moment; they are lent to this tab."""
    with session.lock:
        now, found = session.clock(), []
        for group in session.lesson.groups if session.lesson else ():
            rows = [row for row in group.rows.tolist() if session.board.label(row) is None]
            rows = [row for row in rows if session.leases.take(row, tab, now)]
            if len(rows) > 1:
                lines = [line(session, row) for row in rows]
                likely, expected = suggested(session, rows[0])
                told = {"rows": lines, "alike": group.tightness, "suggestions": likely, "expected": expected}
                found.append(told)
        return found


def standing_of(session: Session, row: int, who: str) -> dict[str, Any]:
    """One row with everything that is known of it, for a look from the map or a list."""
    item = session.board.items[row]
    answers = session.state.answers.get(item, {})
    mine = answers.get(who)
    return question(session, row, "map", who) | {
        "labels": session.board.label(row),
        "given": session.board.given(row),
        "mine": list(session.state.labels(mine)) if mine and mine.kind == LABEL else [],
    }


def clean(text: str) -> str:
    """Text that can be sent as UTF-8: halves of characters from broken files are replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")
