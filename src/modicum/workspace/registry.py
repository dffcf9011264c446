"""All methods, found by walking the rooms' files for cards. Nothing is listed by hand, nothing imported to list it."""

from __future__ import annotations

import ast
import importlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from modicum.core.card import ROOMS, Card
from modicum.core.checks import check_choice

PACKAGE = Path(__file__).parents[1]
CARD = re.compile(r"^CARD = Card\(.*?^\)$", re.MULTILINE | re.DOTALL)


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
        """Return the module's docstring: the card in prose. Nothing is imported."""
        return prose(self.module)


def prose(module: str) -> str:
    """The docstring of a module or package of this one, read from its source."""
    place = PACKAGE.joinpath(*module.split(".")[1:])
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    return ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""


def read_card(source: str) -> Card | None:
    """The card of a module, read from its source without running it; None where it has none.

    Only the card is parsed: all modules together would take a quarter of a second, at the start of `predict`.
    """
    written = CARD.search(source)
    if written is None:
        return None
    match ast.parse(written[0]).body[0]:
        case ast.Assign(value=ast.Call(keywords=told)):
            return Card(**{str(keyword.arg): ast.literal_eval(keyword.value) for keyword in told})
    return None


@cache
def methods() -> tuple[Method, ...]:
    """Return all methods, ordered by room, question and name. No method is imported, however many there are."""
    found = []
    for room in ROOMS:
        for file in sorted((PACKAGE / room).rglob("*.py")):
            card = read_card(file.read_text(encoding="utf-8"))
            if card is not None:
                found.append(Method(card, ".".join((PACKAGE.name, *file.relative_to(PACKAGE).with_suffix("").parts))))
    return tuple(sorted(found, key=lambda m: (ROOMS.index(m.card.room), m.card.question, m.card.name)))


def method(key: str) -> Method:
    """Return the method with this key.

    Raises:
        InputError: No card has it; the nearest is suggested.
    """
    known = {m.key: m for m in methods()}
    return known[check_choice(key, known, "method")]
