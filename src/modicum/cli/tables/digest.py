"""`modicum feed digest` and `modicum feed subscribe`: what is new in a feed, by mail, once a day or week."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import modicum
from modicum.cli import options
from modicum.cli.console import bars, err, out, print_json, print_table
from modicum.cli.tables.feed import ENCODER, FOLDER
from modicum.core.errors import InputError
from modicum.core.files import atomic_write, check_file_place
from modicum.core.texts import counted


def digest(
    folder: FOLDER = "feed",
    smtp: options.SMTP = None,
    sender: options.SENDER = None,
    address: options.ADDRESS = None,
    smtp_password_file: options.SMTP_PASSWORD_FILE = None,
    name: Annotated[str | None, typer.Option("--name", metavar="TEXT", help="What the site is called.")] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="EMAIL", help="Address of the reader of a feed without accounts."),
    ] = None,
    dry_run: Annotated[
        Path | None,
        typer.Option(
            "--dry-run", metavar="FILE", help="Send nothing; write the first message that is due (or that --to is due)."
        ),
    ] = None,
    encoder: ENCODER = None,
    json: options.JSON = False,
) -> None:
    """Send each reader what is new, once a day or week; run it as often as you like.

    Example: modicum feed digest --smtp smtp://mail.example.org --from feed@example.org --to me@example.org
    """
    parts = modicum.workspace.feed
    if sender is None:
        raise InputError("a digest needs a sender; name one with --from 'Our feed <feed@example.org>'")
    letters = parts.digest.Letters.of(sender, address, name)
    server = options.read_server(smtp, smtp_password_file)
    if server is None and dry_run is None:
        raise InputError("name the mail server with --smtp smtp://USER@HOST:PORT, or write a message with --dry-run")
    if dry_run is not None:
        check_file_place(dry_run, "--dry-run")
    home = parts.feed_folder(folder)
    readers = parts.readers.Readers.open(home)
    try:
        if dry_run is not None:
            message, due = parts.digest.preview_digest(readers, letters, to=to, encoder=encoder)
            _tell_preview(message, due, dry_run, json)
            return
        with bars() as progress:
            found = parts.digest.send_digests(readers, server, letters, to=to, encoder=encoder, progress=progress)
    finally:
        readers.close()
    _tell(found, json)


def _tell_preview(message: Any, due: int, file: Path, json: bool) -> None:
    if message is not None:
        atomic_write(file, modicum.workspace.feed.digest.wire(message))
    if json:
        print_json({"file": str(file) if message else None, "to": message and str(message["To"]), "due": due})
    elif message is None:
        err().print(f"nothing is new for anyone who is meant (digests due: {due:,})", soft_wrap=True)
    else:
        shown = f"{file}: the message to {message['To']}; nothing was sent (digests due: {due:,})"
        out().print(shown, soft_wrap=True, markup=False)


def _tell(found: Any, json: bool) -> None:
    if json:
        print_json(found.to_dict())
        return
    more = {"again": "of them perhaps twice", "waiting": "put off", "failed": "refused", "dropped": "given up"}
    counts = [f"{getattr(found, name):,} {said}" for name, said in more.items() if getattr(found, name)]
    out().print(", ".join([f"{counted(found.sent, 'digest')} sent", *counts]), soft_wrap=True, markup=False)
    for reason in found.reasons:
        err().print(f"  {reason}", soft_wrap=True, markup=False)


def subscribe(
    kind: Annotated[
        str | None,
        typer.Argument(metavar="KIND", help="trending, tag, keyword or search; without it all are listed."),
    ] = None,
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT", help="The tag, the keyword (its name, or its page's address), or the words of the search."
        ),
    ] = "",
    every: Annotated[str, typer.Option("--every", metavar="TIME", help="daily or weekly.")] = "daily",
    off: Annotated[bool, typer.Option("--off", help="End the subscription.")] = False,
    folder: FOLDER = "feed",
    json: options.JSON = False,
) -> None:
    """Say what the digest of a feed without accounts holds; with accounts, readers say so in the site.

    Example: modicum feed subscribe search "few labels" --every weekly
    """
    parts = modicum.workspace.feed
    home = parts.feed_folder(folder)
    readers = parts.readers.Readers.open(home)
    wanted = parts.readers.Subscriptions(readers, readers.single())
    try:
        if off:
            _end(wanted, kind, " ".join(what.split()), every)
        elif kind is not None:
            if kind == "keyword" and not parts.keywords.Keywords(readers).all():
                with bars() as progress:
                    parts.keywords.refresh_keywords(home, progress=progress)
            wanted.add(kind, what, every)
        found = wanted.all()
    finally:
        readers.close()
    if json:
        print_json({"folder": str(folder), "subscriptions": [_wish(one) for one in found]})
        return
    shown = [{**_wish(one), "what": f"{one.name} (its page was removed)" if one.gone else one.name} for one in found]
    told = ("kind", "what", "every")
    print_table([{name: row[name] for name in told} for row in shown] or [{"kind": "none", "what": "", "every": ""}])


def _end(wanted: Any, kind: str | None, what: str, every: str) -> None:
    """End the subscriptions that are called so.

    Raises:
        InputError: There is none.
    """
    ended = [one for one in wanted.all() if (one.kind, one.every) == (kind, every) and what in _names(one)]
    if not ended:
        said = f"there is no subscription {' '.join(filter(None, (kind, what, every)))}"
        raise InputError(f"{said}; modicum feed subscribe lists them, and --every names its frequency")
    for one in ended:
        wanted.remove(one.id)


def _names(one: Any) -> tuple[str, ...]:
    """What a subscription may be called by."""
    return one.what, one.name, f"/keyword/{one.what}"


def _wish(one: Any) -> dict[str, Any]:
    """A subscription as JSON tells it; that to a keyword with the address of its page."""
    page = {"page": f"/keyword/{one.what}", "gone": one.gone} if one.kind == "keyword" else {}
    return {"kind": one.kind, "what": one.name, "every": one.every, **page}
