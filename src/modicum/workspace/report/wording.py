"""Numbers, durations and texts as people read them. What is missing is a dash."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

from markupsafe import Markup, escape

from modicum.core import texts

MISSING = "–"
SPACE = "\u202f"
"""Narrow and unbreakable: between digits, and between a number and its unit."""
NAME_LENGTH, TEXT_LENGTH = 40, 160
WHOLE = 300
"""Characters of a text that its title holds, for the pointer and for downloaded tables."""


def number(value: Any) -> float | None:
    """Return a finite number as float; None for anything else.

    Example:
        >>> number(3), number(float("nan")), number(None), number("3")
        (3.0, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        return None
    return float(value)


def count(value: Any) -> str:
    """Write a count, digits in groups of three.

    Example:
        >>> count(12345).replace(SPACE, " ")
        '12 345'
    """
    found = number(value)
    return MISSING if found is None else f"{found:,.0f}".replace(",", SPACE).replace("-", "−")


def counted(value: Any, one: str, many: str = "") -> str:
    """Write a count and what is counted, in the singular where it is one; `many` defaults to `one` with an s.

    Example:
        >>> counted(1, "row"), counted(12345, "class", "classes").replace(SPACE, " ")
        ('1 row', '12 345 classes')
    """
    return f"{count(value)} {texts.counted(int(number(value) or 0), one, many).partition(' ')[2]}"


def percent(value: Any, digits: int = 1) -> str:
    """Write a fraction as a percentage; shares close to nothing or all keep a second decimal.

    Example:
        >>> [percent(v).replace(SPACE, " ") for v in (0.847, 1, 0.0004, -0.02)]
        ['84.7 %', '100.0 %', '0.04 %', '−2.0 %']
    """
    found = number(value)
    if found is None:
        return MISSING
    if 0 < min(abs(found), abs(1 - abs(found))) < 0.001:
        digits = 2
    return f"{100 * found:.{digits}f}{SPACE}%".replace("-", "−")


def plus_minus(value: Any, half_width: Any) -> str:
    """Write a fraction with its interval.

    Example:
        >>> plus_minus(0.847, 0.0214).replace(SPACE, " ")
        '84.7 ± 2.1 %'
    """
    middle, half = number(value), number(half_width)
    if middle is None or half is None:
        return percent(value)
    return f"{100 * middle:.1f}{SPACE}±{SPACE}{100 * half:.1f}{SPACE}%"


def percent_range(low: Any, high: Any) -> str:
    """Write two fractions as a range.

    Example:
        >>> percent_range(0.623, 0.7).replace(SPACE, " ")
        '62.3 to 70.0 %'
    """
    ends = number(low), number(high)
    if ends[0] is None or ends[1] is None:
        return MISSING
    return f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f}{SPACE}%".replace("-", "−")


def significant(value: Any, digits: int = 2) -> str:
    """Write a number so that at least so many digits tell something, without an exponent.

    Example:
        >>> [significant(v) for v in (0.00606, 0.61, 1.24, 30.66, 340.2, 0)]
        ['0.0061', '0.61', '1.2', '31', '340', '0']
    """
    found = number(value)
    if found is None:
        return MISSING
    places = 0 if found == 0 else max(0, digits - 1 - math.floor(math.log10(abs(found))))
    return f"{found:,.{places}f}".replace(",", SPACE).replace("-", "−")


def decimal(value: Any, digits: int = 3) -> str:
    """Write a number with a fixed count of decimals.

    Example:
        >>> decimal(0.54321), decimal(-1.5, 1)
        ('0.543', '−1.5')
    """
    found = number(value)
    return MISSING if found is None else f"{found:.{digits}f}".replace("-", "−")


def seconds(value: Any) -> str:
    """Write a duration in the unit that suits it.

    Example:
        >>> [seconds(v).replace(SPACE, " ") for v in (0.00031, 0.0012, 0.0124, 0.9996, 2.345, 75, 3725)]
        ['0.31 ms', '1.2 ms', '12 ms', '1.0 s', '2.3 s', '1 min 15 s', '1 h 2 min']
    """
    found = number(value)
    if found is None:
        return MISSING
    if found < 0.9995:
        digits = 0 if found >= 0.00995 or found == 0 else 1 if found >= 0.000995 else 2
        return f"{1000 * found:.{digits}f}{SPACE}ms"
    if found < 59.95:
        return f"{found:.1f}{SPACE}s"
    minutes, rest = divmod(round(found), 60)
    if minutes < 60:
        return f"{minutes}{SPACE}min {rest}{SPACE}s"
    return f"{minutes // 60}{SPACE}h {minutes % 60}{SPACE}min"


def moment(value: Any) -> str:
    """Write an ISO time without fractions of a second.

    Example:
        >>> moment("2026-03-01T10:22:33.123456+00:00")
        '2026-03-01 10:22:33 UTC'
    """
    told = cut(value, 40).replace("T", " ")
    return told[:19] + (" UTC" if told.endswith(("+00:00", "Z")) else "") if value else MISSING


def cut(text: Any, length: int) -> str:
    r"""Return a text on one line, at most `length` characters long.

    Example:
        >>> cut("one\n  two three", 9)
        'one two…'
    """
    head = str(text)[: 4 * length]
    line = " ".join(head.split())
    if len(line) > length or len(head) < len(str(text)):
        return line[: length - 1].rstrip() + "…"
    return line


def clip(text: Any, length: int) -> str:
    r"""Return a text at most `length` characters long, its line breaks kept.

    Example:
        >>> clip("one\ntwo three", 8)
        'one\ntwo…'
    """
    return texts.shortened(str(text), length)


def said(text: Any, length: int = TEXT_LENGTH, *, whole: int = WHOLE) -> Markup:
    """A user's text as HTML: cut to `length`, up to `whole` characters in its title, its writing direction kept in."""
    if not text and text != 0:
        return Markup(MISSING)
    short, long = cut(text, length), clip(text, whole)
    if short == long or whole < length:
        return Markup("<bdi>{}</bdi>").format(short)
    return Markup('<bdi title="{}">{}</bdi>').format(escape(long), short)


def name(text: Any, *, whole: int = WHOLE) -> Markup:
    """A class name as HTML: like a text, but shorter."""
    return said(text, NAME_LENGTH, whole=whole)
