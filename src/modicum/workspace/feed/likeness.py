"""When are two entries one paper? Same identifier, same title, or vectors all but equal, unless facts forbid it.

Facts that forbid it: authors are known on both sides and share no family name; or the sides have different identifiers
of one scheme, and authors are not known to agree. By vectors such identifiers forbid it whoever the authors are, and so
do different numbers in the titles. Titles of one or two words (`Editorial`) need more than themselves.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

WORDS = 3
"""From so many words on a title names a paper by itself."""
_AFTER = frozenset(("jr", "sr", "ii", "iii", "iv"))
"""What may follow a family name."""
_ROMAN = frozenset(("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"))


@dataclass(frozen=True)
class Facts:
    """What is known of a paper, or of an entry."""

    title: str
    abstract: str
    authors: tuple[str, ...]
    identifiers: tuple[str, ...]


def title_key(title: str) -> str:
    """A title without case, accents, punctuation and mark-up; empty where nothing is left.

    Example:
        >>> title_key("The Fréchet-Mean:  a $k$-NN view")
        'the frechet mean a k nn view'
    """
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", title) if not unicodedata.combining(sign))
    return " ".join(re.findall(r"[^\W_]+", bare.casefold()))


def same_work(one: Facts, other: Facts, *, strict: bool = False) -> bool:
    """Whether nothing forbids that two are one paper, given that identifier, title or vectors suggest it.

    Args:
        one: The one.
        other: The other.
        strict: Whether different identifiers forbid it whoever the authors are, and numbers in titles must agree: a
            second part is close to the first in vectors.

    Example:
        >>> a = Facts("On rows", "", ("A. Gauss",), ("arxiv:2305.00001",))
        >>> same_work(a, Facts("On rows", "", ("Carl Gauß",), ("arxiv:2305.00001",)))
        True
        >>> same_work(a, Facts("On rows", "", ("B. Riemann",), ()))
        False
    """
    shared = _families(one.authors) & _families(other.authors)
    if one.authors and other.authors and not shared:
        return False
    if strict and _numbers(one.title) != _numbers(other.title):
        return False
    return not _contradict(one.identifiers, other.identifiers) or (bool(shared) and not strict)


def same_title(one: Facts, other: Facts) -> bool:
    """Whether two of one title are one paper; a short title needs an author or an abstract in common."""
    if not same_work(one, other):
        return False
    if len(title_key(one.title).split()) >= WORDS:
        return True
    abstract = title_key(one.abstract)[:200]
    known = bool(_families(one.authors) & _families(other.authors))
    return known or (bool(abstract) and abstract == title_key(other.abstract)[:200])


def _families(authors: Sequence[str]) -> set[str]:
    """Family names: the last word of each author, or of what stands before a comma; `Jr.` and `van` are none of it."""
    found = set()
    for author in authors:
        words = [key for word in author.partition(",")[0].split() if (key := title_key(word))]
        kept = [word for word in words if word not in _AFTER] or words
        found.update(kept[-1:])
    return found


def _contradict(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether both have identifiers of one scheme, and none in common."""
    schemes = {name.partition(":")[0] for name in one} & {name.partition(":")[0] for name in other}
    return bool(schemes) and not set(one) & set(other)


def _numbers(title: str) -> list[str]:
    return [word for word in title_key(title).split() if word.isdigit() or word in _ROMAN]
