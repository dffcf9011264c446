"""Files of labels from elsewhere: lists of text and label, and the JSON of Label Studio and of Argilla."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modicum.core.errors import InputError
from modicum.core.json_files import parse_json
from modicum.core.texts import counted

LABELS = ("label", "labels", "category", "class", "annotation")
"""Keys of a label in a plain list."""
NO_LABELS = ("text", "id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time")
"""Keys beside the label in JSON-MIN of Label Studio."""


@dataclass(frozen=True)
class Foreign:
    """One answer from elsewhere."""

    text: str
    labels: tuple[str, ...]
    """Labels that were given at once; empty where it was said that none fits."""
    who: str = ""
    whole: bool = False
    """Whether the label is a string that may hold several, as a cell of a table does."""


def read_foreign(path: Path, text_column: str = "text") -> list[Foreign]:
    """Read labels from JSON, JSONL or CSV.

    Entries may be `{"text": ..., "label": ...}`, with a list for several labels, tasks of Label Studio (JSON or
    JSON-MIN) or records of Argilla (versions 1 and 2), with choices of several. Several annotations of one text are
    several answers; cancelled and discarded ones are left out.

    Raises:
        InputError: The file cannot be read, or no entry holds a label.
    """
    entries = _entries(path)
    found: list[Foreign] = []
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, Mapping):
            raise InputError(
                f"{path}, entry {number} is {type(entry).__name__}, not an object; write one with a text and a label"
            )
        found.extend(_labels_of(entry, text_column))
    if not any(each.labels for each in found):
        raise InputError(
            f"{path} holds no label: {counted(len(entries), 'entry', 'entries')}, none with a text and a label, "
            "annotations or responses; give such a file"
        )
    return found


def _entries(path: Path) -> list[Any]:
    try:
        # Line ends as they are: a text in quotes may hold some, and is the same text only with the same ones.
        with path.open(encoding="utf-8-sig", newline="") as stream:
            text = stream.read()
        if path.suffix.lower() == ".csv":
            return _csv_rows(text, path)
        if path.suffix.lower() == ".jsonl":
            return [parse_json(line) for line in text.split("\n") if line.strip()]
        found = parse_json(text)
    except InputError:
        raise
    except (OSError, ValueError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path} cannot be read ({reason}); give JSON, JSONL or CSV") from error
    if isinstance(found, Mapping):
        found = next((found[key] for key in ("records", "tasks", "data") if isinstance(found.get(key), list)), found)
    if not isinstance(found, list):
        raise InputError(f"{path} must be a list of objects, each with a text and a label")
    return found


def _csv_rows(text: str, path: Path) -> list[dict[str, str]]:
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    wrong = next((number for number, row in enumerate(rows, start=1) if None in row), None)
    if wrong is not None:
        raise InputError(
            f"{path}, row {wrong} has more cells than the header has names; put texts with commas in quotes"
        )
    return rows


def _labels_of(entry: Mapping[str, Any], text_column: str) -> Iterator[Foreign]:
    fields = next((entry[key] for key in ("data", "fields", "inputs") if isinstance(entry.get(key), Mapping)), entry)
    text = _text(fields, text_column)
    if text is None:
        return
    if isinstance(entry.get("annotations"), list):
        yield from _label_studio(entry["annotations"], text)
    elif isinstance(entry.get("responses"), (Mapping, list)) and entry["responses"]:
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
        results = annotation.get("result") or ()
        values = [result.get("value") for result in results if isinstance(result, Mapping)]
        chosen = [value.get("choices") if isinstance(value, Mapping) else None for value in values]
        for labels in map(_names, chosen if results else [[]]):
            if labels is not None:
                yield Foreign(text, labels, "" if who is None else str(who))


def _argilla(responses: Any, text: str) -> Iterator[Foreign]:
    """Responses of version 2, by question, and of version 1 with feedback, as a list with `values`."""
    if isinstance(responses, Mapping):
        given = [answer for answers in responses.values() if isinstance(answers, list) for answer in answers]
    else:
        given = [
            {"value": value.get("value"), "user_id": answer.get("user_id"), "status": answer.get("status")}
            for answer in responses
            if isinstance(answer, Mapping) and isinstance(answer.get("values"), Mapping)
            for value in answer["values"].values()
            if isinstance(value, Mapping)
        ]
    for answer in given:
        labels = _names(answer.get("value")) if isinstance(answer, Mapping) else None
        if labels is not None and answer.get("status") != "discarded":
            yield Foreign(text, labels, str(answer.get("user_id") or ""))


def _argilla_columns(entry: Mapping[str, Any], text: str) -> Iterator[Foreign]:
    """Records of version 2 as a flat table: `label.responses`, `label.responses.users`, `label.responses.status`."""
    for key, values in entry.items():
        if key.endswith(".responses") and isinstance(values, list):
            people = entry.get(f"{key}.users") or [""] * len(values)
            states = entry.get(f"{key}.status") or ["submitted"] * len(values)
            for value, who, state in zip(values, people, states, strict=False):
                labels = _names(value)
                if labels is not None and state != "discarded":
                    yield Foreign(text, labels, str(who or ""))


def _plain(entry: Mapping[str, Any], text: str, text_column: str) -> Iterator[Foreign]:
    key = next((key for key in LABELS if entry.get(key) not in (None, "", [])), None)
    key = key or next((key for key in LABELS if entry.get(key) == []), None)
    if key is None:
        # JSON-MIN of Label Studio names the label after the question.
        others = {k: value for k, value in entry.items() if k not in (text_column, *NO_LABELS) and value != text}
        strings = [k for k, value in others.items() if isinstance(value, str)]
        found = strings or [k for k, value in others.items() if _names(_unwrapped(value)) is not None]
        key = found[0] if len(found) == 1 else None
    value = _unwrapped(entry.get(key)) if key else None
    labels = _names(value)
    if labels is not None:
        who = entry.get("annotator") or entry.get("annotation_agent") or ""
        yield Foreign(text, labels, str(who), not isinstance(value, list))


def _unwrapped(value: Any) -> Any:
    """What stands in `{"choices": ...}` or `{"value": ...}`, also where that is the only entry of a list."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value.get("choices", value.get("value")) if isinstance(value, Mapping) else value


def _names(value: Any) -> tuple[str, ...] | None:
    """The labels in a string, a number, or a list of these; None where it is something else, or blank."""
    if isinstance(value, list):
        found = [_names(one) for one in value]
        return None if None in found else tuple(name for names in found for name in names or ())
    known = isinstance(value, (str, int)) and not isinstance(value, bool) and str(value).strip()
    return (str(value).strip(),) if known else None
