"""Takes the pictures of the docs from real pages in a headless chromium: `pictures.py [CHROMIUM]`. Minutes."""

from __future__ import annotations

import email
import email.policy
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from links import ROOT
from playwright.sync_api import sync_playwright

PICTURES = ROOT / "docs" / "pictures"
SIZE = {"width": 1000, "height": 720}
TABLE = "stdlib-docs"
ASKED = "Read a line of text from a connection, and decode it.\nCompress a file, a block at a time."


def run_verb(folder: Path, *arguments: str) -> None:
    """One verb in a folder."""
    subprocess.run([sys.executable, "-m", "modicum", *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def served(folder: Path, *arguments: str) -> Iterator[str]:
    """The address of a page that a verb serves as long as it is looked at."""
    command = [sys.executable, "-m", "modicum", *arguments, "--json", "--port", "0"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        told = ""
        for line in process.stdout or ():
            told += line
            if told.rstrip().endswith("}"):
                break
        try:
            yield json.loads(told)["url"]
        finally:
            process.terminate()


def shoot(browser: Any, address: str, name: str, part: str = "", typed: str = "") -> None:
    """One picture of the top of a page, or of a part of it, in light colours, once it answered what was typed."""
    page = browser.new_page(viewport=SIZE, color_scheme="light")
    page.goto(address)
    if typed:
        page.locator("textarea").fill(typed)
        page.keyboard.press("Control+Enter")
    page.wait_for_timeout(3000)
    seen = page.locator(part).first if part else page
    seen.screenshot(path=str(PICTURES / f"{name}.png"))
    page.close()


def ask(address: str, **form: Any) -> Any:
    """What a page of the feed answers as JSON, to a form where there is one."""
    data = urlencode(form).encode() if form else None
    with urllib.request.urlopen(urllib.request.Request(address, data, {"accept": "application/json"})) as reply:
        return json.loads(reply.read())


def shoot_feed(browser: Any, folder: Path) -> None:
    """The saved pages of the gallery, what is suggested by three likes, and the digest as a mail."""
    run_verb(folder, "feed", "add", str(ROOT / "docs" / "gallery" / "pages"))
    with served(folder, "feed", "serve") as address:
        while not (found := ask(f"{address}search.json?q=prediction+sets&count=3")["papers"]):
            time.sleep(0.5)
        for paper in found:
            ask(f"{address}paper/{paper['number']}/like", on=1)
            ask(f"{address}paper/{paper['number']}/tag", name="sets", on=1)
        shoot(browser, f"{address}for-you", "for_you")
    run_verb(folder, "feed", "subscribe", "tag", "sets")
    people = ("--from", "Our feed <feed@example.org>", "--to", "ana@example.org")
    run_verb(folder, "feed", "digest", *people, "--dry-run", "digest.eml")
    message = email.message_from_bytes((folder / "digest.eml").read_bytes(), policy=email.policy.default)
    body = message.get_body(("html",))
    (folder / "digest.html").write_text(body.get_content() if body else "", encoding="utf-8")
    shoot(browser, f"file://{folder / 'digest.html'}", "digest")


def main(arguments: list[str]) -> int:
    """Fit, label and serve the built-in table, find its topics, read saved pages, and look at what is shown."""
    chromium = arguments[0] if arguments else shutil.which("chromium") or "/usr/bin/chromium"
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as driver:
        folder = Path(name)
        run_verb(folder, "fit", TABLE, "--out", "demo")
        run_verb(folder, "topics", TABLE, "--topics", "20", "--out", "about")
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        shoot(browser, f"file://{folder / 'demo' / 'report.html'}", "report", "#cost figure")
        shoot(browser, f"file://{folder / 'about' / 'topics.html'}", "topics")
        with served(folder, "label", TABLE, "--no-open", "--annotator", "ana") as address:
            shoot(browser, address, "label")
        with served(folder, "serve", "demo", "--feedback", "fixes.labels.jsonl") as address:
            shoot(browser, address, "serve", typed=ASKED)
        shoot_feed(browser, folder)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
