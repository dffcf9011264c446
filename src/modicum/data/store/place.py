"""Where a store lies: what `lance://FOLDER?table=NAME&version=N` says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl

from modicum.core.checks import check_choice
from modicum.core.errors import InputError

SCHEME = "lance://"
KEYS = ("table", "version")
DEFAULT = "rows"
"""Table that is made where none is named."""


@dataclass(frozen=True)
class Place:
    """A store's folder, or its address on object storage, and what of it is meant."""

    folder: str
    table: str | None = None
    """None for `rows`, where it is there, else the only one."""
    version: int | None = None
    """None for the latest."""

    @classmethod
    def parse(cls, source: str) -> Self:
        """Read `lance://`, a folder or an address such as s3://bucket/folder, and what follows a question mark.

        Raises:
            InputError: No folder is named, or what follows the question mark is not known.

        Example:
            >>> Place.parse("lance://tickets?table=mails&version=7")
            Place(folder='tickets', table='mails', version=7)
            >>> Place.parse("lance:///data/tickets/").folder
            '/data/tickets'
        """
        folder, _, asked = source.removeprefix(SCHEME).partition("?")
        folder = folder.rstrip("/") or "/" * folder.startswith("/")
        if not folder:
            raise InputError(f"{source} names no folder; write lance://FOLDER")
        told = dict(parse_qsl(asked, keep_blank_values=True))
        for key in told:
            check_choice(key, KEYS, f"{source}: the key")
        if asked and (not told or not all(told.values())):
            raise InputError(f"{source}: nothing is said after the question mark; write ?table=NAME or ?version=N")
        version = told.get("version")
        if version is not None and (not version.isascii() or not version.isdigit() or int(version) < 1):
            raise InputError(f"{source}: {version!r} is no version; write a number that modicum store --versions lists")
        return cls(folder, told.get("table"), None if version is None else int(version))

    @property
    def local(self) -> Path | None:
        """The folder on this machine; None for an address elsewhere."""
        return None if "://" in self.folder else Path(self.folder)

    @property
    def name(self) -> str:
        """What it is called: the last part of the folder."""
        return Path(self.folder).absolute().name

    def __str__(self) -> str:
        """How it is written."""
        told = {"table": None if self.table == DEFAULT else self.table, "version": self.version}
        asked = "&".join(f"{key}={value}" for key, value in told.items() if value is not None)
        return f"{SCHEME}{self.folder}{'?' + asked if asked else ''}"
