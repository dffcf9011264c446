"""How letters are written, a certificate for the mail server, and patience that does not wait."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from modicum.workspace.feed.digest import Letters, Patience

LETTERS = Letters("feed@example.org", "Our feed", "https://papers.example.org")
HOSTILE = '<script>alert(1)</script>\r\nBcc: eve@example.org " & <img src=x onerror=alert(1)>'


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


@pytest.fixture
def patience():
    """No waiting, but for the count of it in `waits`."""
    waits = []
    found = Patience(tries=4, sleep=waits.append)
    object.__setattr__(found, "waits", waits)
    return found
