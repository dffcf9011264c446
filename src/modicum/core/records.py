"""Frozen records that travel between rooms. Arrays in them are not to be written to."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from modicum.core.errors import InputError
from modicum.core.protocols import StoredVectors


class ImageFile(str):
    """The name of an image file that remembers where it was named, so that whoever decodes it can say so."""

    __slots__ = ("where",)
    where: str
    """Table and row, such as `pets.csv, row 3`; empty where the name says enough."""

    def __new__(cls, file: str, where: str = "") -> Self:
        """Make a name; strings are made here, not in `__init__`."""
        made = super().__new__(cls, file)
        made.where = where
        return made


def refusal(file: str, reason: str) -> InputError:
    """What to raise for an item's file: where it was named, its name, and why not."""
    where = file.where if isinstance(file, ImageFile) else ""
    return InputError(f"{where}: {file} {reason}" if where else f"{file} {reason}")


@dataclass(frozen=True, eq=False)
class Table:
    """N items with their row ids and what is known of them.

    Unlabelled is `None` in `labels`, never a magic class. `columns` holds the input's own columns (N long each), in
    order, for verbs that hand them back.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    labels: tuple[str | None, ...]
    source: str = "table"
    """Name of the file or of the built-in table, for messages."""
    text_column: str = "text"
    """Column of the texts, or of the names of image files."""
    label_column: str | None = None
    groups: tuple[str, ...] | None = None
    """Rows of one group never stand on both sides of a split."""
    times: NDArray[np.float64] | None = None
    """Seconds since an epoch; splits then train on the past only."""
    hidden: tuple[str | None, ...] | None = None
    """Labels kept from every decision, to be looked at once, at the end."""
    columns: dict[str, Sequence[object]] = field(default_factory=dict)
    images: tuple[ImageFile, ...] | None = None
    """Files of the items (N,) where they are images; `texts` then holds their names as they were written."""
    separator: str | None = None
    """Joins the names in a label where a row may have several, in alphabetical order; an empty label is then a row
    known to have none. None where a row has one label."""
    stored: StoredVectors | None = None
    """Vectors of the rows, where the table comes from a store that holds them."""
    test: NDArray[np.bool_] | None = None
    """Rows (N,) that a split keeps back: figures are measured on them, so that nobody is asked for their labels."""

    def __len__(self) -> int:
        """Return the number of rows N."""
        return len(self.texts)

    @property
    def content(self) -> tuple[str, ...]:
        """What an encoder is given (N,): texts, or files of images."""
        return self.texts if self.images is None else self.images

    @cached_property
    def labelled(self) -> NDArray[np.bool_]:
        """Mask (N,) of the rows with a label."""
        return np.array([label is not None for label in self.labels], dtype=bool)

    def kept_as(self, column: str, own: Container[str]) -> str:
        """What one of its columns is called beside those a verb makes: where one has its name `input_NAME`, still free.

        Example:
            >>> table = Table(("0",), ("a",), (None,), columns={"prediction": ["x"], "input_prediction": ["y"]})
            >>> table.kept_as("prediction", {"prediction"})
            'input_input_prediction'
        """
        kept = column
        while kept in own or (kept != column and kept in self.columns):
            kept = f"input_{kept}"
        return kept


@dataclass(frozen=True, eq=False)
class Vectors:
    """Encoded rows: `values` (N, D) float32, memory-mapped where they come from the cache."""

    values: NDArray[np.float32]
    encoder: str
    fingerprint: str

    def __len__(self) -> int:
        """Return the number of rows N."""
        return len(self.values)


@dataclass(frozen=True)
class LabelSpace:
    """The K classes of a task, in one fixed order, with what is said about them.

    `parents` may name classes of the space or groups that are not classes themselves; `group_parents` says where
    such groups hang, so that a tree of any depth can be told.
    """

    names: tuple[str, ...]
    descriptions: tuple[str, ...] = ()
    """One text per class, empty where none was given; or no entry at all."""
    parents: tuple[str | None, ...] = ()
    group_parents: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for name in self.names:
            if name in seen:
                raise InputError(f"class {name!r} is named twice; class names must be unique")
            seen.add(name)
        for what, values in (("descriptions", self.descriptions), ("parents", self.parents)):
            if values and len(values) != len(self.names):
                raise InputError(f"{len(values)} {what} for {len(self.names)} classes; give one per class or none")

    def __len__(self) -> int:
        """Return the number of classes K."""
        return len(self.names)

    @cached_property
    def index(self) -> dict[str, int]:
        """Code of each class by its name."""
        return {name: code for code, name in enumerate(self.names)}

    def texts(self) -> tuple[str, ...]:
        """What is embedded for each class: the name in plain words, with its description where there is one."""
        words = [name.replace("_", " ").strip() for name in self.names]
        if not self.descriptions:
            return tuple(words)
        return tuple(f"{w}: {d}" if d else w for w, d in zip(words, self.descriptions, strict=True))

    def encode(self, labels: Sequence[str | None]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Codes (N,) and the mask (N,) of labelled rows; the code of an unlabelled row is 0 and means nothing.

        Raises:
            InputError: A label is not a class of this space.
        """
        mask = np.array([label is not None for label in labels], dtype=bool)
        codes = np.zeros(len(labels), dtype=np.int64)
        for row in np.flatnonzero(mask).tolist():
            code = self.index.get(str(labels[row]))
            if code is None:
                raise InputError(f"row {row}: label {labels[row]!r} is not one of the {len(self)} classes")
            codes[row] = code
        return codes, mask
