"""What every room stands on: records, protocols, cards, checks and a little array maths. Imports no other room."""

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder, Executor
from modicum.core.records import LabelSpace, Table, Vectors

__all__ = [
    "Card",
    "Encoder",
    "Executor",
    "InputError",
    "LabelSpace",
    "Progress",
    "Table",
    "Vectors",
    "silent",
]
