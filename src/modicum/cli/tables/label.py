"""`modicum label`: a local page on which a table is labelled, and its journal in and out."""

from __future__ import annotations

import getpass
import shlex
import sys
import webbrowser
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

import modicum
from modicum.cli import options
from modicum.cli.console import bars, err, out, print_json
from modicum.core.texts import counted

if TYPE_CHECKING:
    from modicum.core.records import Table
    from modicum.workspace.loop import Session


def label(
    table: options.TABLE,
    text: options.TEXT = None,
    label: options.LABELS = None,
    separator: options.SEPARATOR = None,
    id: options.ID = None,
    classes: options.CLASSES = None,
    journal: Annotated[
        Path | None,
        typer.Option(
            "--journal", metavar="FILE", help=f"File of the answers; {options.default_place('labels.jsonl')}."
        ),
    ] = None,
    annotator: Annotated[
        str | None,
        typer.Option("--annotator", metavar="NAME", help="Who labels; default your login."),
    ] = None,
    vectors: options.VECTORS = None,
    encoder: options.ENCODER = None,
    query: Annotated[
        str,
        typer.Option(
            "--query", metavar="KEY", help="Method that picks what is asked next; see: modicum methods --room labels."
        ),
    ] = "labels.margin_query",
    chance: Annotated[
        float,
        typer.Option(
            "--chance", metavar="RATE", help="Share of questions picked by chance, from which accuracy is told."
        ),
    ] = 0.2,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", metavar="N", min=0, max=65535, help="Port to listen at; default the first free from 8765."
        ),
    ] = None,
    host: options.HOST = "127.0.0.1",
    token_file: options.TOKEN_FILE = None,
    browser: Annotated[
        bool | None, typer.Option("--open/--no-open", help="Open the page in a browser; default in a terminal.")
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="FILE", help="Write the labels as csv, jsonl or parquet instead; no page."),
    ] = None,
    foreign: Annotated[
        Path | None,
        typer.Option(
            "--import",
            metavar="FILE",
            help="Add the labels of a file (texts with labels, or what Label Studio or Argilla wrote); no page.",
        ),
    ] = None,
    threads: options.THREADS = None,
    seed: options.SEED = 0,
    json: options.JSON = False,
) -> None:
    """Label a table on a local page, the most helpful rows first; every answer is on disk before the page says so.

    Example: modicum label tickets.csv --text message --label intent --classes intents.yaml
    """
    loop = modicum.workspace.loop
    settings, token = loop.check_settings(query, chance, seed), options.read_token(token_file)
    place = journal or Path(f"{options.stem(table)}.labels.jsonl")
    options.check_tables(table, foreign, vectors, place, export=export)
    with bars() as progress:
        items = _read(table, separator, text=text, label=label, id=id)
        given = modicum.encoders.read_vectors(vectors, len(items), items.ids) if vectors else None
        opened = loop.open_session(
            items,
            modicum.data.declared_classes(table, classes),
            place,
            source=encoder if given is None else given,
            encoded=export is None and foreign is None,
            threads=threads,
            settings=settings,
            progress=progress,
        )
    session = opened.session
    try:
        for note in opened.notes:
            err().print(f"[yellow]note:[/] {escape(note)}", soft_wrap=True)
        if foreign is not None:
            _import(session, foreign, json)
            _keep(table, session)
        if export is not None:
            _export(session, export, json)
        if foreign is None and export is None:
            who = annotator or _user()
            modicum.serve.run_label(
                session,
                ready=lambda url: _ready(session, url, browser, json),
                host=host,
                port=port,
                token=token,
                who=who,
                notes=opened.notes,
            )
            _end(table, session)
    finally:
        session.journal.close()


def _end(table: str, session: Session) -> None:
    """Say what is labelled when the page ends, and keep it."""
    done = int(session.board.labelled.sum())
    rows = counted(len(session.board.items), "row is", "rows are")
    told = f"{done:,} of {rows} labelled; journal: {session.journal.path}"
    err().print(
        f"{told}\nThe same call goes on; with --export FILE it writes the labels.", soft_wrap=True, markup=False
    )
    _keep(table, session)


def _keep(table: str, session: Session) -> None:
    """Have a store hold the labels of the session, too."""
    if modicum.data.store.is_store(table):
        count = modicum.workspace.store.keep_labels(table, session)
        err().print(f"{counted(count, 'label', 'labels')} of {table} changed", soft_wrap=True, markup=False)


def _read(table: str, separator: str | None, **columns: Any) -> Table:
    """The table under its separator, also where it has no column of labels yet."""
    items = modicum.read(table, separator=separator if columns["label"] else None, **columns)
    return items if separator is None else replace(items, separator=modicum.data.check_separator(separator))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "me"


def _ready(session: Session, url: str, browser: bool | None, json: bool) -> None:
    if json:
        print_json({"url": url, "journal": str(session.journal.path)}, one_line=True)
    else:
        out().print(f"Labelling page: {url}", soft_wrap=True, markup=False)
        out().print(f"Answers go to {session.journal.path}; Ctrl-C ends.", soft_wrap=True, markup=False)
    sys.stdout.flush()
    if browser if browser is not None else sys.stdout.isatty():
        webbrowser.open(url)


def _import(session: Session, path: Path, json: bool) -> None:
    loop = modicum.workspace.loop
    found = loop.import_labels(session, loop.read_foreign(path, session.task.table.text_column), path.stem)
    if json:
        print_json(
            {
                "imported": found.labels,
                "new_classes": list(found.new_classes),
                "unmatched": found.unmatched,
                "repeated": found.repeated,
            }
        )
        return
    noun = "answer" if session.form.several else "label"
    told = [f"{counted(found.labels, f'{noun} was', f'{noun}s were')} added to {session.journal.path}"]
    if found.new_classes:
        told.append(
            f"{counted(len(found.new_classes), 'new class', 'new classes')}: {', '.join(found.new_classes[:8])}"
        )
    if found.repeated:
        told.append(f"{counted(found.repeated, 'was', 'were')} there already")
    if found.unmatched:
        told.append(f"{counted(found.unmatched, 'is for a text', 'are for texts')} that the table does not have")
    out().print(escape(f"{'; '.join(told)}."), soft_wrap=True)


def _export(session: Session, path: Path, json: bool) -> None:
    labelled = modicum.workspace.loop.export(session, path)
    table, form = session.task.table, session.form
    if json:
        print_json({"file": str(path), "rows": len(table), "labelled": labelled})
        return
    out().print(escape(f"{path}: {counted(len(table), 'row')}, {labelled:,} of them labelled."), soft_wrap=True)
    if table.text_column:
        again = ["modicum", "fit", str(path), "--text", table.text_column, "--label", form.column(table)]
        again += ["--separator", table.separator] if table.separator else []
        out().print(escape(f"Use it: {shlex.join(again)}"), soft_wrap=True)
