"""Words for a reader: which texts are taken for the same, signs of pages, counts, beginnings of long texts."""

from __future__ import annotations

import re
import unicodedata

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that HTML, XML or UTF-8 forbids; texts from broken files hold them."""

_HALF = re.compile("[\ud800-\udfff]")


def normal_form(text: str) -> str:
    """A text without what a reader would not notice: case, blanks and Unicode form.

    Example:
        >>> normal_form(" Card  LOST ")
        'card lost'
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def printable(text: str) -> str:
    r"""A text with a sign in the place of each that HTML, XML or UTF-8 forbids.

    Example:
        >>> printable("a\x00b\ud800") == "a\ufffdb\ufffd"
        True
    """
    return _UNPRINTABLE.sub("\ufffd", text)


def whole(text: str) -> str:
    r"""A text with a sign in the place of each half of a surrogate pair, which no file holds; cut escapes leave such.

    Example:
        >>> whole("cut \ud83d") == "cut \ufffd", whole("not cut \U0001f600")
        (True, 'not cut 😀')
    """
    return _HALF.sub("\ufffd", text)


def shortened(text: str, most: int) -> str:
    """A text of at most so many letters, the last of which tells that more follow.

    Example:
        >>> shortened("my card is lost", 8), shortened("lost", 8)
        ('my card…', 'lost')
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def counted(count: int, one: str, many: str = "") -> str:
    """A count and what is counted, in the singular where it is one; `many` defaults to `one` with an s.

    Example:
        >>> counted(1, "row"), counted(1200, "row"), counted(2, "class", "classes")
        ('1 row', '1,200 rows', '2 classes')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """A share in percent.

    Example:
        >>> percent(0.1234)
        '12.3 %'
    """
    return f"{100 * share:.1f} %"
