"""The form of an answer: one label a row, or several."""

from modicum.core.records import Table
from modicum.workspace.loop.forms.form import Form
from modicum.workspace.loop.forms.one import OneLabel
from modicum.workspace.loop.forms.several import SeveralLabels

__all__ = ["Form", "OneLabel", "SeveralLabels", "form_of"]


def form_of(table: Table) -> Form:
    """The form of the answers to a table: several labels a row where it was read so.

    Example:
        >>> form_of(Table(("0",), ("x",), ("a|b",), separator="|")).several
        True
    """
    return OneLabel() if table.separator is None else SeveralLabels(table.separator)
