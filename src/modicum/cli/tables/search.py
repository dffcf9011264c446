"""`modicum search`: rows by words, by vectors or both; by text, by row, and by what is not wanted."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as Grid
from rich.text import Text

import modicum
from modicum.cli import options
from modicum.cli.console import bars, err, out, print_json, tell_written
from modicum.cli.prompt import converse
from modicum.core.errors import InputError

if TYPE_CHECKING:
    from modicum.workspace.search import Hits, Query, Searcher

LOOKED_AT = 20_000
"""Characters of a text that are looked at for words to mark."""
LEAST = 24
"""Characters of a text that are shown, however narrow the terminal."""


def search(
    table: options.TABLE,
    query: Annotated[
        str | None, typer.Argument(metavar="QUERY", help="What is looked for; without it and --like, lines are read.")
    ] = None,
    text: options.TEXT = None,
    image: options.IMAGE = None,
    id: options.ID = None,
    like: Annotated[
        list[str] | None, typer.Option("--like", metavar="ROW", help="Id of a row to be like; repeatable.")
    ] = None,
    unlike: Annotated[
        list[str] | None,
        typer.Option("--unlike", metavar="ROW|TEXT", help="Id of a row, or a text, not to be like; repeatable."),
    ] = None,
    mode: Annotated[
        str, typer.Option("--mode", metavar="MODE", help="hybrid (words and vectors), dense or lexical.")
    ] = "hybrid",
    top: Annotated[int, typer.Option("--top", metavar="N", min=1, help="Rows to find.")] = 10,
    filter: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="COL=VALUE", help="Only rows with this value; repeatable, all must hold."),
    ] = None,
    rerank: Annotated[
        int,
        typer.Option(
            "--rerank", metavar="N", min=0, help="Rank this many rows again by their best passages: for long texts."
        ),
    ] = 0,
    fusion: Annotated[
        str, typer.Option("--fusion", metavar="METHOD", help="How words and vectors are made one: ranks or scores.")
    ] = "ranks",
    edit: Annotated[
        str, typer.Option("--edit", metavar="METHOD", help="How --unlike is taken out of vectors: project or subtract.")
    ] = "project",
    language: Annotated[
        str, typer.Option("--language", metavar="NAME", help="Language whose words are stemmed, or none.")
    ] = "english",
    vectors: options.VECTORS = None,
    encoder: options.ENCODER = None,
    encoder_mode: Annotated[
        str,
        typer.Option(
            "--encoder-mode",
            metavar="MODE",
            help="exact; fast (8 bits, where this machine gains); static (dozens of times as fast, weaker).",
        ),
    ] = "exact",
    file: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Rows found as csv, jsonl or parquet, by the ending."),
    ] = None,
    threads: options.THREADS = None,
    json: options.JSON = False,
) -> None:
    """Search a table; without a query, every line that is typed is one.

    Example: modicum search tickets.csv "card was stolen" --text message --unlike "lost card"
    """
    parts = modicum.workspace.search
    asked = parts.Query(query or "", tuple(like or ()), tuple(unlike or ()))
    once = query is not None or bool(like)
    if not once and (unlike or file or table == "-"):
        what = "--unlike" if unlike else "--out" if file else "a table from standard input"
        raise InputError(f"{what} needs a query; give QUERY or --like ROW")
    settings = parts.SearchSettings(mode, fusion, edit, rerank, language, encoder_mode, threads)
    options.check_tables(table, vectors, out=file)
    with bars() as progress:
        items = modicum.read(table, text=text, image=image, id=id)
        given = modicum.encoders.read_vectors(vectors, len(items), items.ids) if vectors else None
        searcher = parts.open_search(
            items, encoder=encoder, vectors=given, filters=filter or (), settings=settings, progress=progress
        )
        hits = searcher.find(asked, top) if once else None
    if hits is None:
        converse(searcher, top, lambda found: _tell(searcher, found, json, one_line=True))
        return
    if file:
        rows = modicum.data.write_table(file, hits.columns(items))
    _tell(searcher, hits, json)
    if file:
        tell_written(rows, "row", file)


def _tell(searcher: Searcher, hits: Hits, json: bool, *, one_line: bool = False) -> None:
    """Show hits as a list or as JSON, which is one line where more answers follow."""
    if json:
        print_json(hits.to_dict(searcher.table), one_line=one_line)
    elif len(hits.rows):
        _show(searcher, hits)
    else:
        err().print(_nothing(searcher), soft_wrap=True)
    sys.stdout.flush()


def _nothing(searcher: Searcher) -> str:
    if not searcher.kept.any():
        return "nothing found: all rows that may be found are empty"
    if searcher.vectors is None:
        return "nothing found: no row holds a word of the query; other words, or --mode hybrid, may"
    return "nothing found: there is no other row, or words and encoder know nothing of the query"


def _show(searcher: Searcher, hits: Hits) -> None:
    console, table = out(), searcher.table
    ids = [table.ids[row] for row in hits.rows]
    grid = Grid.grid(padding=(0, 2, 0, 0))
    for name in ("rank", "score", "id"):
        grid.add_column(name, justify="left" if name == "id" else "right", no_wrap=True)
    grid.add_column("text", no_wrap=True, overflow="ellipsis")
    scores = [f"{score:.3f}" for score in hits.scores]
    taken = len(str(len(ids))) + max(map(len, scores)) + max(map(len, ids)) + 6
    for place, (row, score, name) in enumerate(zip(hits.rows.tolist(), scores, ids, strict=True), start=1):
        shown = _marked(searcher, hits.query, table.texts[row], max(LEAST, console.width - taken))
        grid.add_row(str(place), score, Text(_plain(name)), shown)
    console.print(grid)


def _marked(searcher: Searcher, query: Query, text: str, room: int) -> Text:
    """A text in one line, cut to the room there is about the first word of the query, with those words marked."""
    line = _plain(text[:LOOKED_AT])
    spans = searcher.marks(query, line)
    start = 0
    if len(line) > room and spans and spans[0][1] > room - 1:
        start = max(0, min(spans[0][0] - room // 3, len(line) - room + 1))
    cut = line[start : start + room]
    if start:
        cut = "…" + cut[1:]
    if start + room < len(line) or len(text) > LOOKED_AT:
        cut = cut[: room - 1] + "…"
    shown = Text(cut)
    for begin, end in spans:
        shown.stylize("bold yellow", max(0, begin - start), max(0, end - start))
    return shown


def _plain(text: str) -> str:
    """A text in one line, without what a terminal would take for a command."""
    return re.sub(r"\s+", " ", "".join(sign if sign.isprintable() else " " for sign in text)).strip()
