"""Readers of a feed: accounts, likes, tags and notes, and what is wanted by mail. Each sees its own alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modicum.core.lazy import lazy_names

if TYPE_CHECKING:
    from modicum.workspace.feed.readers.addresses import check_email
    from modicum.workspace.feed.readers.exporting import export
    from modicum.workspace.feed.readers.marks import Mark, Marks
    from modicum.workspace.feed.readers.store import Rates, Reader, Readers, TooOften
    from modicum.workspace.feed.readers.subscriptions import (
        Subscription,
        Subscriptions,
        ending_of,
        ending_token,
        unsubscribe,
    )

_NAMES = {
    "Mark": "modicum.workspace.feed.readers.marks",
    "Marks": "modicum.workspace.feed.readers.marks",
    "Rates": "modicum.workspace.feed.readers.store",
    "Reader": "modicum.workspace.feed.readers.store",
    "Readers": "modicum.workspace.feed.readers.store",
    "Subscription": "modicum.workspace.feed.readers.subscriptions",
    "Subscriptions": "modicum.workspace.feed.readers.subscriptions",
    "TooOften": "modicum.workspace.feed.readers.store",
    "check_email": "modicum.workspace.feed.readers.addresses",
    "ending_of": "modicum.workspace.feed.readers.subscriptions",
    "ending_token": "modicum.workspace.feed.readers.subscriptions",
    "export": "modicum.workspace.feed.readers.exporting",
    "unsubscribe": "modicum.workspace.feed.readers.subscriptions",
}

__all__ = [
    "Mark",
    "Marks",
    "Rates",
    "Reader",
    "Readers",
    "Subscription",
    "Subscriptions",
    "TooOften",
    "check_email",
    "ending_of",
    "ending_token",
    "export",
    "unsubscribe",
]

__getattr__ = lazy_names(__name__, _NAMES)
