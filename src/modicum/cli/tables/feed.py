"""`modicum feed`: a stream of papers from many sources, each paper once."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

import modicum
from modicum.cli import options
from modicum.cli.console import bars, err, out, print_json, print_table
from modicum.core.texts import counted

SHOWN = 20

feed = typer.Typer(
    help="Gather papers from feeds, interfaces and files, each paper once.\n\n"
    "Example: modicum feed add arxiv:all:calibration",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
FOLDER = Annotated[
    str,
    typer.Option("--folder", metavar="DIR", help="Folder of the feed; lance://DIR keeps its vectors in LanceDB."),
]
ENCODER = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        metavar="NAME",
        help="Encoder that finds copies in other words; default all-MiniLM-L6-v2; none to do without.",
    ),
]


@feed.command()
def add(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="Address of a feed or interface, arxiv:QUERY (in arXiv's words: all:, ti:, au:, cat:), a file "
            "(Atom, RSS, JSON, JSONL, CSV, BibTeX, RIS, HTML, text), or a folder of such files.",
        ),
    ],
    folder: FOLDER = "feed",
    encoder: ENCODER = None,
    json: options.JSON = False,
) -> None:
    """Read a source into the feed, and keep it for later polls.

    Example: modicum feed add arxiv:all:calibration --folder lab
    """
    parts = modicum.workspace.feed
    home = parts.feed_folder(folder, create=True)
    store = parts.Store.open(home, create=True)
    with bars() as progress:
        found = parts.add(store, source, encoder=encoder, progress=progress)
    total = store.rows("SELECT count(*) AS papers FROM papers")[0]["papers"]
    store.close()
    if json:
        print_json({**found.to_dict(), "folder": str(folder), "library": total})
        return
    entries, papers = counted(found.read, "entry", "entries"), counted(found.papers, "paper")
    said = f"{found.source}: {entries} read, {papers}"
    repeats = f", {len(found.repeated):,} told more than once" if found.repeated else ""
    out().print(f"{said}{repeats}; {counted(total, 'paper')} in {folder}", soft_wrap=True, markup=False)
    for title in found.repeated[:SHOWN]:
        out().print(f"  {title}", soft_wrap=True, markup=False)
    if len(found.repeated) > SHOWN:
        out().print(f"  and {len(found.repeated) - SHOWN:,} more (--json names all)", markup=False)
    if total:
        err().print(f"Read them: modicum feed serve --folder {folder}", soft_wrap=True, markup=False)


@feed.command("list")
def list_sources(folder: FOLDER = "feed", json: options.JSON = False) -> None:
    """List the feed's sources, how much they gave, and when they are due.

    Example: modicum feed list --folder lab
    """
    parts = modicum.workspace.feed
    store = parts.Store.open(parts.feed_folder(folder))
    rows = [_facts(row, parts.told_of(store, row["address"])) for row in store.rows("SELECT * FROM sources")]
    store.close()
    if json:
        print_json({"folder": str(folder), "sources": rows})
    else:
        told = ("source", "read", "papers", "polled", "due", "error")
        shown = [{name: "" if row[name] is None else str(row[name]) for name in told} for row in rows]
        print_table(shown, right=("read", "papers"))


@feed.command()
def poll(
    folder: FOLDER = "feed",
    all: Annotated[bool, typer.Option("--all", help="Also the sources that are not due yet.")] = False,
    encoder: ENCODER = None,
    json: options.JSON = False,
) -> None:
    """Ask the sources that are due for what is new; one that fails is put off, and told of.

    Example: modicum feed poll --folder lab
    """
    parts = modicum.workspace.feed
    store = parts.Store.open(parts.feed_folder(folder))
    with bars() as progress:
        found = parts.poll(store, encoder=encoder, all=all, progress=progress)
    store.close()
    if json:
        print_json({"folder": str(folder), "sources": [one.to_dict() for one in found]})
        return
    for one in found:
        if one.error:
            err().print(f"{one.source}: put off; {one.error}", soft_wrap=True, markup=False)
        else:
            out().print(f"{one.source}: {one.new:,} new entries", soft_wrap=True, markup=False)
    if not found:
        err().print("no source is due; --all asks them all the same", soft_wrap=True)


@feed.command("serve")
def serve_site(
    folder: FOLDER = "feed",
    port: Annotated[
        int | None,
        typer.Option(
            "--port", metavar="N", min=0, max=65535, help="Port to listen at; default the first free from 8790."
        ),
    ] = None,
    host: options.HOST = "127.0.0.1",
    token_file: options.TOKEN_FILE = None,
    name: Annotated[str | None, typer.Option("--name", metavar="TEXT", help="What the site is called.")] = None,
    address: options.ADDRESS = None,
    readers: Annotated[
        bool, typer.Option("--readers", help="Readers sign up by e-mail, each with likes and tags of their own.")
    ] = False,
    smtp: options.SMTP = None,
    smtp_password_file: options.SMTP_PASSWORD_FILE = None,
    sender: options.SENDER = None,
    poll: Annotated[bool, typer.Option("--poll", help="Also ask sources for what is new, as feed poll does.")] = False,
    editor: Annotated[
        list[str] | None,
        typer.Option("--editor", metavar="EMAIL", help="A reader who may edit keywords; repeatable."),
    ] = None,
    encoder: ENCODER = None,
    json: options.JSON = False,
) -> None:
    """Show the feed as a web site: what is trending and new, search, and each paper.

    Example: modicum feed serve --folder lab
    """
    parts = modicum.serve
    server, token = options.read_server(smtp, smtp_password_file), options.read_token(token_file)
    settings = parts.FeedServing(
        host, port, token, name, address, readers, poll, tuple(editor or ()), encoder, server, sender
    )
    home = modicum.workspace.feed.feed_folder(folder)
    parts.run_feed(home, settings, lambda url: _ready(home, url, json))


def _ready(folder: Path, url: str, json: bool) -> None:
    if json:
        print_json({"url": url, "folder": str(folder)}, one_line=True)
    else:
        out().print(f"{folder} can be read at {url}; Ctrl-C ends.", soft_wrap=True, markup=False)
    sys.stdout.flush()


def _facts(row: dict[str, Any], found: Any) -> dict[str, Any]:
    return {
        **found.to_dict(),
        "polled": _time(row["polled"]),
        "due": _time(row["due"]),
        "failures": row["failures"],
        "error": row["error"],
    }


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
