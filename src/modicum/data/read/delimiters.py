"""What separates the cells of a file, which no ending tells for certain."""

from __future__ import annotations

import re


def delimiter_of(header: str) -> str:
    """The comma, tab or semicolon that a header has most of outside quotes, of equals the first; else the comma.

    Spreadsheets write semicolons into `.csv` files where the comma is the decimal sign.

    Example:
        >>> delimiter_of('id;text;"label, or none"'), delimiter_of("id;text;label, if any")
        (';', ';')
    """
    plain = re.sub(r'"[^"]*"', "", header)
    return max(",\t;", key=plain.count)
