"""The one cycle of labelling: ask, answer, refit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modicum.core.lazy import lazy_names

if TYPE_CHECKING:
    from modicum.workspace.loop import views
    from modicum.workspace.loop.asking import LoopSettings, check_settings
    from modicum.workspace.loop.consensus import agreement, find_consensus
    from modicum.workspace.loop.exchange import export, export_columns, import_labels
    from modicum.workspace.loop.foreign import read_foreign
    from modicum.workspace.loop.journal import Journal, read_journal
    from modicum.workspace.loop.lesson import Teaching
    from modicum.workspace.loop.opening import open_session
    from modicum.workspace.loop.plane import Plane
    from modicum.workspace.loop.replies import Reply
    from modicum.workspace.loop.session import Session, Task
    from modicum.workspace.loop.state import fold
    from modicum.workspace.loop.teacher import Teacher

_NAMES = {
    "Journal": "modicum.workspace.loop.journal",
    "LoopSettings": "modicum.workspace.loop.asking",
    "Plane": "modicum.workspace.loop.plane",
    "Reply": "modicum.workspace.loop.replies",
    "Session": "modicum.workspace.loop.session",
    "Task": "modicum.workspace.loop.session",
    "Teacher": "modicum.workspace.loop.teacher",
    "Teaching": "modicum.workspace.loop.lesson",
    "agreement": "modicum.workspace.loop.consensus",
    "check_settings": "modicum.workspace.loop.asking",
    "find_consensus": "modicum.workspace.loop.consensus",
    "export": "modicum.workspace.loop.exchange",
    "export_columns": "modicum.workspace.loop.exchange",
    "fold": "modicum.workspace.loop.state",
    "import_labels": "modicum.workspace.loop.exchange",
    "open_session": "modicum.workspace.loop.opening",
    "read_foreign": "modicum.workspace.loop.foreign",
    "read_journal": "modicum.workspace.loop.journal",
}

__all__ = [
    "Journal",
    "LoopSettings",
    "Plane",
    "Reply",
    "Session",
    "Task",
    "Teacher",
    "Teaching",
    "agreement",
    "check_settings",
    "export",
    "export_columns",
    "find_consensus",
    "fold",
    "import_labels",
    "open_session",
    "read_foreign",
    "read_journal",
    "views",
]

__getattr__ = lazy_names(__name__, _NAMES, ("views",))
