"""A real mail server on loopback as a process of its own, for all tests that send mail."""

from __future__ import annotations

import json
import subprocess
import sys
from email import message_from_bytes, policy
from pathlib import Path

from modicum.workspace.feed.digest import Server

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "peers" / "mailbox.py"


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
