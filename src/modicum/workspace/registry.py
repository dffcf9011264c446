"""All methods, found by walking the rooms for cards. Nothing is listed by hand."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from modicum.core.card import ROOMS, Card
from modicum.core.checks import check_choice


@dataclass(frozen=True)
class Method:
    """A card and the module it was found in."""

    card: Card
    module: str

    @property
    def key(self) -> str:
        """`room.Name`, unique: what recipes and bundles write."""
        return f"{self.card.room}.{self.card.name}"

    def load(self) -> Any:
        """Return the class or function the card names."""
        return getattr(importlib.import_module(self.module), self.card.name)

    def prose(self) -> str:
        """Return the module's docstring: the card in prose."""
        return importlib.import_module(self.module).__doc__ or ""


def _modules() -> Iterator[str]:
    for room in ROOMS:
        package = f"modicum.{room}"
        if importlib.util.find_spec(package) is None:
            continue
        yield from (m.name for m in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."))


@cache
def methods() -> tuple[Method, ...]:
    """Return all methods, ordered by room, question and name."""
    found = []
    for name in _modules():
        card = getattr(importlib.import_module(name), "CARD", None)
        if isinstance(card, Card):
            found.append(Method(card, name))
    return tuple(sorted(found, key=lambda m: (ROOMS.index(m.card.room), m.card.question, m.card.name)))


def method(key: str) -> Method:
    """Return the method with this key.

    Raises:
        InputError: No card has it; the nearest is suggested.
    """
    known = {m.key: m for m in methods()}
    return known[check_choice(key, known, "method")]
