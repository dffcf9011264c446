"""From facts to pages: templates in which every text is escaped, and words for dates, counts and identifiers."""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from modicum.core.texts import counted, printable
from modicum.serve.feed.readable import readable

LINES = 420
"""Letters of an abstract that a list shows at most; the page clips them to three lines."""
NAMES = 6
"""Authors that a list names."""
PLACES = {
    "arxiv": ("arXiv", "https://arxiv.org/abs/"),
    "doi": ("DOI", "https://doi.org/"),
    "openreview": ("OpenReview", "https://openreview.net/forum?id="),
    "acl": ("ACL Anthology", "https://aclanthology.org/"),
}


def rendered(template: str, **told: Any) -> str:
    """A page, or a part of one."""
    return printable(_environment().get_template(template).render(told))


def day_words(day: str, *, weekday: bool = False) -> str:
    """A day in words, as exact as it is told.

    Example:
        >>> day_words("2024-05-31"), day_words("2024-05"), day_words("2024"), day_words("2024-05-31", weekday=True)
        ('31 May 2024', 'May 2024', '2024', 'Friday, 31 May 2024')
    """
    parts = [int(part) for part in day.split("-")]
    found = date(*(*parts, 1, 1)[:3])
    if len(parts) == 1:
        return str(parts[0])
    month = f"{found:%B} {parts[0]}"
    return month if len(parts) == 2 else f"{f'{found:%A}, ' if weekday else ''}{found.day} {month}"


def opening(text: str, most: int = LINES) -> str:
    """The beginning of a text, cut between words.

    Example:
        >>> opening("few labels are enough", 12), opening("few labels", 12)
        ('few labels …', 'few labels')
    """
    if len(text) <= most:
        return text
    return f"{text[:most].rsplit(' ', 1)[0].rstrip(' ,;:')} …"


def authors(names: tuple[str, ...], most: int = NAMES) -> str:
    """Authors in a line, the first ones named.

    Example:
        >>> authors(("A. Gauss", "B. Riemann", "E. Noether"), 2)
        'A. Gauss, B. Riemann and 1 more'
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def place_of(identifier: str) -> tuple[str, str | None]:
    """What to call an identifier, and where it leads; None where that is not known.

    Example:
        >>> place_of("arxiv:2305.00001")
        ('arXiv 2305.00001', 'https://arxiv.org/abs/2305.00001')
    """
    scheme, _, name = identifier.partition(":")
    known = PLACES.get(scheme)
    return (f"{known[0]} {name}", known[1] + quote(name, safe="/.:()_-")) if known else (identifier, None)


def address(path: str, **told: Any) -> str:
    """An address on this site; parameters that are empty or None are left out, lists are repeated."""
    kept = [
        (name, one) for name, value in told.items() for one in (value if isinstance(value, (list, tuple)) else [value])
    ]
    query = urlencode([(name, str(one)) for name, one in kept if one not in (None, "", 0)])
    return f"{path}?{query}" if query else path


def marked(text: str, spans: list[tuple[int, int]]) -> Markup:
    """A text with some of its parts marked.

    Example:
        >>> str(marked("few <labels>", [(5, 11)]))
        'few &lt;<mark>labels</mark>&gt;'
    """
    parts, at = [Markup()], 0
    for begin, end in sorted(spans):
        if at <= begin < end <= len(text):
            parts += [escape(text[at:begin]), Markup("<mark>"), escape(text[begin:end]), Markup("</mark>")]
            at = end
    return Markup("").join([*parts, escape(text[at:])])


def found_lines(text: str, spans: list[tuple[int, int]], most: int = LINES) -> Markup:
    """A few lines of a text, from its beginning or from where it first holds what was looked for, with that marked.

    Example:
        >>> str(found_lines("few labels are enough", [(4, 10)], 12))
        'few <mark>labels</mark> …'
    """
    first, start = min((begin for begin, _ in spans), default=0), 0
    if first > most // 2:
        start = text.find(" ", first - most // 4) + 1
    whole = text[start:]
    part = opening(whole, most)
    last = len(part) - (0 if part == whole else len(" …"))
    inside = [(begin - start, end - start) for begin, end in spans if begin >= start and end - start <= last]
    return (Markup("… ") if start else Markup()) + marked(part, inside)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_read), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        authors=authors, day=day_words, opening=opening, place=place_of, readable=readable, some=counted
    )
    environment.globals.update(address=address, marked=marked)
    return environment


def _read(name: str) -> str:
    return files(__package__).joinpath("templates", name).read_text(encoding="utf-8")
