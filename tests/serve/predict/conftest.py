"""A small bundle, a service on it in this process, and `modicum serve` as a process of its own."""

from __future__ import annotations

import io
import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

import modicum
from modicum.serve.guard import Policy
from modicum.serve.listening import allowed_hosts
from modicum.serve.predict import Limits, make_app
from modicum.serve.predict.app import GUARDED
from modicum.serve.predict.feedback import Feedback
from modicum.serve.predict.log import Log
from modicum.serve.predict.served import Served
from modicum.serve.predict.service import Service
from tests.cli.conftest import lines

HOST = "127.0.0.1:8770"


@pytest.fixture(scope="session")
def fitted(tmp_path_factory):
    """Folder of a bundle with an index, on a table of three themes; not to be changed."""
    folder = tmp_path_factory.mktemp("serve")
    (folder / "items.csv").write_text("\n".join(lines()) + "\n", encoding="utf-8")
    table = modicum.read(folder / "items.csv", text="text", label="topic", id="id")
    return modicum.fit(table, encoder="hashed", budget=1).save(folder / "topics", index=True)


@pytest.fixture
def bundle(fitted, tmp_path):
    """A copy of the bundle that a test may change."""
    return shutil.copytree(fitted, tmp_path / "topics")


class World:
    """A service, a client of it, and what it logged."""

    def __init__(self, folder, journal=None, token=None, **limits):
        self.stream = io.StringIO()
        bounds = replace(Limits(), **limits)
        served = Served.open(folder, bounds.window)
        feedback = Feedback.open(journal, served.bundle) if journal else None
        self.service = Service(served, bounds, Log(self.stream), feedback)
        hosts = allowed_hosts("127.0.0.1", 8770)
        policy = Policy(hosts, token, largest=bounds.body, guarded=GUARDED, patience=bounds.patience)
        self.client = TestClient(make_app(self.service, policy), base_url=f"http://{HOST}")

    def post(self, path, **body):
        return self.client.post(f"/v1/{path}", json=body)

    @property
    def log(self):
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def world(fitted):
    """A function that opens a service on the bundle; all are closed at the end."""
    opened = []

    def open_(folder=fitted, **settings):
        opened.append(World(folder, **settings))
        return opened[-1]

    yield open_
    for each in opened:
        each.service.close()


class Process:
    """`modicum serve` as a process of its own."""

    def __init__(self, bundle, *more):
        command = [sys.executable, "-m", "modicum", "serve", str(bundle), "--json", "--port", "0", *map(str, more)]
        self.folder = bundle.parent
        self.errors = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.errors, text=True, cwd=self.folder)
        line = self.process.stdout.readline()
        assert line, (self.folder / "log").read_text()
        self.url = json.loads(line)["url"]

    @property
    def log(self):
        return [json.loads(line) for line in (self.folder / "log").read_text(encoding="utf-8").splitlines()]

    def end(self, how=signal.SIGTERM):
        """Stop it, and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        status = self.process.wait(60)
        self.process.stdout.close()
        self.errors.close()
        return status


@pytest.fixture
def start():
    """A function that starts `modicum serve`; all are killed at the end."""
    running = []

    def start_(bundle, *more):
        running.append(Process(bundle, *more))
        return running[-1]

    yield start_
    for each in running:
        each.end(signal.SIGKILL)
