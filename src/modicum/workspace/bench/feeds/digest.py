"""The digest under kills: thousands of subscribers, a mail server and a sender that are killed again and again."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from modicum.core.errors import InputError
from modicum.core.progress import Progress
from modicum.evaluation.bench import BenchRow
from modicum.workspace.feed.readers import Readers
from modicum.workspace.feed.reading import add
from modicum.workspace.feed.store import Store

MAILBOX = Path("benchmarks/peers/mailbox.py")
SUBSCRIBERS = "MODICUM_FEED_SUBSCRIBERS"
"""Variable of the environment with the number of subscribers."""
KILLS, EARLY = 10, 2
"""Kills of the sender and of the server each, and those of the sender before its first message."""
SLOW = 0.002
"""Seconds between the server's taking a message and saying so, in which a kill leaves the sender in doubt."""
LOOK = 0.01
"""Seconds between two looks at what the server took."""
WISHES = (("trending", ""), ("search", "language models"), ("search", "few labels"), ("search", "learning"))
FROM, SITE = "Our feed <feed@example.org>", "https://papers.example.org"


def digest_rows(pages: Path, progress: Progress) -> list[BenchRow]:
    """Messages that readers of a feed of saved pages get, counted where they arrive.

    Raises:
        InputError: There are no such pages, no mail server, or the sender ends with an error.
    """
    if not pages.is_dir():
        raise InputError(f"there is no folder {pages} (give the folder of collections with --data DIR)")
    if not MAILBOX.is_file() or importlib.util.find_spec("aiosmtpd") is None:
        raise InputError(
            f"this benchmark needs {MAILBOX} and the package aiosmtpd; install it with: pip install aiosmtpd"
        )
    count = int(os.environ.get(SUBSCRIBERS, "10000"))
    with tempfile.TemporaryDirectory() as name:
        _subscribe(pages, Path(name) / "feed", count, progress)
        run = _Run(Path(name), count, random.Random(0))
        seconds = run.go(progress)
        return _rows(run, seconds)


def _subscribe(pages: Path, folder: Path, count: int, progress: Progress) -> None:
    """A feed of the pages, and as many readers as are wanted, each with one of a few wishes, once a day."""
    store = Store.open(folder, create=True)
    add(store, str(pages), encoder="none", progress=progress)
    store.close()
    readers = Readers.open(folder)
    people = [(number, f"reader{number}@example.org") for number in range(1, count + 1)]
    wishes = [(number, *WISHES[number % len(WISHES)]) for number, _ in people]
    with readers.transaction() as db:
        db.executemany("INSERT INTO readers (id, email, made) VALUES (?, ?, 0)", people)
        db.executemany(
            "INSERT INTO subscriptions (reader, kind, what, every, made) VALUES (?, ?, ?, 'daily', 0)", wishes
        )
    readers.close()


@dataclass
class _Run:
    """Sends all digests, and kills whoever takes part in it."""

    folder: Path
    readers: int
    rng: random.Random
    port: int = 0
    killed: Counter[str] = field(default_factory=Counter)
    looked: int = 0
    """Bytes of the server's file that were counted."""
    taken: int = 0
    """Messages in them."""

    def go(self, progress: Progress) -> float:
        """Send until all kills were made and a sender has ended by itself; returns the seconds.

        Raises:
            InputError: It ended with an error.
        """
        start = begun = time.monotonic()
        kills, processes = self._kills(), {"server": self.server(), "sender": self.sender()}
        try:
            while processes["sender"].poll() is None:
                taken = self._taken()
                progress("take digests", taken, self.readers)
                time.sleep(LOOK)
                if kills and self._ripe(kills[0][0], taken, time.monotonic() - begun):
                    who = kills.pop(0)[1]
                    _kill(processes[who])
                    self.killed[who] += 1
                    processes[who] = self.sender() if who == "sender" else self.server()
                    begun = time.monotonic()
            if processes["sender"].returncode:
                raise InputError("the sender has ended with an error; run modicum feed digest to see it")
            return time.monotonic() - start
        finally:
            for process in processes.values():
                _kill(process)

    def sender(self) -> subprocess.Popen[str]:
        """`modicum feed digest` as a process of its own."""
        command = [sys.executable, "-m", "modicum", "feed", "digest", "--folder", str(self.folder / "feed"), "--json"]
        command += ["--smtp", f"smtp://127.0.0.1:{self.port}", "--from", FROM, "--address", SITE, "--encoder", "none"]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)

    def server(self) -> subprocess.Popen[str]:
        """The mail server as a process of its own, at the port that it had before."""
        command = [sys.executable, str(MAILBOX), str(self._file), "--port", str(self.port), "--slow", str(SLOW)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise InputError(f"{MAILBOX} has ended before it listened; run it to see why")
        self.port = json.loads(line)["port"]
        return process

    def mail(self) -> list[tuple[str, str, str]]:
        """Reader, Message-ID and hash of what the server took, in its order; a line that a kill cut was not taken."""
        found = []
        for line in self._file.read_bytes().splitlines():
            with suppress(ValueError):
                row = json.loads(line)
                found.append((row["to"][0], row["message_id"], row["digest"]))
        return found

    @property
    def _file(self) -> Path:
        return self.folder / "mail.jsonl"

    def _taken(self) -> int:
        """Messages that the server took by now; only what is new in its file is read."""
        if self._file.exists():
            with self._file.open("rb") as file:
                file.seek(self.looked)
                new = file.read()
            self.looked, self.taken = self.looked + len(new), self.taken + new.count(b"\n")
        return self.taken

    def _kills(self) -> list[tuple[int, str]]:
        """After how many messages who is killed; 0 for a sender that is still choosing papers."""
        times = [(0, "sender")] * EARLY
        for number in range(1, KILLS + 1):
            at = number * self.readers // (KILLS + 2)
            times += [(at, "server")] + [(at + self.readers // (3 * KILLS), "sender")] * (number <= KILLS - EARLY)
        return times

    def _ripe(self, at: int, taken: int, seconds: float) -> bool:
        """Whether a kill is due: at a random moment after its message, or some seconds after the start."""
        return taken >= at and self.rng.random() < 0.3 if at else seconds > self.rng.uniform(2, 6)


def _kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    if process.stdout:
        process.stdout.close()


def _rows(run: _Run, seconds: float) -> list[BenchRow]:
    mail = run.mail()
    distinct = set(mail)
    each = Counter(to for to, _, _ in distinct)
    exact = sum(each[f"reader{number}@example.org"] == 1 for number in range(1, run.readers + 1))
    where = (
        f"{run.readers:,} subscribers, sender killed {run.killed['sender']} times, server {run.killed['server']} times"
    )
    copies = "the same bytes under the same Message-ID, after a kill between the server's file and the sender's ledger"
    return [
        BenchRow("readers with exactly one message", where, exact, "readers", None, run.readers),
        BenchRow("readers with none or several", where, run.readers - exact, "readers", None, 0),
        BenchRow("messages of other bytes for one reader", where, len(distinct) - len(each), "messages", None, 0),
        BenchRow("copies that arrived twice", where, len(mail) - len(distinct), "messages", note=copies),
        BenchRow("time", where, seconds, "s", note=f"{run.readers / seconds:.0f} messages/s with all restarts"),
    ]
