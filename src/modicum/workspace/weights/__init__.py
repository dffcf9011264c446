"""Encoders whose weights move: models of one start made one. The room of weights is asked by name alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modicum.core.lazy import lazy_names

if TYPE_CHECKING:
    from modicum.workspace.weights.heads import Head, Headed, read_head
    from modicum.workspace.weights.merging import WAYS, MergeSettings, Merging, merge
    from modicum.workspace.weights.models import check_place, encoder_folder

_NAMES = {
    "Head": "modicum.workspace.weights.heads",
    "Headed": "modicum.workspace.weights.heads",
    "WAYS": "modicum.workspace.weights.merging",
    "MergeSettings": "modicum.workspace.weights.merging",
    "Merging": "modicum.workspace.weights.merging",
    "check_place": "modicum.workspace.weights.models",
    "encoder_folder": "modicum.workspace.weights.models",
    "merge": "modicum.workspace.weights.merging",
    "read_head": "modicum.workspace.weights.heads",
}

__all__ = [
    "WAYS",
    "Head",
    "Headed",
    "MergeSettings",
    "Merging",
    "check_place",
    "encoder_folder",
    "merge",
    "read_head",
]

__getattr__ = lazy_names(__name__, _NAMES)
