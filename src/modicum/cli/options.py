"""Options that mean the same on every verb, and what is made of a table's name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import modicum
from modicum.core.errors import InputError


def default_place(ending: str) -> str:
    """What help says of a place that is named after the table."""
    return f"default the table's name, ending in .{ending}, in this folder"


TABLE = Annotated[
    str,
    typer.Argument(
        metavar="TABLE",
        help="CSV, JSONL, Parquet or Arrow file (.gz too) or pipe, - for standard input, the built-in table "
        "stdlib-docs, a store (lance://FOLDER), or a folder of images, whose sub-folders are the labels.",
    ),
]
BUNDLE = Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder written by modicum fit.")]
TEXT = Annotated[str | None, typer.Option("--text", metavar="COL", help="Column of the items' texts.")]
IMAGE = Annotated[
    str | None,
    typer.Option("--image", metavar="COL", help="Column of image files, relative to the table; instead of texts."),
]
LABEL = Annotated[str | None, typer.Option("--label", metavar="COL", help="Column of labels, empty where unknown.")]
LABELS = Annotated[
    list[str] | None,
    typer.Option(
        "--label", metavar="COL", help="Column of labels, empty where unknown; repeatable, for several columns."
    ),
]
SEPARATOR = Annotated[
    str | None,
    typer.Option(
        "--separator", metavar="SIGN", help="Sign between the labels of a row that may have several, such as | or ;."
    ),
]
CLASSES = Annotated[
    Path | None,
    typer.Option("--classes", metavar="FILE", help="Class file (YAML, JSON, CSV): name, description, parent."),
]
ID = Annotated[
    str | None,
    typer.Option(
        "--id",
        metavar="COL",
        help="Column of unique row ids; default the column id where no value comes twice, else row numbers.",
    ),
]
VECTORS = Annotated[
    Path | None, typer.Option("--vectors", metavar="FILE", help="Precomputed vectors (.npy or .parquet), one per row.")
]
ENCODER = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        metavar="NAME",
        help="Encoder by name or folder; default all-MiniLM-L6-v2. Of images: timm:NAME, open_clip:MODEL/TAG, "
        "hf:ORGANISATION/NAME, or a folder.",
    ),
]
ENCODER_MODE = Annotated[
    str,
    typer.Option(
        "--encoder-mode",
        metavar="MODE",
        help="exact; fast (8 bits, where this machine gains); static (dozens of times as fast, weaker). Of fit alone: "
        "fused (exact, the table's words beside it); cascade (static where that is sure, else exact); auto (fused; "
        "exact where vectors are stored).",
    ),
]
HOST = Annotated[
    str,
    typer.Option("--host", metavar="ADDRESS", help="Address to listen at; any but this machine needs --token-file."),
]
TOKEN_FILE = Annotated[
    Path | None,
    typer.Option(
        "--token-file", metavar="FILE", help="File that holds a secret of 16 characters or more, which is asked for."
    ),
]
BUNDLE_OUT = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help=f"Folder of the bundle; {default_place('bundle')}."),
]
BUDGET = Annotated[
    str,
    typer.Option(
        "--budget",
        metavar="TIME",
        help="Time for the ladder, and for tuning weights, such as 45, 90s, 10m or 1h; encoding and the final fit come "
        "on top.",
    ),
]
SHIP = Annotated[
    str,
    typer.Option(
        "--ship",
        metavar="WHAT",
        help="Of tuned weights the bundle holds all (whole), or where that is much less their difference from the "
        "encoder that was tuned, without which it then does not answer.",
    ),
]
COPIES_ACROSS = Annotated[
    str | None,
    typer.Option("--split", metavar="COL", help="Column of splits (train, test): tells copies across them."),
]
THREADS = Annotated[
    int | None, typer.Option("--threads", metavar="N", min=1, help="Threads to use; default all cores.")
]
SMTP = Annotated[
    str | None,
    typer.Option(
        "--smtp",
        metavar="URL",
        envvar="MODICUM_SMTP",
        help="Mail server: smtp://USER@HOST:PORT (TLS is begun by STARTTLS) or smtps://USER@HOST:PORT.",
    ),
]
SMTP_PASSWORD_FILE = Annotated[
    Path | None,
    typer.Option(
        "--smtp-password-file",
        metavar="FILE",
        envvar="MODICUM_SMTP_PASSWORD_FILE",
        help="File that holds the password of its user.",
    ),
]
ADDRESS = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="URL",
        help="Where readers find the site, such as https://papers.example.org; links lead there.",
    ),
]
SENDER = Annotated[
    str | None,
    typer.Option("--from", metavar="SENDER", envvar="MODICUM_FROM", help="Sender: 'Our feed <feed@example.org>'."),
]
EXECUTOR = Annotated[
    str,
    typer.Option(
        "--executor",
        metavar="WHERE",
        help="local (all cores here), ray (a cluster found on this machine) or ray:ADDRESS.",
    ),
]
JSON = Annotated[bool, typer.Option("--json", help="Write the result as JSON to standard output.")]
SEED = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of every random choice.")]


def stem(table: str) -> str:
    """Name of a table without folder and endings, for what is made of it."""
    if modicum.data.store.is_store(table):
        return modicum.data.store.Place.parse(table).name
    pipe = table == "-" or modicum.data.is_pipe(Path(table))
    return "table" if pipe else modicum.data.bare_name(Path(table).absolute())


def bundle_place(named: Path | None, table: str) -> Path:
    """The folder of a bundle, by default named after its table.

    Raises:
        InputError: It holds something else, or cannot be written.
    """
    folder = named or Path(f"{stem(table)}.bundle")
    modicum.workspace.check_bundle_place(folder)
    return folder


def check_tables(*read: str | Path | None, **places: Path | None) -> None:
    """Look, before any work, at the places of tables to write, by the options that name them.

    Args:
        read: What is read; none of it is replaced.
        places: Where tables are written.

    Raises:
        InputError: One cannot be written, or is read.
    """
    for option, place in places.items():
        if place is not None:
            modicum.data.check_table_place(place, f"--{option}")
            check_apart(place, f"--{option}", *read)


def check_apart(place: Path, option: str, *read: str | Path | None) -> None:
    """Let a place pass that is none of what is read.

    Raises:
        InputError: It is.
    """
    if place.resolve() in {Path(each).resolve() for each in read if each is not None}:
        raise InputError(f"{option} {place} is a file that is read, and would be replaced; choose another {option}")


def read_token(path: Path | None, option: str = "--token-file") -> str | None:
    """The secret in a file; None where no file is named.

    Raises:
        InputError: The file cannot be read.
    """
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path} cannot be read ({reason}); {option} names a file that holds the secret") from error


def read_server(smtp: str | None, password_file: Path | None) -> Any:
    """The mail server; None where none is named.

    Raises:
        InputError: The address names none, or the password cannot be read.
    """
    if smtp is None:
        return None
    password = read_token(password_file, "--smtp-password-file") or ""
    return modicum.workspace.feed.digest.Server.parse(smtp, password)
