"""Takes the pictures of the docs from real pages in a headless chromium: `pictures.py [CHROMIUM]`. Minutes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from links import ROOT
from playwright.sync_api import sync_playwright

PICTURES = ROOT / "docs" / "pictures"
SIZE = {"width": 1000, "height": 720}
TABLE = "stdlib-docs"


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


def shoot(browser: Any, address: str, name: str, part: str = "") -> None:
    """One picture of the top of a page, or of a part of it, in light colours."""
    page = browser.new_page(viewport=SIZE, color_scheme="light")
    page.goto(address)
    page.wait_for_timeout(3000)
    seen = page.locator(part).first if part else page
    seen.screenshot(path=str(PICTURES / f"{name}.png"))
    page.close()


def main(arguments: list[str]) -> int:
    """Fit, find topics and label the built-in table, and look at the pages."""
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
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
