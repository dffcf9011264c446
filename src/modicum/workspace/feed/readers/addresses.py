"""What readers type: addresses that mail can go to, and names and notes that are harmless in any line."""

from __future__ import annotations

import re
import unicodedata

from modicum.core.errors import InputError

LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
LONGEST = 254
"""Characters of an address (RFC 5321)."""
UNSEEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
"""Categories of signs that show nothing, or turn the order of others."""


def check_email(text: str) -> str:
    """An address that mail can go to, its domain in lower case and ASCII.

    Raises:
        InputError: It is none.

    Example:
        >>> check_email(" Ana@Büro.example ")
        'Ana@xn--bro-hoa.example'
    """
    local, at, domain = text.strip().rpartition("@")
    try:
        bare = domain.encode("idna").decode().lower()
    except UnicodeError:
        bare = ""
    good = at and len(local) <= 64 and LOCAL.fullmatch(local) and all(map(LABEL.fullmatch, bare.split(".")))
    if not good or len(f"{local}@{bare}") > LONGEST:
        raise InputError("that is no e-mail address; write it as name@example.org")
    return f"{local}@{bare}"


def one_line(text: str, longest: int, what: str) -> str:
    r"""Text in one line, without signs that show nothing.

    Args:
        text: What was typed.
        longest: Characters that it may have.
        what: What it is, for the refusal.

    Raises:
        InputError: Nothing is left, or too much.

    Example:
        >>> one_line("  to\n read\u202e ", 60, "tag")
        'to read'
    """
    line = " ".join(plain(text).split())
    if not 0 < len(line) <= longest:
        raise InputError(f"the {what} has {len(line):,} characters; write 1 to {longest:,}")
    return line


def plain(text: str) -> str:
    r"""Text without signs that show nothing, line ends kept.

    Example:
        >>> plain("a\x00b\r\nc")
        'ab\nc'
    """
    kept = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode()).replace("\r\n", "\n")
    if kept.isprintable():
        return kept
    return "".join(" " if sign == "\t" else sign for sign in kept if sign in "\n\t" or _shows(sign))


def _shows(sign: str) -> bool:
    return unicodedata.category(sign) not in UNSEEN
