"""Which row of the table does an answer belong to? Tables change between two sessions; texts tell rows apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from modicum.core.texts import counted
from modicum.workspace.loop.events import Event, Item, item_hash


@dataclass(frozen=True)
class Matched:
    """How the items of a journal were found in the table of today."""

    same: int
    """Items that stand where they stood."""
    moved: int
    """Items under another row id, found by their text."""
    edited: int
    """Items whose row id now holds another text: their answers stay in the journal and are not used."""
    gone: int
    """Items that are not in the table at all."""

    def told(self) -> str | None:
        """A sentence where the table has changed; None where it has not."""
        if not self.moved + self.edited + self.gone:
            return None
        parts = [
            f"{counted(count, 'item')} {words}"
            for count, words in (
                (self.moved, "found by text under another row id"),
                (self.edited, "whose text was edited"),
                (self.gone, "no longer in the table"),
            )
            if count
        ]
        lost = self.edited + self.gone
        kept = " The answers to these stay in the journal and are not used." if lost and not self.moved else ""
        kept = kept or (" Answers to edited and missing items stay in the journal and are not used." if lost else "")
        return f"The table has changed since it was labelled: {', '.join(parts)}.{kept}"


def items_of(ids: Sequence[str], texts: Sequence[str]) -> list[Item]:
    """The items of a table, one per row."""
    return [(id, item_hash(text)) for id, text in zip(ids, texts, strict=True)]


def rebind(events: Iterable[Event], rows: Sequence[Item]) -> tuple[list[Event], Matched]:
    """The events with every item under the name it has in the table of today.

    An item is the same where id and text are the same; else a row with the same text takes its place, each row once
    as long as there are enough of them; else it stays what it was, an item that no row stands for.
    """
    told, there = list(events), set(rows)
    named = list(dict.fromkeys(item for event in told for item in event.items))
    ids = {id for id, _ in rows}
    free: dict[str, list[Item]] = defaultdict(list)
    taken = {item for item in named if item in there}
    for item in reversed(rows):
        if item not in taken:
            free[item[1]].append(item)
    any_row = {item[1]: item for item in reversed(rows)}
    new: dict[Item, Item] = {}
    for item in named:
        if item not in there and item[1] in any_row:
            new[item] = free[item[1]].pop() if free[item[1]] else any_row[item[1]]
    lost = [item for item in named if item not in there and item not in new]
    edited = sum(item[0] in ids for item in lost)
    matched = Matched(len(taken), len(new), edited, len(lost) - edited)
    if not new:
        return told, matched
    return [_rebound(event, new) for event in told], matched


def _rebound(event: Event, new: Mapping[Item, Item]) -> Event:
    named = {new.get(item, item): names for item, names in event.told()}
    return replace(event, items=tuple(named), sets=tuple(named.values()) if event.sets else ())
