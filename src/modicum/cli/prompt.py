"""The prompt of `modicum search`: a line is a query, a line that begins with a colon a command."""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import modicum
from modicum.cli.console import complain, err
from modicum.core.errors import InputError
from modicum.core.texts import counted

if TYPE_CHECKING:
    from modicum.workspace.search import Hits, Query, Searcher

HELP = """A line is a query. Commands:
  :like ID        rows that are like this one
  :not ID|TEXT    the last query again, without what is like this
  :top N          how many rows are found from now on
  :help           this list
  :quit           end"""


def converse(searcher: Searcher, top: int, tell: Callable[[Hits], None]) -> None:
    """Answer every line of standard input until it ends; what cannot be answered is said, and the next line read."""
    query: Query | None = None
    for line in _lines(len(searcher.table)):
        verb, _, rest = line.partition(" ")
        if verb in (":quit", ":q"):
            return
        try:
            _check_letters(line)
            if verb == ":help":
                err().print(HELP, markup=False)
            elif verb == ":top":
                top = _number(rest)
            else:
                wanted = _next(query, line, verb, rest.strip())
                tell(searcher.find(wanted, top))
                query = wanted
        except InputError as error:
            complain(str(error))


def _lines(rows: int) -> Iterator[str]:
    """Lines that say something; typed ones with a prompt and a history."""
    typed = _is_typed()
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")  # so that one line is refused, and not all that are left
    if typed:
        with contextlib.suppress(ImportError):  # Windows has none
            importlib.import_module("readline")
        err().print(f"{counted(rows, 'row')}; a line is a query, :help lists the commands", markup=False)
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            line = input("search> " if typed else "").strip()
            if line:
                yield line


def _check_letters(line: str) -> None:
    """Refuse a line of bytes that are no letters.

    Raises:
        InputError: It is not UTF-8.
    """
    try:
        line.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(f"the line {line.encode('utf-8', 'surrogateescape')!r} is not UTF-8; send it so") from error


def _is_typed() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _next(query: Query | None, line: str, verb: str, rest: str) -> Query:
    """The query that a line asks for."""
    kind = modicum.workspace.search.Query
    if not verb.startswith(":"):
        return kind(line)
    if verb not in (":like", ":not"):
        raise InputError(f"the command {verb} is not known; :help lists them")
    if not rest:
        raise InputError(f"{verb} names no row; write {verb} ID")
    if verb == ":like":
        return kind(like=(rest,))
    if query is None:
        raise InputError(":not changes the query before it, and there is none yet; write one first")
    return replace(query, unlike=(*query.unlike, rest))


def _number(told: str) -> int:
    if not told.strip().isdecimal() or int(told) < 1:
        raise InputError(f":top needs a number of at least 1, not {told.strip()!r}")
    return int(told)
