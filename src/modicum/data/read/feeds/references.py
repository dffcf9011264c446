"""BibTeX by bibtexparser, and RIS by rispy."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any

from modicum.core.errors import InputError
from modicum.data.read.feeds.entry import Entry, make_entry
from modicum.data.read.feeds.libraries import library

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def bibtex_entries(text: str, source: str) -> Iterator[Entry]:
    """Entries of a BibTeX file, their LaTeX decoded; a broken one is left out.

    Raises:
        InputError: There is none that can be read.
    """
    parser = library("bibtexparser")
    # The library tells of every part that it cannot read as a log line; what is left out shows in the numbers.
    logging.getLogger("bibtexparser").setLevel(logging.ERROR)
    logging.getLogger("pylatexenc").setLevel(logging.ERROR)
    try:
        found = parser.parse_string(text, append_middleware=[parser.middlewares.LatexDecodingMiddleware()])
    except (ValueError, KeyError, IndexError, RecursionError) as error:
        raise _broken(source, "BibTeX") from error
    if not found.entries:
        raise _broken(source, "BibTeX")
    for one in found.entries:
        fields = {name.lower(): str(field.value) for name, field in one.fields_dict.items()}
        entry = make_entry(_of_bibtex(fields), source, one.key)
        if entry is not None:
            yield entry


def _of_bibtex(fields: Mapping[str, str]) -> dict[str, Any]:
    names = [_ordered(name) for name in re.split(r"\s+and\s+", fields.get("author", "")) if name.strip()]
    month = fields.get("month", "").strip().lower()
    number = f"{MONTHS.index(month[:3]) + 1}" if month[:3] in MONTHS else month
    date = fields.get("date") or (f"{fields.get('year', '')}-{number}" if number.isdigit() else fields.get("year"))
    return {
        "title": fields.get("title"),
        "abstract": fields.get("abstract"),
        "authors": names,
        "date": date,
        "url": fields.get("url"),
        "identifiers": [fields.get(name, "") for name in ("doi", "eprint", "url")],
        "tags": re.split(r"\s*[,;]\s*", fields.get("keywords", "")),
    }


def ris_entries(text: str, source: str) -> Iterator[Entry]:
    """Entries of a RIS file.

    Raises:
        InputError: It cannot be read, or holds none.
    """
    parser = library("rispy")
    try:
        found = parser.loads(text)
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise _broken(source, "RIS") from error
    if not found:
        raise _broken(source, "RIS")
    for one in found:
        entry = make_entry(_of_ris(one), source, one.get("id"))
        if entry is not None:
            yield entry


def _of_ris(one: Mapping[str, Any]) -> dict[str, Any]:
    names = one.get("authors") or one.get("first_authors") or ()
    return {
        "title": one.get("title") or one.get("primary_title"),
        "abstract": one.get("abstract") or one.get("notes_abstract"),
        "authors": [_ordered(name) for name in names],
        "date": one.get("date") or one.get("year") or one.get("publication_year"),
        "url": next(iter(one.get("urls", ())), None),
        "identifiers": [one.get("doi", ""), *one.get("urls", ())],
        "tags": one.get("keywords", ()),
    }


def _ordered(name: str) -> str:
    """`Family, Given` as `Given Family`."""
    family, comma, given = name.partition(",")
    return f"{given.strip()} {family.strip()}".strip() if comma else name.strip()


def _broken(source: str, kind: str) -> InputError:
    return InputError(f"{source} holds no entry that can be read as {kind}; check that the file is whole")
