"""Who looks at a page: the feed's one reader, a reader who signed in, or a guest who has no marks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fastapi import HTTPException, Request

from modicum.workspace.feed.readers import Mark, Marks, Reader, Readers

COOKIE = "feed_session"
"""Cookie that holds the token of a session."""


@dataclass(frozen=True)
class Visitor:
    """Whoever asks."""

    reader: Reader | None = None
    marks: Marks | None = None

    def of(self, papers: list[int]) -> dict[int, Mark]:
        """What the visitor says of papers; nothing where it is a guest."""
        return self.marks.of(papers) if self.marks else {}


class People:
    """The readers of a site.

    Args:
        folder: The feed's folder.
        single: Whether there is one reader, who needs no account.
    """

    def __init__(self, folder: Path, *, single: bool) -> None:
        self.single, self.readers = single, Readers.open(folder)
        self._one = self.readers.single() if single else None

    def visitor(self, request: Request) -> Visitor:
        """Who asks, looked up once a request."""
        found: Visitor | None = getattr(request.state, "visitor", None)
        if found is None:
            token = request.cookies.get(COOKIE)
            reader = self._one or (self.readers.session(token) if token else None)
            found = Visitor(reader, Marks(self.readers, reader)) if reader else Visitor()
            request.state.visitor = found
        return found

    def forgotten(self) -> None:
        """Hear that a reader was removed; a feed of one reader has a new one at once."""
        self._one = self.readers.single() if self.single else None

    def marks(self, request: Request) -> Marks:
        """The marks of whoever asks.

        Raises:
            HTTPException: It is a guest.
        """
        found = self.visitor(request).marks
        if found is None:
            raise HTTPException(401, "sign in first: likes, tags and notes belong to a reader")
        return found
