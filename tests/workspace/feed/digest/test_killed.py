"""The sender is killed at every step that it takes, one after the other, and each reader has the digest once."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from modicum.workspace.feed.readers import Readers
from tests.mail import Mailbox
from tests.workspace.feed.conftest import NOW, join

pytestmark = pytest.mark.enable_socket

# Forks once for every kill: the child sends, and kills itself at its n-th statement or its n-th answer of the server.
# While nothing is reserved n grows by three; then it goes round, so that every step around a message has its turn.
SENDER = """
import os, signal, smtplib, sys
from pathlib import Path
from modicum.workspace.feed.digest import Letters, Server, choosing, sending, writing
from modicum.workspace.feed.readers import Readers

folder, port, now, around = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
steps = 0

def step(*ignored):
    global steps
    steps += 1
    if steps == at:
        os.kill(os.getpid(), signal.SIGKILL)

def answer(self):
    found = reply(self)
    step()
    return found

def reserved():
    readers = Readers.open(folder)
    found = readers.rows("SELECT * FROM digests")
    readers.close()
    return bool(found)

reply, smtplib.SMTP.getreply = smtplib.SMTP.getreply, answer
at, killed, begun = 1, 0, False
while True:
    child = os.fork()
    if child == 0:
        readers = Readers.open(folder)
        readers.clock = lambda: now
        readers.db.set_trace_callback(step)
        letters = Letters.of("feed@example.org", "https://papers.example.org")
        sending.send_digests(readers, Server("127.0.0.1", port, False), letters, encoder="none")
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
    killed, before = killed + 1, begun
    begun = begun or reserved()
    at = at % around + 1 if begun and before else 1 if begun else at + 3
print(killed)
"""
AROUND = 40
"""Steps until a run has handed in a first message, and a few more."""


@pytest.fixture
def mailbox(tmp_path):
    pytest.importorskip("aiosmtpd")
    found = Mailbox(tmp_path)
    yield found
    found.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="a process forks")
def test_every_reader_once_whenever_the_sender_is_killed(folder, mailbox):
    names = [f"r{n}@example.org" for n in range(6)]
    join(folder, *names)
    command = [sys.executable, "-c", SENDER, str(folder), str(mailbox.port), str(NOW + 60), str(AROUND)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) >= AROUND
    messages = Counter((row["to"][0], row["message_id"], row["digest"]) for row in mailbox.rows)
    assert sorted(to for to, _, _ in messages) == names
    assert max(messages.values()) > 1, "no kill came between the server's answer and the ledger's"
    readers = Readers.open(folder)
    assert {row["state"] for row in readers.rows("SELECT state FROM digests")} == {"sent"}
    readers.close()
