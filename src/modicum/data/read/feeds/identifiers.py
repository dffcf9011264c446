"""Names under which a paper is known everywhere, found in addresses and in what sources call an identifier."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

NUMBER = r"\d{4}\.\d{4,5}|[a-z][a-z-]+(?:\.[a-z]{2})?/\d{7}"
_ARXIV = re.compile(
    rf"(?:arxiv(?:\.org)?[:./](?:[a-z]+/)?|(?:huggingface\.co|hf\.co|alphaxiv\.org)/(?:papers|abs)/)({NUMBER})"
    r"(?:v\d+)?(?![\d.]*\d)",
    re.IGNORECASE,
)
_BARE = re.compile(rf"({NUMBER})(?:v\d+)?", re.IGNORECASE)
_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s\"<>?#]+)", re.IGNORECASE)
_OPENREVIEW = re.compile(r"openreview\.net/(?:forum|pdf)\?id=([\w-]{6,40})")
_ANTHOLOGY = re.compile(
    r"(?:aclanthology\.org|aclweb\.org/anthology)/((?:\d{4}\.)?[a-z][\w.-]{3,40}?)(?:\.pdf|/|$)", re.I
)
_OF_ARXIV = "10.48550/arxiv."
LONGEST = 2_000


def identifiers_in(texts: Iterable[Any]) -> tuple[str, ...]:
    """Identifiers in addresses and fields, each once, in order of scheme: arXiv's first, without versions.

    Example:
        >>> identifiers_in(["http://arxiv.org/abs/2305.00001v2", "https://doi.org/10.48550/arXiv.2305.00001"])
        ('arxiv:2305.00001',)
        >>> identifiers_in(["doi:10.1162/NECO_a_1", "cs/0701001"])
        ('arxiv:cs/0701001', 'doi:10.1162/neco_a_1')
    """
    found: set[str] = set()
    for text in texts:
        if isinstance(text, str):
            found.update(_identifiers(unquote(text[:LONGEST].strip())))
    return tuple(sorted(found))


def _identifiers(text: str) -> Iterable[str]:
    bare = _BARE.fullmatch(text)
    for number in [bare[1]] if bare else _ARXIV.findall(text):
        yield f"arxiv:{number.lower()}"
    for doi in _DOI.findall(text):
        name = doi.lower().rstrip(".,;:)]}'/")
        if not name.startswith(_OF_ARXIV):
            yield f"doi:{name}"
    for scheme, pattern in (("openreview", _OPENREVIEW), ("acl", _ANTHOLOGY)):
        yield from (f"{scheme}:{name if scheme == 'openreview' else name.lower()}" for name in pattern.findall(text))
