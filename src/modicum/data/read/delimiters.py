"""What separates the cells of a file, which no ending tells for certain."""

from __future__ import annotations

import re


def delimiter_of(header: str) -> str:
    """The comma, tab or semicolon that a header has outside quotes, in this order; else the comma.

    Spreadsheets write semicolons into `.csv` files where the comma is the decimal sign.

    Example:
        >>> delimiter_of('id;text;"label, or none"')
        ';'
    """
    plain = re.sub(r'"[^"]*"', "", header)
    return next((sign for sign in ",\t;" if sign in plain), ",")
