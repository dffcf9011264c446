"""`modicum methods`: every method there is, from its card."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

import modicum
from modicum.cli import options
from modicum.cli.console import err, print_json, print_table
from modicum.core.card import ROOMS
from modicum.core.checks import check_choice


def methods(
    room: Annotated[
        str | None, typer.Option("--room", metavar="ROOM", help=f"Only methods of this room: {', '.join(ROOMS)}.")
    ] = None,
    json: options.JSON = False,
) -> None:
    """List the methods, by room and question.

    Example: modicum methods --room heads
    """
    if room is not None:
        check_choice(room, ROOMS, "room")
    cards = [m.card for m in modicum.workspace.methods() if room in (None, m.card.room)]
    if json:
        print_json([asdict(card) for card in cards])
        return
    if not cards:
        err().print(f"the room {room} has no method yet")
        return
    rows = [
        {
            "room": c.room,
            "question": c.question,
            "method": c.name,
            "summary": c.summary,
            "paper": f"{c.paper} ({c.year})",
        }
        for c in cards
    ]
    print_table(rows)
