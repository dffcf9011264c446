"""`modicum serve`: a bundle answers over HTTP."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

import modicum
from modicum.cli import options
from modicum.cli.console import out, print_json


def serve(
    bundle: options.BUNDLE,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", metavar="N", min=0, max=65535, help="Port to listen at; default the first free from 8770."
        ),
    ] = None,
    host: options.HOST = "127.0.0.1",
    token_file: options.TOKEN_FILE = None,
    workers: Annotated[
        int,
        typer.Option("--workers", metavar="N", min=1, help="Batches that are answered at the same time, in threads."),
    ] = 1,
    watch: Annotated[
        bool, typer.Option("--watch", help="Answer from a new bundle as soon as it takes the old one's place.")
    ] = False,
    feedback: Annotated[
        Path | None,
        typer.Option("--feedback", metavar="JOURNAL", help="Take corrections, into a journal for modicum label."),
    ] = None,
    queue: Annotated[
        int, typer.Option("--queue", metavar="N", min=1, help="Items that may wait before more are refused.")
    ] = 1024,
    timeout: Annotated[
        float,
        typer.Option(
            "--timeout", metavar="SECONDS", min=0.1, help="Seconds in which a request is answered, or refused."
        ),
    ] = 10.0,
    threads: options.THREADS = None,
    json: options.JSON = False,
) -> None:
    """Answer over HTTP: predict, encode, search and corrections, with a page to try it and figures for Prometheus.

    Example: modicum serve intents --watch --feedback intents.labels.jsonl
    """
    serve = modicum.serve
    settings = serve.Serving(
        host,
        port,
        options.read_token(token_file),
        feedback,
        watch,
        workers,
        threads,
        serve.Limits(queue=queue, patience=timeout, items=min(queue, ITEMS)),
    )
    serve.run_serve(bundle, settings, lambda url: _ready(bundle, url, json))


ITEMS = 256
"""Items of a request, where the queue is not shorter."""


def _ready(bundle: Path, url: str, json: bool) -> None:
    if json:
        print_json({"url": url, "bundle": str(bundle)}, one_line=True)
    else:
        out().print(f"{bundle} answers at {url}; Ctrl-C ends.", soft_wrap=True, markup=False)
    sys.stdout.flush()
