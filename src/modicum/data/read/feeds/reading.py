"""Any file or folder of papers: its kind is told by its ending, by what a server said, or by how it begins."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from modicum.core.checks import nearest_name
from modicum.core.errors import InputError
from modicum.data.read.feeds.entry import Entry
from modicum.data.read.feeds.pages import page_entries
from modicum.data.read.feeds.records import json_entries, table_entries
from modicum.data.read.feeds.references import bibtex_entries, ris_entries
from modicum.data.read.feeds.syndication import syndicated_entries
from modicum.data.read.feeds.text import decoded

TABLES = frozenset((".jsonl", ".ndjson", ".csv", ".tsv", ".parquet", ".arrow"))
KINDS = {
    ".xml": "feed", ".atom": "feed", ".rss": "feed", ".rdf": "feed",
    ".json": "json", ".bib": "bibtex", ".bibtex": "bibtex", ".ris": "ris", ".nbib": "ris",
    ".html": "html", ".htm": "html", ".xhtml": "html", ".txt": "text", ".md": "text",
    **dict.fromkeys(TABLES, "table"),
}  # fmt: skip
TYPES = {
    "application/atom+xml": "feed", "application/rss+xml": "feed", "application/xml": "feed", "text/xml": "feed",
    "application/json": "json", "application/feed+json": "json", "text/html": "html",
    "application/x-bibtex": "bibtex", "application/x-research-info-systems": "ris",
}  # fmt: skip
LARGEST = 256 << 20
"""Bytes of a file that is read at once; tables are read in runs, and may be of any size."""
RUN = 500
"""Entries that are handed on together."""


@dataclass(frozen=True)
class Told:
    """What is known of a file beside its name."""

    source: str
    """What its entries shall say that they are from."""
    kind: str | None = None
    """One of the values of `KINDS`; None to find out."""
    encoding: str | None = None
    """What a server says of it."""
    address: str = ""
    """Where it came from, by which links are resolved."""


def read_entries(file: Path, told: Told | None = None, *, skip: int = 0) -> Iterator[list[Entry]]:
    """Entries of a file in runs, the same runs at every reading.

    Args:
        file: Atom, RSS, JSON, JSON lines, CSV, BibTeX, RIS, or a saved page as text or HTML; `.gz` too.
        told: What is known of it; default its name alone.
        skip: Runs that were read before; they are passed over.

    Raises:
        InputError: The file is missing, broken, too large or of no known kind.
    """
    told = told or Told(str(file))
    if not file.is_file():
        there = [path.name for path in file.parent.iterdir()] if file.parent.is_dir() else []
        raise InputError(f"there is no file {file}{nearest_name(file.name, there)}")
    kind = told.kind or KINDS.get(_ending(file))
    if kind == "table" and _ending(file) in TABLES:
        yield from table_entries(file, told.source, skip=skip)
        return
    data = _content(file)
    kind = kind or _kind_of(data)
    entries = _entries(data, kind, told)
    number = 0
    while run := [entry for _, entry in zip(range(RUN), entries, strict=False)]:
        if number >= skip:
            yield run
        number += 1


def papers_files(folder: Path) -> list[Path]:
    """Files of a folder and of those within it that may hold papers, by name; hidden ones are left out.

    Raises:
        InputError: There is none.
    """
    found = sorted(path for path in folder.rglob("*") if _ending(path) in KINDS and path.is_file())
    kept = [path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    if not kept:
        raise InputError(f"{folder} holds no file of a known kind; known endings: {', '.join(KINDS)}")
    return kept


def kind_of_type(content_type: str | None) -> str | None:
    """The kind of what a server declares; None where it says nothing of use, such as `text/plain`."""
    return TYPES.get((content_type or "").split(";")[0].strip().lower())


def _ending(file: Path) -> str:
    endings = [ending.lower() for ending in file.suffixes]
    return (endings[-2] if endings[-1:] == [".gz"] and len(endings) > 1 else endings[-1]) if endings else ""


def _content(file: Path) -> bytes:
    try:
        with gzip.open(file) if file.suffix.lower() == ".gz" else file.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{file} cannot be read ({error}); check that the file is whole") from error
    if len(data) > LARGEST:
        raise InputError(f"{file} is larger than {LARGEST >> 20} MB; papers of that number come as JSON lines or CSV")
    return data


def _kind_of(data: bytes) -> str:
    """The kind of a file by how it begins."""
    head = data[:4096].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if head[:1] in (b"{", b"["):
        return "json"
    if head.startswith(b"<"):
        page = head.startswith(b"<!doctype html") or b"<html" in head
        return "html" if page and b"<rss" not in head and b"<feed" not in head else "feed"
    if head.startswith(b"ty  -"):
        return "ris"
    return "bibtex" if head.startswith((b"@", b"%")) else "text"


def _entries(data: bytes, kind: str, told: Told) -> Iterator[Entry]:
    if kind == "feed":
        return syndicated_entries(data, told.source, declared=told.encoding)
    if kind == "json":
        return json_entries(data, told.source, declared=told.encoding)
    text = decoded(data, told.encoding)
    if kind == "bibtex":
        return bibtex_entries(text, told.source)
    if kind == "ris":
        return ris_entries(text, told.source)
    return page_entries(text, told.source, html=kind == "html", base=told.address)
