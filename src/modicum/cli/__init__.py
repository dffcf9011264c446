"""The command line: one file per verb, in folders by what they are for, all through the library's front door."""

from __future__ import annotations

import errno
import inspect
import os
import sys
import warnings

import typer
import typer.main

from modicum import __version__
from modicum.cli.console import complain, show_warning
from modicum.cli.misuse import misuse
from modicum.cli.models import classes, fit, merge, predict, report, serve, tune
from modicum.cli.parts import bench, doctor, encode, encoders, methods
from modicum.cli.tables import clean, dedup, digest, feed, label, search, select, store, topics
from modicum.core.errors import InputError
from modicum.core.texts import shortened

OF_THE_MACHINE = (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOSPC, errno.EROFS, errno.EIO)
"""Errors of places that the user named, or of the disk they lie on; others are defects."""
HELP = """Turn a table of mostly unlabelled items and a few labels into a calibrated task model.

Example: modicum fit tickets.csv --text message --label intent --out intents
"""

app = typer.Typer(help=HELP, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
verbs = (
    fit,
    tune,
    predict,
    report,
    label,
    clean,
    classes,
    search,
    topics,
    dedup,
    select,
    merge,
    serve,
    store,
    encoders,
    methods,
    encode,
    bench,
    doctor,
)
for verb in verbs:
    function = getattr(verb, verb.__name__.rsplit(".", 1)[-1])
    # Lines as long as the source's would be broken once more, at the width of the terminal.
    flowing = [" ".join(part.split()) for part in inspect.cleandoc(function.__doc__).split("\n\n")]
    app.command(help="\n\n".join(flowing))(function)
for verb_of_feed in (digest.digest, digest.subscribe):
    feed.feed.command()(verb_of_feed)
app.add_typer(feed.feed, name="feed")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"modicum {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Options before the verb."""


def main() -> None:
    """Run the command line: exit code 0 when done, 2 when the input is wrong, 130 on Ctrl-C, 1 for a defect."""
    warnings.showwarning = show_warning
    command = typer.main.get_command(app)
    try:
        with command.make_context("modicum", sys.argv[1:]) as context:
            command.invoke(context)
        sys.stdout.flush()
    except typer.Exit as end:
        sys.exit(end.exit_code)
    except SystemExit as end:  # what help is printed by ends by itself where a pipe is closed
        sys.exit(0 if isinstance(end.__context__, BrokenPipeError) else end.code)
    except KeyboardInterrupt:
        complain("interrupted")
        sys.exit(130)
    except BrokenPipeError:  # whoever reads has enough, and what is still to be written would fail again at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        said = _said(error)
        if said is None:
            raise
        if said:
            complain(said)
        sys.exit(2)


def _said(error: Exception) -> str | None:
    """The sentence on an error of the user or of the machine; None for a defect."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, OSError) and error.filename and error.errno in OF_THE_MACHINE:
        place = shortened(str(error.filename), 200)
        return f"{place} cannot be used ({error.strerror}); have that mended, or name another place"
    return misuse(error)
