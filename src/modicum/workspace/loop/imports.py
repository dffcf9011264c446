"""Labels from elsewhere: lists of text and label, and the JSON of Label Studio and of Argilla."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modicum.core.errors import InputError
from modicum.workspace.loop import events as kinds
from modicum.workspace.loop.events import Event, item_hash
from modicum.workspace.loop.session import Session, now

LABELS = ("label", "labels", "category", "class", "annotation")
"""Keys of a label in a plain list."""


@dataclass(frozen=True)
class Foreign:
    """One label from elsewhere."""

    text: str
    label: str
    who: str = ""


@dataclass(frozen=True)
class Imported:
    """What an import brought."""

    labels: int
    new_classes: tuple[str, ...]
    unmatched: int
    """Labels for texts that the table does not have."""
    repeated: int
    """Labels that the journal has already."""


def read_foreign(path: Path, text_column: str = "text") -> list[Foreign]:
    """Read labels from JSON, JSONL or CSV.

    Entries may be `{"text": ..., "label": ...}`, tasks of Label Studio (JSON or JSON-MIN) or records of Argilla
    (versions 1 and 2). Several annotations of one text are several labels; cancelled and discarded ones are left out.

    Raises:
        InputError: The file cannot be read, or no entry holds a label.
    """
    entries = _entries(path)
    found: list[Foreign] = []
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, Mapping):
            raise InputError(f"{path}, entry {number} is {type(entry).__name__}, not an object with a text and a label")
        found.extend(_labels_of(entry, text_column))
    if not found:
        raise InputError(
            f"{path} holds no label: {len(entries):,} entries, none with a text and a label, annotations or responses"
        )
    return found


def import_labels(session: Session, foreign: Iterable[Foreign], source: str) -> Imported:
    """Add labels from elsewhere to the journal, one event per class and annotator; texts tell the rows."""
    rows: dict[str, list[int]] = {}
    for row, item in enumerate(session.board.items):
        rows.setdefault(item[1], []).append(row)
    told: dict[tuple[str, str], list[int]] = {}
    unmatched = repeated = labels = 0
    for each in foreign:
        places = rows.get(item_hash(each.text), [])
        unmatched += not places
        who = each.who or source
        for row in places:
            if _says(session, row, who, each.label):
                repeated += 1
                continue
            told.setdefault((who, each.label), []).append(row)
            labels += 1
    new = tuple(sorted({label for _, label in told if session.state.number(label) is None}))
    for (who, label), places in told.items():
        items = tuple(session.board.items[row] for row in dict.fromkeys(places))
        session.write(Event(kinds.LABEL, who, now(), items, (label,), how="import"))
    with session.lock:
        session.board.refresh(session.state)
    return Imported(labels, new, unmatched, repeated)


def _says(session: Session, row: int, who: str, label: str) -> bool:
    answer = session.state.answers.get(session.board.items[row], {}).get(who)
    number = session.state.number(label)
    return answer is not None and answer.kind == kinds.LABEL and session.state.labels(answer) == (number,)


def _entries(path: Path) -> list[Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() == ".csv":
            return list(csv.DictReader(text.splitlines()))
        if path.suffix.lower() == ".jsonl":
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        found = json.loads(text)
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{path} cannot be read ({error}); give JSON, JSONL or CSV") from error
    if isinstance(found, Mapping):
        found = next((found[key] for key in ("records", "tasks", "data") if isinstance(found.get(key), list)), found)
    if not isinstance(found, list):
        raise InputError(f"{path} must be a list of objects, each with a text and a label")
    return found


def _labels_of(entry: Mapping[str, Any], text_column: str) -> Iterator[Foreign]:
    fields = next((entry[key] for key in ("data", "fields", "inputs") if isinstance(entry.get(key), Mapping)), entry)
    text = _text(fields, text_column)
    if text is None:
        return
    if isinstance(entry.get("annotations"), list):
        yield from _label_studio(entry["annotations"], text)
    elif entry.get("responses"):
        yield from _argilla(entry["responses"], text)
    elif any(key.endswith(".responses") for key in entry):
        yield from _argilla_columns(entry, text)
    else:
        yield from _plain(entry, text, text_column)


def _text(fields: Mapping[str, Any], text_column: str) -> str | None:
    """The text: under the column's own name, else under `text`, else the only string there is."""
    named = next((fields[key] for key in (text_column, "text") if isinstance(fields.get(key), str)), None)
    strings = [value for value in fields.values() if isinstance(value, str)]
    return named if named is not None else strings[0] if len(strings) == 1 else None


def _label_studio(annotations: list[Any], text: str) -> Iterator[Foreign]:
    for annotation in annotations:
        if not isinstance(annotation, Mapping) or annotation.get("was_cancelled"):
            continue
        by = annotation.get("completed_by")
        who = by.get("email") or by.get("id") if isinstance(by, Mapping) else by
        for result in annotation.get("result") or ():
            chosen = result.get("value", {}).get("choices") if isinstance(result, Mapping) else None
            if chosen:
                yield Foreign(text, str(chosen[0]).strip(), "" if who is None else str(who))


def _argilla(responses: Any, text: str) -> Iterator[Foreign]:
    """Responses of version 2, by question, and of version 1 with feedback, as a list with `values`."""
    if isinstance(responses, Mapping):
        given = [answer for answers in responses.values() if isinstance(answers, list) for answer in answers]
    else:
        given = [
            {"value": value.get("value"), "user_id": answer.get("user_id"), "status": answer.get("status")}
            for answer in responses
            for value in (answer.get("values") or {}).values()
        ]
    for answer in given:
        if isinstance(answer, Mapping) and isinstance(answer.get("value"), str) and answer.get("status") != "discarded":
            yield Foreign(text, answer["value"].strip(), str(answer.get("user_id") or ""))


def _argilla_columns(entry: Mapping[str, Any], text: str) -> Iterator[Foreign]:
    """Records of version 2 as a flat table: `label.responses`, `label.responses.users`, `label.responses.status`."""
    for key, values in entry.items():
        if key.endswith(".responses") and isinstance(values, list):
            people = entry.get(f"{key}.users") or [""] * len(values)
            states = entry.get(f"{key}.status") or ["submitted"] * len(values)
            for value, who, state in zip(values, people, states, strict=False):
                if isinstance(value, str) and state != "discarded":
                    yield Foreign(text, value.strip(), str(who or ""))


def _plain(entry: Mapping[str, Any], text: str, text_column: str) -> Iterator[Foreign]:
    key = next((key for key in LABELS if entry.get(key) not in (None, "", [])), None)
    if key is None:
        # JSON-MIN of Label Studio names the label after the question.
        known = {text_column, "text", "id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time"}
        others = [k for k, value in entry.items() if k not in known and isinstance(value, str) and value != text]
        key = others[0] if len(others) == 1 else None
    value = entry.get(key) if key else None
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    if isinstance(value, Mapping):
        value = (value.get("choices") or [value.get("value")])[0]
    if isinstance(value, (str, int)) and str(value).strip():
        who = entry.get("annotator") or entry.get("annotation_agent") or ""
        yield Foreign(text, str(value).strip(), str(who))
