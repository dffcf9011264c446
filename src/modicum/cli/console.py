"""What the command line shows: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from modicum.core import progress as core_progress
from modicum.core.texts import counted

WIDEST = 10_000
"""Columns of a screen on which every table has room."""


class _Plain(Console):
    """A console that shows words as they are, colons and all, and tells of a closed pipe instead of ending."""

    def __init__(self, file: TextIO, width: int | None = None) -> None:
        super().__init__(file=file, highlight=False, emoji=False, width=width)

    def on_broken_pipe(self) -> None:
        """Let `main` end the program."""
        raise BrokenPipeError


def out() -> Console:
    """The console of results."""
    return _Plain(sys.stdout)


def err() -> Console:
    """The console of progress, warnings and errors."""
    return _Plain(sys.stderr)


def complain(sentence: str) -> None:
    """Say in one sentence what is wrong."""
    err().print(f"[bold red]error:[/] {escape(sentence)}", soft_wrap=True)


def show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Show a library's warning as a sentence, without the place in the code it came from."""
    err().print(f"[yellow]warning:[/] {escape(str(message))}", soft_wrap=True)


def tell_written(count: int, what: str, place: Path) -> None:
    """Say how many rows, or things of another kind, lie in a file now."""
    err().print(f"{counted(count, what)} written to {place}", soft_wrap=True, markup=False)


def print_json(value: Any, *, one_line: bool = False) -> None:
    """Write a machine-readable result to standard output; on one line where others follow.

    What JSON has no kind for, such as a time, is written as text.
    """
    sys.stdout.write(json.dumps(value, indent=None if one_line else 1, ensure_ascii=False, default=str) + "\n")


def print_table(rows: Sequence[Mapping[str, str]], *, title: str | None = None, right: Sequence[str] = ()) -> None:
    """Print rows with equal keys as a table; `right` names the columns of numbers, headed by one word a line.

    On a screen that is too narrow for it lines are as long as they must be: rather broken by the terminal than cut.
    """
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in rows[0] if rows else ():
        number = name in right
        heading = name.replace(" ", "\n") if number else name
        words = [part for row in rows for part in ([row[name]] if number else row[name].split())]
        longest = max(cell_len(word) for word in ("", *heading.split(), *words))
        table.add_column(
            escape(heading),
            justify="right" if number else "left",
            no_wrap=number,
            overflow="fold",
            min_width=longest if number else min(longest, 16),
        )
    for row in rows:
        table.add_row(*(escape(value) for value in row.values()))
    needed = out().measure(table, options=out().options.update(width=WIDEST)).minimum
    _Plain(sys.stdout, width=max(needed, out().width)).print(table)


class _Pace(TextColumn):
    """Units per second, once there are some."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Any) -> Any:
        """Show the speed of one task."""
        return f"{task.speed:,.0f}/s" if task.speed else ""


@contextmanager
def bars() -> Iterator[core_progress.Progress]:
    """A progress callback that draws bars with pace and time left; silent where standard error is no terminal."""
    console = err()
    if not console.is_terminal:
        yield core_progress.silent
        return
    columns = (
        "[progress.description]{task.description}",
        BarColumn(),
        MofNCompleteColumn(),
        _Pace(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as display:
        tasks: dict[str, TaskID] = {}

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = display.add_task(stage, total=total)
            display.update(tasks[stage], completed=done, total=total)

        yield tell
