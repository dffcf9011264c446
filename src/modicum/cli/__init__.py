"""The command line: one file per verb, in folders by what they are for, all through the library's front door."""

from __future__ import annotations

import sys
import warnings

import typer

from modicum import __version__
from modicum.cli.console import complain, show_warning
from modicum.cli.models import classes, fit, merge, predict, report, serve, tune
from modicum.cli.parts import bench, doctor, encode, encoders, methods
from modicum.cli.tables import clean, dedup, digest, feed, label, search, select, store, topics
from modicum.core.errors import InputError

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
    app.command()(getattr(verb, verb.__name__.rsplit(".", 1)[-1]))
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
    """Run the command line: exit code 0 when done, 2 when the input is wrong, 1 for a defect."""
    warnings.showwarning = show_warning
    try:
        app()
    except InputError as error:
        complain(str(error))
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
