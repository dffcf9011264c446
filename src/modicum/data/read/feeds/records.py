"""Rows of JSON, JSON lines and CSV: arXiv's bulk metadata, daily papers, and tables whose columns say what they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

from modicum.core.errors import InputError
from modicum.core.json_files import parse_json
from modicum.data.read.feeds.entry import Entry, make_entry
from modicum.data.read.feeds.text import decoded
from modicum.data.read.sources import batches

ROWS = 2_000
NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "title": ("title", "name", "headline"),
        "abstract": ("abstract", "summary", "description", "text", "content_text"),
        "authors": ("authors_parsed", "authors", "author", "creators"),
        "date": (
            "date",
            "published",
            "published_at",
            "publishedat",
            "date_published",
            "created",
            "update_date",
            "year",
        ),
        "url": ("url", "link", "html_url", "external_url"),
        "votes": ("votes", "upvotes", "likes", "score", "points", "stars"),
        "mentions": ("mentions", "comments", "numcomments", "num_comments", "citations"),
        "tags": ("tags", "categories", "keywords", "topics"),
    }
)
"""Names that a field goes by, the most telling first; letters may be large."""
IDENTIFIERS = ("doi", "arxiv", "arxiv_id", "arxivid", "eprint", "pdf", "pdf_url")
KEYS = ("id", "key", "guid", "arxiv_id", "doi")


def table_entries(file: Path, source: str, *, skip: int = 0) -> Iterator[list[Entry]]:
    """Entries of JSON lines, CSV, TSV or Parquet in runs, as many runs as it takes; files need not fit into memory.

    Args:
        file: The table; `.gz` where it is text.
        source: Its name.
        skip: Runs that were read before; they are passed over.

    Raises:
        InputError: The file is broken, or has no column of titles.
    """
    for part in islice(batches(file, ROWS), skip, None):
        columns = {name.lower() for name in part.column_names}
        if part.num_rows and not columns & {*NAMES["title"], "paper"}:
            raise InputError(f"{source} has no column of titles; name one of its columns 'title'")
        yield [entry for row in part.to_pylist() if (entry := row_entry(row, source)) is not None]


def json_entries(data: bytes, source: str, *, declared: str | None = None) -> Iterator[Entry]:
    """Entries of a JSON document: a list of rows, an object that holds one (as daily papers and JSON Feed), or lines.

    Raises:
        InputError: It is not JSON, or holds no list of rows.
    """
    text = decoded(data, declared)
    try:
        try:
            found = parse_json(text)
        except json.JSONDecodeError:
            found = [parse_json(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise InputError(f"{source} is not JSON ({type(error).__name__}); check that the file is whole") from error
    if isinstance(found, dict):
        lists = [value for value in found.values() if isinstance(value, list)]
        found = max(lists, key=len, default=[found] if "title" in found else None)
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise InputError(f'{source} must hold a list of papers like [{{"title": ...}}]')
    for row in found:
        entry = row_entry(row, source)
        if entry is not None:
            yield entry


def row_entry(row: Mapping[str, Any], source: str) -> Entry | None:
    """An entry of a row; None where it has no title.

    Example:
        >>> row = {"paper": {"id": "2305.00001", "title": "On rows", "upvotes": 7}, "numComments": 2}
        >>> entry = row_entry(row, "daily.json")
        >>> entry.identifiers, entry.votes, entry.mentions
        (('arxiv:2305.00001',), 7, 2)
    """
    paper = row.get("paper")
    flat = {**row, **paper} if isinstance(paper, Mapping) else row
    told = {str(name).lower(): value for name, value in flat.items() if value is not None}
    fields: dict[str, Any] = {name: _first(told, names) for name, names in NAMES.items()}
    own = _first(told, KEYS)
    fields["authors"] = _names(fields["authors"])
    if isinstance(fields["tags"], str):
        fields["tags"] = re.split(r"\s*[,;|]\s*|\s+", fields["tags"])
    versions = told.get("versions")
    if isinstance(versions, list) and versions and isinstance(versions[0], Mapping):
        fields["date"] = versions[0].get("created") or fields["date"]
    fields["identifiers"] = [*(told.get(name) for name in IDENTIFIERS), own]
    return make_entry(fields, source, str(own) if isinstance(own, (str, int)) else None)


def _first(told: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((told[name] for name in names if told.get(name) not in (None, "", [])), None)


def _names(value: Any) -> list[str]:
    """Authors of a text, of names, of objects with names, or of arXiv's lists of family and given name."""
    if isinstance(value, str):
        parts = re.split(r"\s*;\s*", value) if ";" in value else re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", value)
        return [part for part in parts if part]
    found = []
    for one in value if isinstance(value, list) else ():
        if isinstance(one, Mapping):
            found.append(str(one.get("name") or one.get("fullname") or ""))
        elif isinstance(one, list):
            family, given, *_ = [*(str(part) for part in one), "", ""]
            found.append(f"{given} {family}".strip())
        else:
            found.append(str(one))
    return found
