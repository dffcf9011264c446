"""The feed's site in a headless browser: the time to the first paint of its pages, without a cache, from loopback."""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from modicum.core.errors import InputError
from modicum.core.progress import Progress
from modicum.evaluation.bench import BenchRow, summarize
from modicum.workspace.bench.serve import running
from modicum.workspace.feed.reading import add
from modicum.workspace.feed.store import Store

PAGES = {"front page": "/", "paper page": "/paper/1", "search page": "/search?q=few+labels"}
TARGET = 300.0
"""Milliseconds to the first paint."""
BROWSER = "MODICUM_CHROMIUM"
"""Variable of the environment that names the browser's program."""
USUAL = Path("/usr/bin/chromium")
PATIENCE = 120.0
"""Seconds for the search to be ready."""
PAINT = """() => new Promise((done) => {
  const look = () => {
    const found = performance.getEntriesByName("first-contentful-paint")[0];
    if (found) done(found.startTime); else setTimeout(look, 5);
  };
  look();
})"""


def site_rows(pages: Path, seeds: int, progress: Progress) -> list[BenchRow]:
    """First paints of the site on saved pages.

    Raises:
        InputError: There are no such pages, or no browser that playwright can drive.
    """
    if not pages.is_dir():
        raise InputError(f"there is no folder {pages} (give the folder of collections with --data DIR)")
    with tempfile.TemporaryDirectory() as name:
        store = Store.open(Path(name) / "feed", create=True)
        found = add(store, str(pages), progress=progress)
        store.close()
        with _browser() as browser:
            return paint_rows(browser, Path(name) / "feed", f"{found.papers} papers", seeds)


def paint_rows(browser: Any, folder: Path, where: str, visits: int, *, encoder: str | None = None) -> list[BenchRow]:
    """Milliseconds from the start of navigation to the first contentful paint, the median of some visits of each page.

    Args:
        browser: A browser of playwright's.
        folder: Folder of the feed.
        where: What is measured on.
        visits: Visits of each page, every one of a browser that has never seen the site.
        encoder: As for `modicum feed serve`.
    """
    command = [sys.executable, "-m", "modicum", "feed", "serve", "--folder", str(folder), "--json", "--port", "0"]
    named = [] if encoder is None else ["--encoder", encoder]
    with running([*command, *named]) as (url, _):
        _until_ready(url)
        on = f"{where}, loopback, Chromium {browser.version}"
        return [_row(what, on, _paints(browser, url.rstrip("/") + path, visits)) for what, path in PAGES.items()]


def _row(what: str, where: str, times: list[float]) -> BenchRow:
    ordered = sorted(times)
    note = f"median; mean {summarize(times)[0]:.0f}, slowest {ordered[-1]:.0f}"
    median = ordered[len(ordered) // 2]
    return BenchRow(f"first paint, {what}", where, median, "ms", None, TARGET, len(times), summarize(times)[1], note)


def _paints(browser: Any, url: str, visits: int) -> list[float]:
    """Times of visits, each of a browser that has never seen the site."""
    found = []
    for _ in range(visits):
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        page = context.new_page()
        page.goto(url)
        found.append(float(page.evaluate(PAINT)))
        context.close()
    return found


@contextmanager
def _browser() -> Iterator[Any]:
    try:
        driving = importlib.import_module("playwright.sync_api")
    except ModuleNotFoundError as error:
        raise InputError(
            "this benchmark needs the package playwright; install it with: pip install playwright"
        ) from error
    program = os.environ.get(BROWSER, str(USUAL) if USUAL.exists() else None)
    with driving.sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        except driving.Error as error:
            raise InputError(
                f"no browser can be started ({error.message.splitlines()[0]}); name one in {BROWSER}"
            ) from error
        yield browser
        browser.close()


def _until_ready(url: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with urllib.request.urlopen(f"{url}search.json?q=labels") as reply:
            if json.load(reply)["papers"]:
                return
        time.sleep(0.2)
    raise InputError(f"the search of the site was not ready within {PATIENCE:g} s; run modicum feed serve to see why")
