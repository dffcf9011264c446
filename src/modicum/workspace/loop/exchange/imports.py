"""Labels from elsewhere into the journal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from modicum.workspace.loop import events as kinds
from modicum.workspace.loop.events import Event, item_hash, now
from modicum.workspace.loop.foreign import Foreign
from modicum.workspace.loop.session import Session


@dataclass(frozen=True)
class Imported:
    """What an import brought."""

    labels: int
    new_classes: tuple[str, ...]
    unmatched: int
    """Labels for texts that the table does not have."""
    repeated: int
    """Labels that the journal has already."""


def import_labels(session: Session, foreign: Iterable[Foreign], source: str) -> Imported:
    """Add labels from elsewhere to the journal, one event per label and annotator; texts tell the rows.

    Raises:
        InputError: An entry holds what the session has no place for, such as several labels at once.
    """
    rows: dict[str, list[int]] = {}
    for row, item in enumerate(session.board.items):
        rows.setdefault(item[1], []).append(row)
    last: dict[tuple[int, str], tuple[str, ...]] = {}
    unmatched = 0
    for each in session.form.imported(foreign):
        places = rows.get(item_hash(each.text), [])
        unmatched += not places
        # Of several answers of one person to one row the last is meant, so that a second import finds nothing new.
        last |= {(row, each.who or source): each.labels for row in places}
    fresh = {key: names for key, names in last.items() if not _says(session, *key, names)}
    told: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for (row, who), names in fresh.items():
        told.setdefault((who, names), []).append(row)
    every = {name for _, given in told for name in given}
    new = tuple(sorted(name for name in every if session.state.number(name) is None))
    for (who, given), places in told.items():
        items = tuple(session.board.items[row] for row in places)
        session.write(Event(kinds.LABEL, who, now(), items, given, how="import"))
    with session.lock:
        session.board.refresh(session.state)
    return Imported(len(fresh), new, unmatched, len(last) - len(fresh))


def _says(session: Session, row: int, who: str, names: tuple[str, ...]) -> bool:
    answer = session.state.answers.get(session.board.items[row], {}).get(who)
    if answer is None or answer.kind != kinds.LABEL:
        return False
    numbers = {session.state.number(name) for name in names}
    return set(session.state.labels(answer)) == numbers
