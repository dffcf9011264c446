"""The methods of the room that answer a question, found by walking."""

from __future__ import annotations

from modicum.workspace.registry import methods


def found(question, kind):
    there = [m.load() for m in methods() if (m.card.room, m.card.question) == ("weights", question)]
    return [made for made in there if issubclass(made, kind)]
