"""Atom, RSS and the arXiv API, by feedparser; documents that define entities of their own are refused."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from modicum.core.errors import InputError
from modicum.data.read.feeds.entry import Entry, make_entry
from modicum.data.read.feeds.libraries import library
from modicum.data.read.feeds.text import decoded, html_text

_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,1000}\?>")
_SUBSET = re.compile(r"<!DOCTYPE[^>\[]*\[|<!ENTITY", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
HEADERS = {"content-type": "application/atom+xml; charset=utf-8"}


def syndicated_entries(data: bytes, source: str, *, declared: str | None = None) -> Iterator[Entry]:
    """Entries of an Atom or RSS document, in its order.

    Args:
        data: The document.
        source: Its address.
        declared: Encoding told by the server.

    Raises:
        InputError: It is no feed, or it defines entities, which can blow up to any size.
    """
    text = _DECLARATION.sub("", decoded(data, declared).replace("\0", ""), count=1)
    if _SUBSET.search(text):
        raise InputError(f"{source} defines entities of its own, which feeds have no use for; it is not read")
    # As a stream: of a text the library would think that it may be an address.
    stream = io.BytesIO(text.encode("utf-8", "replace"))
    try:
        found = library("feedparser").parse(stream, response_headers=HEADERS)
    except (LookupError, AttributeError, TypeError, ValueError) as error:  # what breaks it is no error to the library
        raise InputError(f"{source} is a feed so broken that it cannot be read; try again, or save it whole") from error
    if not found.entries and not found.get("version"):
        raise InputError(f"{source} is neither Atom nor RSS; give the address of the feed, not of the page about it")
    for one in found.entries:
        entry = make_entry(_fields(one), source, one.get("id") or one.get("link"))
        if entry is not None:
            yield entry


def _fields(one: Mapping[str, Any]) -> dict[str, Any]:
    names = [author.get("name") or "" for author in one.get("authors", ())]
    if len(names) == 1:  # RSS has one field for all of them
        names = re.split(r"\s*[,;]\s*|\s+and\s+", names[0])
    summary = _plain(one.get("summary_detail"))
    content = [_plain(part) for part in one.get("content", ())]
    links = [link.get("href", "") for link in one.get("links", ())]
    return {
        "title": _plain(one.get("title_detail")),
        # arXiv's RSS tells number and kind before the abstract
        "abstract": re.sub(r"^arXiv:\S+.{0,60}?Abstract:\s*", "", summary or max(content, key=len, default="")),
        "authors": names,
        "date": one.get("published_parsed") or (one.get("updated_parsed") if "updated_parsed" in one else None),
        "url": one.get("link"),
        "identifiers": [one.get("id", ""), one.get("arxiv_doi", ""), one.get("prism_doi", ""), *links],
        "mentions": one.get("slash_comments"),
        "tags": [tag.get("term", "") for tag in one.get("tags", ())],
    }


def _plain(detail: Mapping[str, Any] | None) -> str:
    """The text of a part that says whether it is HTML; RSS does not, so that tags tell."""
    value = (detail or {}).get("value") or ""
    marked = "html" in (detail or {}).get("type", "") or _TAG.search(value)
    return html_text(value) if marked else value
