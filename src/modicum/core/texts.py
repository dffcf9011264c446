"""Words for a reader: what two texts have in common that is taken for the same, and counts of things."""

from __future__ import annotations

import unicodedata


def normal_form(text: str) -> str:
    """A text without what a reader would not notice: case, blanks and Unicode form.

    Example:
        >>> normal_form(" Card  LOST ")
        'card lost'
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def counted(count: int, one: str, many: str = "") -> str:
    """A count and what is counted, in the singular where it is one; `many` defaults to `one` with an s.

    Example:
        >>> counted(1, "row"), counted(1200, "row"), counted(2, "class", "classes")
        ('1 row', '1,200 rows', '2 classes')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"
