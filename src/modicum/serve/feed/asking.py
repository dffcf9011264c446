"""What a request asks, checked: parameters of addresses, fields of forms, and where a form leads back to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, HTTPException, Request

from modicum.core.errors import InputError

PAPERS, MOST, PAGES = 20, 100, 5_000
"""Papers of a page, the most that may be asked for, and the last page that is shown."""
TEXT = 500
"""Letters of a query."""
FORM = "application/x-www-form-urlencoded"
"""What a form is sent as."""
FIELDS = 50
"""Fields of a form."""
NAMED = 20
"""Papers that a query may name."""


def whole(told: Mapping[str, str], name: str, default: int, most: int) -> int:
    """A whole number of 1 or more.

    Raises:
        InputError: It is none, or too large.

    Example:
        >>> whole({"page": "2"}, "page", 1, 10)
        2
    """
    said = told.get(name, "").strip()
    if not said:
        return default
    number = int(said) if said.isascii() and said.isdigit() and len(said) < 16 else 0
    if not 1 <= number <= most:
        raise InputError(f"{name} must be a whole number from 1 to {most:,}, not {said[:40]!r}")
    return number


def optional(told: Mapping[str, str], name: str) -> int | None:
    """A number of something, where one is named."""
    return whole(told, name, 0, 1 << 50) or None


def day_in(told: Mapping[str, str], name: str) -> str | None:
    """A day in ISO form, where one is named.

    Raises:
        InputError: It is no day.
    """
    said = told.get(name, "").strip()
    if not said:
        return None
    try:
        return date.fromisoformat(said).isoformat()
    except ValueError as error:
        raise InputError(f"{name} must be a day such as 2024-05-31, not {said[:40]!r}") from error


def text_in(told: Mapping[str, str], name: str) -> str:
    """A text in one line, of `TEXT` letters at most.

    Raises:
        InputError: It is longer.
    """
    said = " ".join(told.get(name, "").split())
    if len(said) > TEXT:
        raise InputError(f"{name} has {len(said):,} letters, and {TEXT:,} are allowed; shorten it")
    return said


def numbers_in(request: Request, name: str) -> tuple[int, ...]:
    """Numbers of papers, each once, in the order in which they are named.

    Raises:
        InputError: One is no number, or there are too many.
    """
    found = [whole({name: said}, name, 0, 1 << 50) for said in request.query_params.getlist(name) if said.strip()]
    if len(found) > NAMED:
        raise InputError(f"a search takes at most {NAMED} papers to be like or unlike, not {len(found)}")
    return tuple(dict.fromkeys(found))


def page_of(request: Request, last: int = PAGES) -> tuple[int, int]:
    """Which page of a list is asked for, and how many papers it has.

    Raises:
        InputError: One is no whole number, or too large.
    """
    return whole(request.query_params, "page", 1, last), whole(request.query_params, "count", PAPERS, MOST)


async def form_of(request: Request) -> dict[str, str]:
    """Fields of a form, the last of each name.

    Raises:
        InputError: There are more than any form of this site has.
        HTTPException: They are sent as something else, of which none would be read.
    """
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != FORM:
        raise HTTPException(415, f"the fields of a form must be sent as {FORM}")
    body = (await request.body()).decode("utf-8", "replace")
    try:
        found = parse_qs(body, keep_blank_values=True, max_num_fields=FIELDS)
    except ValueError as error:
        raise InputError(f"a form has at most {FIELDS} fields") from error
    return {name: values[-1] for name, values in found.items()}


def from_here(request: Request) -> None:
    """Refuse a form of which the browser does not say that it is this site's own; foreign ones never come so far.

    Raises:
        HTTPException: Nothing is said.
    """
    if request.headers.get("origin") is None and request.headers.get("sec-fetch-site") is None:
        raise HTTPException(403, "a form must tell where it comes from; send the header Origin")


Form = Annotated[dict[str, str], Depends(form_of)]
OWN = [Depends(from_here)]
"""Of forms that belong to somebody. In a feed of one reader programs may like, tag and edit, too, and say nothing."""


def way_back(told: Mapping[str, str]) -> str:
    r"""Where a form leads back to: a path of this site, and nothing else.

    Example:
        >>> way_back({"back": "/newest?page=2#a-3"}), way_back({"back": "//evil.org"})
        ('/newest?page=2#a-3', '/')
    """
    said = told.get("back", "")
    plain = said.isprintable() and "\\" not in said and " " not in said and len(said) < 2_000
    return said if plain and said.startswith("/") and not said.startswith("//") else "/"
