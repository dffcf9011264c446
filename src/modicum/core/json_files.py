"""JSON from files that somebody else may have written: bounded, and refused in a sentence."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from modicum.core.errors import InputError
from modicum.core.texts import whole

_ESCAPED = re.compile(r"\\u[dD]")
LARGEST = 32_000_000
"""Bytes of a file that is parsed; as objects it takes about twenty times as much at worst."""


def parse_json(text: str | bytes) -> Any:
    r"""What JSON in UTF-8 says, with a sign (U+FFFD) in the place of each half of a surrogate pair.

    Texts that were cut within an escape hold such halves, and neither files nor tables can.

    Raises:
        ValueError: It is no JSON, or nested too deeply.

    Example:
        >>> parse_json(r'["caf\u00e9", "cut \ud83d"]') == ["caf\xe9", "cut \ufffd"]
        True
    """
    said = text if isinstance(text, str) else text.decode("utf-8")
    try:
        found = json.loads(said)
        if _ESCAPED.search(said):
            found = json.loads(whole(json.dumps(found, ensure_ascii=False)))
        return found
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read_json(file: Path, remedy: str = "copy it again", *, largest: int = LARGEST) -> Any:
    """What a JSON file says.

    Args:
        file: The file, in UTF-8.
        remedy: What to do where it cannot be read.
        largest: Bytes that it may have.

    Raises:
        InputError: It cannot be read, is too large, is no JSON, is nested too deeply, or names a key twice.
    """
    try:
        with file.open("rb") as stream:
            text = stream.read(largest + 1)
        if len(text) > largest:
            raise InputError(f"{file} is larger than {largest:,} bytes, and is not read; {remedy}")
        return json.loads(text.decode("utf-8"), object_pairs_hook=_once)
    except InputError:
        raise
    except RecursionError as error:
        raise InputError(f"{file} is nested too deeply; {remedy}") from error
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror}); {remedy}") from error
    except ValueError as error:
        raise InputError(f"{file} is not valid JSON ({error}); {remedy}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once: of two values, two readers may believe different ones."""
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = next(key for key, count in counts.items() if count > 1)
        raise ValueError(f"the key {twice[:40]!r} stands there twice")
    return found
