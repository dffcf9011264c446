"""Texts as encoders can take them."""

from __future__ import annotations


def clip(text: str, characters: int) -> str:
    r"""The first characters of a text, with `?` for halves of surrogate pairs.

    Tokenizers and hashers refuse such halves, which broken JSON escapes leave behind.

    Example:
        >>> clip("caf\xe9 \ud83d", 6)
        'café ?'
    """
    cut = text[:characters]
    return cut if cut.isascii() else cut.encode("utf-8", "replace").decode("utf-8")
