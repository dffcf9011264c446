"""What the page may send."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1, max_length=200)]
Mark = Annotated[str, Field(max_length=64)]


class Caller(BaseModel):
    """Who calls, and from which tab."""

    model_config = ConfigDict(extra="forbid")

    who: Name
    tab: Name


class Answering(Caller):
    """An answer to one row or several."""

    kind: Literal["label", "unlabel", "skip", "unsure", "note", "add", "remove"]
    rows: Annotated[list[int], Field(min_length=1, max_length=200_000)]
    classes: Annotated[list[int], Field(max_length=1_000)] = []
    text: Annotated[str, Field(max_length=5_000)] = ""
    how: Mark = ""
    model: int = 0
    final: bool = False
    request: Mark = ""
    ask: bool = True
    """Whether the next question is wanted in reply."""


class Undoing(Caller):
    """Taking the last answer back."""

    request: Mark = ""


class Changing(Caller):
    """A change of the classes."""

    action: Literal["add", "rename", "merge"]
    name: Annotated[str, Field(max_length=1_000)] = ""
    description: Annotated[str, Field(max_length=5_000)] = ""
    numbers: Annotated[list[int], Field(max_length=10_000)] = []
    into: int = -1
    request: Mark = ""


class Listing(Caller):
    """Rows whose texts are wanted."""

    rows: Annotated[list[int], Field(max_length=100)]
