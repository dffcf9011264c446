"""A browser, and a real server on a small table that can be killed and started again at the same address."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

THEMES = {"food": "soup bread cheese pasta", "sport": "goal match referee league", "weather": "rain storm snow wind"}
SCRIPT = "<script>document.title='hacked'</script><img src=x onerror=\"document.title='hacked'\"> soup & bread"


class Server:
    """`modicum label` as a process of its own."""

    def __init__(self, folder, *more):
        self.folder = folder
        self.more = more
        self.port = "0"
        self.process = None

    def start(self):
        command = [sys.executable, "-m", "modicum", "label", "items.csv", "--text", "text", "--label", "topic"]
        options = ["--encoder", "hashed", "--no-open", "--json", "--annotator", "ana", "--port", self.port]
        self.process = subprocess.Popen(
            [*command, *options, *self.more], stdout=subprocess.PIPE, text=True, cwd=self.folder
        )
        told = ""
        while not told.rstrip().endswith("}"):
            line = self.process.stdout.readline()
            assert line, "the server ended"
            told += line
        self.url = json.loads(told)["url"]
        self.port = self.url.rsplit(":", 1)[1].strip("/")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    @property
    def journal(self):
        """Events on disk."""
        lines = (self.folder / "items.labels.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]


def serve(folder):
    rows = ["text,topic", f'"{SCRIPT.replace(chr(34), chr(34) * 2)}",']
    for n in range(48):
        theme = list(THEMES)[n % 3]
        words = THEMES[theme].split()
        rows.append(f"about {words[n % 4]} and {words[(n + 1) % 4]} number {n},{theme if n < 6 else ''}")
    (folder / "items.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    server = Server(folder)
    server.start()
    return server


def serve_sets(folder):
    """A server on rows that may have several labels: none, one or two themes a row."""
    rows, themes = ["text,topic"], list(THEMES)
    for n in range(42):
        found = [theme for place, theme in enumerate(themes) if (n % 7) & (1 << place)]
        words = [THEMES[theme].split()[(n + place) % 4] for place, theme in enumerate(found)]
        cell = "|".join(found) or "|"
        rows.append(f"about {' and '.join(words) or 'nothing at all'} number {n},{cell if n < 7 else ''}")
    (folder / "items.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    server = Server(folder, "--separator", "|")
    server.start()
    return server


@pytest.fixture
def server(tmp_path):
    """A server of the test's own."""
    server = serve(tmp_path)
    yield server
    server.kill()


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """A server for tests that change nothing."""
    server = serve(tmp_path_factory.mktemp("calm"))
    yield server
    server.kill()


@pytest.fixture
def sets_server(tmp_path):
    """A server of the test's own, on rows that may have several labels."""
    server = serve_sets(tmp_path)
    yield server
    server.kill()


@pytest.fixture(scope="module")
def calm_sets(tmp_path_factory):
    """A server on rows that may have several labels, for tests that change nothing."""
    server = serve_sets(tmp_path_factory.mktemp("sets"))
    yield server
    server.kill()


@pytest.fixture
def open_page(browser):
    """A function that opens a server's page in a context of its own; errors and requests elsewhere are in `noise`."""
    contexts = []

    def open_(server, view="one", width=1400, **settings):
        context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.noise = []
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: page.noise.append(str(error)))
        page.on("dialog", lambda dialog: (page.noise.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda r: None if r.url.startswith((server.url, "blob:")) else page.noise.append(r.url))
        page.goto(f"{server.url}#{view}")
        page.wait_for_selector("#view section")
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture
def lasso_all():
    """A function that draws a line around all points of a page's map with the mouse."""

    def lasso(page):
        page.wait_for_selector("canvas")
        frame = page.locator("canvas").bounding_box()
        corners = [(0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99), (0.01, 0.5), (0.01, 0.02)]
        spots = [(frame["x"] + x * frame["width"], frame["y"] + y * frame["height"]) for x, y in corners]
        page.mouse.move(*spots[0])
        page.mouse.down()
        for spot in spots[1:]:
            page.mouse.move(*spot, steps=4)
        page.mouse.up()

    return lasso
