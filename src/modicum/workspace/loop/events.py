"""What can happen while a table is labelled, and how one event stands on one line of JSON."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from modicum.core.errors import InputError
from modicum.core.texts import counted

Item = tuple[str, str]
"""An item of the table: its row id, and the hash of its text, so that it is known again in an edited table."""

OPENED, UNDO = "opened", "undo"
LABEL, UNLABEL, SKIP, UNSURE, NOTE = "label", "unlabel", "skip", "unsure", "note"
ADDED, RENAMED, MERGED = "class_added", "class_renamed", "class_merged"
KINDS = (OPENED, LABEL, UNLABEL, SKIP, UNSURE, NOTE, ADDED, RENAMED, MERGED, UNDO)
ADD, REMOVE = "add", "remove"
"""Answers that change the sets of several rows; in the journal they are labels with `Event.sets`."""
RANDOM = "random"
"""Value of `Event.how` for items that chance picked: only these tell the accuracy without bias."""


def item_hash(text: str) -> str:
    """Hash of a text, 16 hex digits.

    Example:
        >>> item_hash("hello") == item_hash("hello"), len(item_hash(""))
        (True, 16)
    """
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


@dataclass(frozen=True)
class Event:
    """One thing that somebody did."""

    kind: str
    """One of `KINDS`."""
    who: str = ""
    """Name of the annotator."""
    at: str = ""
    """Time in UTC, ISO 8601."""
    items: tuple[Item, ...] = ()
    """Items it is about; several where a whole group was answered at once."""
    classes: tuple[str, ...] = ()
    """Names of classes: the label; the set of labels, where a row may have several, empty for none of them; the classes
    there were when the journal was opened; the added class; the old name and the new; the merged classes and, last,
    the one that they became. Where there are `sets`, the label that was added or removed."""
    sets: tuple[tuple[str, ...], ...] = ()
    """The set of labels of each item, where one answer left items with different ones."""
    text: str = ""
    """A note, the description of an added class, or the table that was opened."""
    how: str = ""
    """How the items came up: `random`, the key of a query, `overlap`, `skip`, `batch`, `map`, `review`, `disagreement`,
    `import`."""
    model: int = 0
    """Version of the model whose suggestions were shown; 0 for none."""
    of: int = 0
    """Number of the event that is undone."""
    final: bool = False
    """Whether it settles a disagreement: earlier answers of others no longer count."""
    request: str = ""
    """Mark of the request that told of it, so that a request sent twice is done once."""
    n: int = field(default=0)
    """Number of the event, from 1; the journal gives it."""

    def told(self) -> Iterator[tuple[Item, tuple[str, ...]]]:
        """Each item with the names that it was given."""
        yield from zip(self.items, self.sets or (self.classes,) * len(self.items), strict=True)

    def to_line(self) -> bytes:
        """The event as a line of JSON, fields at their default left out. It always begins with `{"n":`."""
        told: dict[str, Any] = {"n": self.n, "kind": self.kind}
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name not in told and value != each.default:
                told[each.name] = value
        return json.dumps(told, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


_NAMED = {ADDED: (1, 1), RENAMED: (2, 2), MERGED: (2, sys.maxsize)}
"""Fewest and most classes that a change of classes names."""
_TEXTS, _NUMBERS = ("kind", "who", "at", "text", "how", "request"), ("n", "model", "of")


def read_event(line: bytes) -> Event:
    """The event of a line.

    Raises:
        InputError: The line is no event; the sentence says what is wrong with it, not where it stands.
    """
    try:
        told = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError("it is not JSON") from error
    if not isinstance(told, dict):
        raise InputError("it is not a JSON object")
    known = {each.name for each in fields(Event)}
    unknown = sorted(set(told) - known)
    if unknown:
        raise InputError(f"the key {unknown[0]!r} is not known")
    if told.get("kind") not in KINDS:
        raise InputError(f"the kind {told.get('kind')!r} is not known")
    wrong = next((key for key, value in told.items() if not _fits(key, value)), None)
    if wrong is not None:
        raise InputError(f"the value of {wrong!r} is of the wrong type")
    items = tuple((str(a), str(b)) for a, b in told.pop("items", ()))
    sets = tuple(map(tuple, told.pop("sets", ())))
    if sets and len(sets) != len(items):
        raise InputError(f"it holds {len(sets)} sets of labels for {len(items)} items")
    classes = tuple(told.get("classes", ()))
    least, most = _NAMED.get(told["kind"], (0, len(classes)))
    if not least <= len(classes) <= most:
        raise InputError(f"an event {told['kind']!r} cannot name {counted(len(classes), 'class', 'classes')}")
    return Event(**told | {"items": items, "sets": sets, "classes": classes})


def _fits(key: str, value: Any) -> bool:
    if key in _TEXTS:
        return isinstance(value, str)
    if key in _NUMBERS:
        return isinstance(value, int) and not isinstance(value, bool)
    if key == "final":
        return isinstance(value, bool)
    if not isinstance(value, list):
        return False
    if key in ("items", "sets"):
        lists = all(isinstance(v, list) and all(isinstance(part, str) for part in v) for v in value)
        return lists and (key == "sets" or all(len(v) == 2 for v in value))
    return all(isinstance(v, str) for v in value)


def now() -> str:
    """The time in UTC, ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
