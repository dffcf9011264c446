"""What every source of papers is read into: one record, cleaned of what no reader should store."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

from modicum.data.read.feeds.identifiers import identifiers_in

TITLE, ABSTRACT, ADDRESS, NAMES, TAGS = 1_000, 20_000, 2_000, 1_000, 50
"""Letters of a title, an abstract and an address that are kept, authors, and tags."""
MOST = 1 << 40
"""Votes that are believed."""
OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Signs that make a text read other than it is written."""
EARLIEST = 1500


@dataclass(frozen=True)
class Entry:
    """One paper as one source tells of it. All texts are plain: no mark-up, no control signs."""

    key: str
    """Its name within the source, the same at every reading."""
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    date: str | None = None
    """In ISO form, as exact as it is told: `2024`, `2024-05`, `2024-05-31` or `2024-05-31T08:00:00Z`."""
    url: str | None = None
    """Of http or https."""
    identifiers: tuple[str, ...] = ()
    """Such as `arxiv:2305.00001` and `doi:10.1/x`, in order."""
    votes: int | None = None
    mentions: int | None = None
    tags: tuple[str, ...] = ()
    source: str = ""
    """File or address it was read from."""


def make_entry(told: Mapping[str, Any], source: str, key: str | None = None) -> Entry | None:
    r"""An entry of what a reader found under the names of its fields; None without a title.

    Args:
        told: Fields of an entry as they were found; `identifiers` and `url` may be texts that hold identifiers.
        source: File or address.
        key: The source's own name for it; default the first identifier, else a digest of title and address.

    Example:
        >>> told = {"title": "On\n rows", "url": "https://arxiv.org/abs/2305.00001v2", "date": "2 May 2023 08:00 GMT"}
        >>> entry = make_entry(told, "a")
        >>> entry.title, entry.key, entry.date
        ('On rows', 'arxiv:2305.00001', '2023-05-02T08:00:00Z')
    """
    title = plain(told.get("title"), TITLE)
    if not title:
        return None
    url = web_address(told.get("url"))
    found = identifiers_in([*_listed(told.get("identifiers")), url or ""])
    digest = blake2b(f"{title.casefold()}\n{url or ''}".encode(), digest_size=12).hexdigest()
    # A key with a number of arXiv's names a version, which is no paper of its own.
    numbered = identifiers_in([key])
    name = numbered[0] if numbered else plain(key, ADDRESS) or (found[0] if found else digest)
    return Entry(
        name,
        title,
        plain(told.get("abstract"), ABSTRACT),
        _texts(told.get("authors"), NAMES),
        iso_date(told.get("date")),
        url,
        found,
        _count(told.get("votes")),
        _count(told.get("mentions")),
        _texts(told.get("tags"), TAGS),
        source,
    )


def plain(value: Any, most: int) -> str:
    """A text in one line, without control signs, at most so long; empty for what is no text."""
    if not isinstance(value, (str, int, float)):
        return ""
    text = unicodedata.normalize("NFC", str(value)[: 4 * most])
    kept = (sign if unicodedata.category(sign) not in ("Cc", "Cs") else " " for sign in text if sign not in OVERRIDES)
    return " ".join("".join(kept).split())[:most].strip()


def web_address(value: Any) -> str | None:
    """An address of http or https; None for any other, such as `javascript:`."""
    text = plain(value, ADDRESS)
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return text if parts.scheme.lower() in ("http", "https") and parts.netloc and " " not in text else None


def iso_date(value: Any) -> str | None:
    """A date in ISO form, as exact as it is told; None for what is no date.

    Example:
        >>> iso_date("2023/5"), iso_date("2023-05-02T10:00:00+02:00"), iso_date("soon")
        ('2023-05', '2023-05-02T08:00:00Z', None)
    """
    try:
        if isinstance(value, time.struct_time):
            return _moment(datetime(*value[:6], tzinfo=UTC))
        if isinstance(value, datetime):
            return _moment(value)
        if isinstance(value, date):
            return value.isoformat()
        text = plain(value, 100)
        short = re.fullmatch(r"(\d{4})(?:[-/](\d{1,2}))?(?:[-/](\d{1,2}))?/*", text)
        if short:
            return _short(*(int(part) if part else None for part in short.groups()))
        return _moment(datetime.fromisoformat(text) if re.match(r"\d{4}-", text) else parsedate_to_datetime(text))
    except (ValueError, OverflowError, TypeError):
        return None


def _short(year: int | None, month: int | None = None, day: int | None = None) -> str | None:
    whole = date(year or 0, month or 1, day or 1).isoformat()
    return whole[: 10 if day else 7 if month else 4] if (year or 0) >= EARLIEST else None


def _moment(found: datetime) -> str | None:
    if found.year < EARLIEST:
        return None
    known = found if found.tzinfo else found.replace(tzinfo=UTC)
    return known.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _count(value: Any) -> int | None:
    try:
        number = int(float(value)) if not isinstance(value, bool) else None
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number is not None and 0 <= number <= MOST else None


def _listed(value: Any) -> list[Any]:
    return [] if value is None else [value] if isinstance(value, str) or not isinstance(value, Iterable) else [*value]


def _texts(value: Any, most: int) -> tuple[str, ...]:
    texts = (plain(one, TITLE) for one in _listed(value)[:most])
    return tuple(dict.fromkeys(text for text in texts if text))
