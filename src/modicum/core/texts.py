"""What two texts have in common that a reader takes for the same."""

from __future__ import annotations

import unicodedata


def normal_form(text: str) -> str:
    """A text without what a reader would not notice: case, blanks and Unicode form.

    Example:
        >>> normal_form(" Card  LOST ")
        'card lost'
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
