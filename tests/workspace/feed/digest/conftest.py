"""A feed, its readers, and a real mail server on loopback as a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from modicum.data.read.feeds import make_entry
from modicum.workspace.feed import Store
from modicum.workspace.feed.digest import Letters, Patience, Server
from modicum.workspace.feed.merging import take
from modicum.workspace.feed.readers import Readers, Subscriptions

SCRIPT = Path(__file__).parents[4] / "benchmarks" / "peers" / "mailbox.py"
NOW = 1_790_000_000.0
LETTERS = Letters("feed@example.org", "Our feed", "https://papers.example.org")
TITLES = ("On rows of tables", "Columns that came late", "A note on shy labels", "Trees that fall together")
HOSTILE = '<script>alert(1)</script>\r\nBcc: eve@example.org " & <img src=x onerror=alert(1)>'


class Mailbox:
    """A mail server, what it took, and the means to kill it."""

    def __init__(self, folder, *options):
        self.file, self.options, self.port = folder / "mail.jsonl", options, 0
        self.start()

    def start(self):
        command = [sys.executable, str(SCRIPT), str(self.file), "--port", str(self.port), "--whole", *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = json.loads(self.process.stdout.readline())["port"]

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    @property
    def server(self):
        return Server("127.0.0.1", self.port, False)

    @property
    def rows(self):
        return [json.loads(line) for line in self.file.read_text().splitlines()] if self.file.exists() else []

    @property
    def messages(self):
        return [message_from_bytes(row["message"].encode("latin-1"), policy=policy.default) for row in self.rows]

    def forget(self):
        self.file.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def standing(tmp_path_factory):
    """A mail server for all tests of a file."""
    pytest.importorskip("aiosmtpd")
    found = Mailbox(tmp_path_factory.mktemp("mail"))
    yield found
    found.kill()


@pytest.fixture
def mailbox(standing):
    """The mail server, empty."""
    standing.forget()
    return standing


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate of this machine with its key, which is its own authority."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    asked = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext subjectAltName=IP:127.0.0.1"
    asked += " -addext keyUsage=critical,digitalSignature,keyCertSign"
    keys = ["-keyout", str(file), "-out", f"{file}.crt"]
    subprocess.run(["openssl", *asked.split(), *keys], check=True, capture_output=True)
    file.write_text(file.read_text() + Path(f"{file}.crt").read_text())
    return file


def put(folder, *titles, seen=NOW, votes=3):
    """Take papers into a feed; returns nothing."""
    store = Store.open(folder, create=True)
    with store.transaction() as db:
        db.execute("INSERT OR IGNORE INTO sources (address, added) VALUES ('a', 0)")
        told = [{"title": title, "abstract": f"{title} told of once more.", "votes": votes} for title in titles]
        take(db, 1, [make_entry(one, "a", one["title"]) for one in told], seen)
    store.close()


def join(folder, *emails, kind="trending", what="", every="daily"):
    """Readers who subscribed."""
    readers = Readers.open(folder)
    found = []
    for email in emails:
        found.append(readers.confirm(readers.sign_up(email)))
        Subscriptions(readers, found[-1]).add(kind, what, every)
    readers.close()
    return found


@pytest.fixture
def folder(tmp_path):
    """A feed of four papers, read at `NOW`."""
    put(tmp_path / "feed", *TITLES)
    return tmp_path / "feed"


class Clock:
    def __init__(self):
        self.now = NOW + 3600

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def readers(folder, clock):
    found = Readers.open(folder)
    found.clock = clock
    yield found
    found.close()


@pytest.fixture
def patience():
    """No waiting, but for the count of it in `waits`."""
    waits = []
    found = Patience(tries=4, sleep=waits.append)
    object.__setattr__(found, "waits", waits)
    return found
