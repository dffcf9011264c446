"""From files to a session: the table, its classes, its vectors and its journal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import check_vectors
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder
from modicum.core.records import LabelSpace, Table
from modicum.core.texts import counted, normal_form
from modicum.data.dedup import near_duplicates
from modicum.encoders import encode, encode_table, encoder_for
from modicum.workspace.loop.asking import LoopSettings
from modicum.workspace.loop.forms import Form, form_of
from modicum.workspace.loop.journal import Journal
from modicum.workspace.loop.session import Embed, Session, Task


@dataclass(frozen=True, eq=False)
class Opened:
    """A session, and what its user should know before it begins."""

    session: Session
    notes: tuple[str, ...]


def open_session(
    table: Table,
    declared: LabelSpace | None,
    journal: Path,
    *,
    source: str | Encoder | NDArray[np.floating] | None = None,
    encoded: bool = True,
    threads: int | None = None,
    settings: LoopSettings | None = None,
    progress: Progress = silent,
) -> Opened:
    """Open a table for labelling.

    Args:
        table: Items; labels where there are some.
        declared: Declared classes; classes of the table join them, and more can be added while labelling.
        journal: File of the answers; made where it is not there.
        source: Encoder, its name or folder, or precomputed vectors (N, D); default all-MiniLM-L6-v2.
        encoded: Whether vectors are needed; not for a mere export or import.
        threads: Threads for encoding.
        settings: What may be turned.
        progress: Called while texts are encoded.

    Raises:
        InputError: The journal is no journal or in use, or vectors or encoder do not fit.
    """
    space, notes = all_classes(table, declared, form_of(table))
    opened = Journal.open(journal)
    try:
        X, embed = _vectors(table, source, threads, progress) if encoded else _none(table)
        groups = near_duplicates(table.texts) if encoded else None
        session = Session(Task(table, space, X, embed, groups), opened, settings)
        session.settle()
    except BaseException:
        opened.close()
        raise
    return Opened(session, (*notes, *_journal_notes(session, declared)))


def _vectors(
    table: Table, source: str | Encoder | NDArray[np.floating] | None, threads: int | None, progress: Progress
) -> tuple[NDArray[np.floating], Embed | None]:
    if isinstance(source, np.ndarray):
        return check_vectors(source, rows=len(table)), None
    table = replace(table, images=None)  # answers are for texts, be they names of files
    found = encoder_for(table, source, threads=threads)
    return encode_table(table, found, progress=progress), partial(encode, encoder=found)


def _none(table: Table) -> tuple[NDArray[np.floating], None]:
    return np.zeros((len(table), 0), dtype=np.float32), None


def all_classes(table: Table, declared: LabelSpace | None, form: Form) -> tuple[LabelSpace, list[str]]:
    """Declared classes and then those that only the table has, with notes on what does not fit together.

    Raises:
        InputError: A declared name cannot be told in a label of the table.
    """
    known = declared or LabelSpace(())
    for name in known.names:
        form.check_name(name)
    given = [form.parts(label) for label in table.labels if label is not None]
    extra = sorted({name for names in given for name in names} - set(known.names))
    notes = []
    if extra and declared is not None:
        rows = sum(not known.index.keys() >= set(names) for names in given)
        stand = "stands" if len(extra) == 1 else "stand"
        notes.append(
            f"{_listed(extra)} {stand} in {counted(rows, 'row')} of {table.source} but not in the class file; added. "
            "Merge or rename on the page what is a slip."
        )
    names = (*known.names, *extra)
    forms: dict[str, str] = {}
    for name in names:
        other = forms.setdefault(normal_form(name), name)
        if other != name:
            notes.append(f"The classes {other!r} and {name!r} differ only by case or blanks; merge them on the page.")
    descriptions = (*known.descriptions, *[""] * len(extra)) if known.descriptions else ()
    return LabelSpace(names, descriptions), notes


def _journal_notes(session: Session, declared: LabelSpace | None) -> list[str]:
    journal, notes = session.journal, []
    if journal.torn:
        notes.append(
            f"{journal.path} ended in the middle of a line ({journal.torn} bytes), as after a power cut or a kill; the "
            "torn line was cut off. No answer that the page had confirmed is lost."
        )
    changed = session.matched.told()
    if changed:
        notes.append(changed)
    gone = _left_out(session)
    if declared is not None and gone:
        notes.append(f"{_listed(gone)}: in the journal, but no longer in the class file; kept, as there are answers.")
    return notes


def _left_out(session: Session) -> list[str]:
    """Classes with answers that the class file or the table held once, and neither holds now."""
    state, used = session.state, session.board.counts()
    once = {state.meant(name) for name in state.opened} - {state.meant(name) for name in session.task.space.names}
    return [name for number, name in state.names.items() if number in once and number in used]


def _listed(names: list[str], most: int = 5) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return f"{'The class' if len(names) == 1 else 'The classes'} {shown}{more}"
