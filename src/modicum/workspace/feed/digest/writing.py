"""Messages to readers: the digest as HTML and text, and the link that signs in. They fetch nothing and track nobody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from functools import cache
from importlib.resources import files
from typing import Any, Self
from urllib.parse import urlsplit

from jinja2 import Environment, FunctionLoader, StrictUndefined

from modicum.core.errors import InputError
from modicum.workspace.feed.library import Paper
from modicum.workspace.feed.readers.addresses import check_email, one_line, plain

NAME = "modicum feed"
TITLE, SUBJECT, LINES = 300, 120, 320
"""Characters of a title, of a subject, and of an abstract's beginning."""
NAMES = 6
"""Authors that are named."""
PLAIN = re.compile(r"[!-;=?-~]+")
"""Signs of an address that a header can hold in angle brackets: ASCII without blanks and these."""


@dataclass(frozen=True)
class Letters:
    """Who writes, and where links lead."""

    sender: str
    """Address of the sender."""
    name: str = NAME
    """What the site is called; the sender's name."""
    site: str | None = None
    """How addresses of the site begin, without a slash at the end; None where there is none."""

    @classmethod
    def of(cls, sender: str, site: str | None = None, name: str | None = None) -> Self:
        """Checked.

        Args:
            sender: `feed@example.org` or `Our feed <feed@example.org>`.
            site: Address of the site, of http or https, in ASCII.
            name: What the site is called; default the sender's name.

        Raises:
            InputError: One of them is none.

        Example:
            >>> Letters.of("Our feed <feed@example.org>", "https://papers.example.org/")
            Letters(sender='feed@example.org', name='Our feed', site='https://papers.example.org')
        """
        called, address = parseaddr(sender)
        if site is not None and not _names_site(site):
            raise InputError(f"{site!r} is no address of a site; write it as https://papers.example.org, in ASCII")
        shown = one_line(name or called or NAME, SUBJECT, "name of the sender")
        return cls(check_email(address), shown, site and site.rstrip("/"))

    @property
    def domain(self) -> str:
        """The sender's domain."""
        return self.sender.rpartition("@")[2]

    def digest(
        self,
        told: dict[str, Any],
        papers: dict[int, Paper],
        to: str,
        token: str | None = None,
        gone: Sequence[str] = (),
    ) -> EmailMessage:
        """The message of a digest.

        Args:
            told: The digest: `parts`, `made`, `message_id`, `every`.
            papers: Its papers by number; those that are not there any more are left out.
            to: Whom it is for.
            token: What the address to unsubscribe ends with; None where there is none.
            gone: Names of keywords that the reader subscribed to, and whose pages were removed.
        """
        parts = [(heading, _shown(numbers, reasons, papers)) for heading, numbers, reasons in told["parts"]]
        parts = [(heading, shown) for heading, shown in parts if shown]
        first, count = parts[0][1][0][0].title, sum(len(shown) for _, shown in parts)
        more = f" and {count - 1} more" if count > 1 else ""
        end = f"{self.site}/unsubscribe/{token}" if token and self.site else None
        made = datetime.fromtimestamp(told["made"], UTC)
        around = {"name": self.name, "site": self.site, "end": end, "every": told["every"], "day": _day(made.date())}
        around["gone"] = [_cut(" ".join(plain(name).split()), TITLE) for name in gone]
        message = self._message(to, f"{_cut(first, SUBJECT - len(more))}{more}", told["message_id"], made)
        message["List-Id"] = f"<digest.{self.domain}>"
        if end:
            message["List-Unsubscribe"] = f"<{end}>"
        if end and end.startswith("https://"):
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(_rendered("digest.txt.j2", parts=parts, **around), cte="quoted-printable")
        message.add_alternative(
            _rendered("digest.html.j2", parts=parts, **around), subtype="html", cte="quoted-printable"
        )
        return message

    def link(self, to: str, address: str, now: float) -> EmailMessage:
        """The message with a link that confirms an address and signs in.

        Args:
            to: Whom it is for.
            address: Where the link leads.
            now: Seconds since 1970.
        """
        made = datetime.fromtimestamp(now, UTC)
        message = self._message(to, f"Your link to {self.name}", make_msgid(domain=self.domain), made)
        text = _rendered("link.txt.j2", name=self.name, address=address)
        message.set_content(text, cte="quoted-printable")
        return message

    def _message(self, to: str, subject: str, message_id: str, made: datetime) -> EmailMessage:
        message = EmailMessage()
        message["From"] = Address(self.name, addr_spec=self.sender)
        message["To"] = Address(addr_spec=to)
        message["Subject"] = subject
        message["Date"] = format_datetime(made)
        message["Message-ID"] = message_id
        message["Auto-Submitted"] = "auto-generated"
        return message


def _names_site(address: str) -> bool:
    """Whether links can begin with an address, those in headers too."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and PLAIN.fullmatch(address) is not None


def _shown(numbers: Sequence[int], reasons: Sequence[str], papers: dict[int, Paper]) -> list[tuple[Any, str]]:
    return [
        (_Shown(papers[number]), reason) for number, reason in zip(numbers, reasons, strict=True) if number in papers
    ]


class _Shown:
    """A paper as a message shows it: lines without signs that show nothing, cut to their length."""

    def __init__(self, paper: Paper) -> None:
        self.number, self.url, self.day = paper.number, paper.url, paper.day
        self.title = _cut(" ".join(plain(paper.title).split()) or "Untitled", TITLE)
        names = [" ".join(plain(author).split()) for author in paper.authors]
        more = len(names) - NAMES
        self.authors = _cut(", ".join(names[:NAMES]) + (f" and {more} more" if more > 0 else ""), TITLE)
        self.lines = _cut(" ".join(plain(paper.abstract[: 3 * LINES]).split()), LINES)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 2].rsplit(' ', 1)[0]} …"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(_read),
        autoescape=lambda name: bool(name and name.endswith(".html.j2")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _read(name: str) -> str:
    return files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def _rendered(template: str, **told: Any) -> str:
    return _environment().get_template(template).render(told)
