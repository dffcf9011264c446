"""Answers as a page gives them, and what the journal is told of each."""

from __future__ import annotations

from dataclasses import dataclass

from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.workspace.loop import events as kinds
from modicum.workspace.loop.board import Board
from modicum.workspace.loop.consensus import standing
from modicum.workspace.loop.events import Event
from modicum.workspace.loop.forms import Form
from modicum.workspace.loop.state import State

LONGEST_NAME, LONGEST_NOTE = 200, 5_000
"""Characters of the name of a class or a person, and of a note."""
GONE = "the class is no longer there (somebody merged it or took it back); choose again"


@dataclass(frozen=True)
class Reply:
    """An answer to one row or to several at once."""

    kind: str
    """`label`, `unlabel`, `skip`, `unsure` or `note`; where rows may have several labels, also `add` and `remove`."""
    rows: tuple[int, ...]
    classes: tuple[int, ...] = ()
    """Numbers of classes: the label, or what is added or removed."""
    text: str = ""
    """The note."""
    how: str = ""
    """How the rows came up."""
    model: int = 0
    final: bool = False
    request: str = ""


def check_person(who: str) -> str:
    """Return the name of an annotator.

    Raises:
        InputError: It is empty or very long.
    """
    if not who.strip() or len(who) > LONGEST_NAME:
        raise InputError(f"the name of a person has 1 to {LONGEST_NAME} characters; say who labels with --annotator")
    return who


def check_reply(reply: Reply, form: Form, rows: int, state: State) -> None:
    """Refuse what cannot be an answer to a table of so many rows.

    Raises:
        InputError: A row or class is not there, the form of the answers knows no such answer, or a note is too long.
    """
    check_choice(reply.kind, form.answers, "kind of answer")
    if not reply.rows:
        raise InputError("the answer is about no row; pick at least one")
    wrong = next((row for row in reply.rows if not 0 <= row < rows), None)
    if wrong is not None:
        raise InputError(f"there is no row {wrong}; the table has {rows:,}")
    if reply.kind == kinds.LABEL:
        form.check_labels(reply.classes)
    elif (reply.kind in (kinds.ADD, kinds.REMOVE)) != bool(reply.classes):
        raise InputError("a label names a class, and nothing else does; choose a class")
    gone = next((number for number in reply.classes if number not in state.names), None)
    if gone is not None:
        raise InputError(GONE)
    if len(reply.text) > LONGEST_NOTE:
        raise InputError(f"the note is {len(reply.text):,} characters long; {LONGEST_NOTE:,} are kept")


def event_of(who: str, reply: Reply, board: Board, state: State) -> Event:
    """What the journal is told of a reply that was checked, but for the time.

    Raises:
        InputError: A label is added or removed, and no row changes.
    """
    rows = tuple(dict.fromkeys(reply.rows))
    sets: tuple[tuple[str, ...], ...] = ()
    kind, names = reply.kind, tuple(state.names[number] for number in dict.fromkeys(reply.classes))
    if kind in (kinds.ADD, kinds.REMOVE):
        new = _changed(who, reply, board, state)
        if not new:
            lacking = "lacks" if kind == kinds.ADD else "has"
            raise InputError(f"no picked row {lacking} the label {', '.join(names)}; nothing was changed")
        kind, rows, sets = kinds.LABEL, tuple(new), tuple(new.values())
    return Event(
        kind,
        who,
        items=tuple(board.items[row] for row in rows),
        classes=names,
        sets=sets,
        text=reply.text,
        how=reply.how,
        model=reply.model,
        final=reply.final,
        request=reply.request,
    )


def _changed(who: str, reply: Reply, board: Board, state: State) -> dict[int, tuple[str, ...]]:
    """Names of the labels of each row once some were added or removed, where that changes them.

    What changes is the annotator's own answer, else what stands. A row without either gets the added labels alone;
    nothing can be removed from it.
    """
    found, labels = {}, set(reply.classes)
    for row in reply.rows:
        own = standing(state, board.items[row]).get(who)
        before = set((board.label(row) or ()) if own is None else own)
        after = before | labels if reply.kind == kinds.ADD else before - labels
        if after != before:
            found[row] = tuple(state.names[number] for number in sorted(after))
    return found
