"""Items in: tables of every usual kind, class files, and the built-in table."""

from modicum.data.read.builtin import builtin
from modicum.data.read.classes import label_space, read_classes
from modicum.data.read.tables import read, stream
from modicum.data.read.targets import indicators, label_matrix, number_column, numeric_hint, parted

__all__ = [
    "builtin",
    "indicators",
    "label_matrix",
    "label_space",
    "number_column",
    "numeric_hint",
    "parted",
    "read",
    "read_classes",
    "stream",
]
