"""Real services under load: bundles swapped, killed, stopped, flooded."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import modicum
from modicum.serve.predict.feedback import table_of
from modicum.workspace.loop import read_journal

CALLER = Path(__file__).with_name("caller.py")
PATIENCE = 60.0


@pytest.fixture
def call():
    """A function that starts callers in a process of their own."""
    running = []

    def call_(mode, url, clients):
        command = [sys.executable, str(CALLER), mode, url, str(clients)]
        running.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        return running[-1]

    yield call_
    for process in running:
        process.kill()
        process.communicate()


def until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def events(server, name):
    return [line for line in server.log if line["event"] == name]


def test_bundles_are_swapped_under_load_and_broken_ones_refused(start, bundle, call):
    server, first = start(bundle, "--watch"), modicum.load(bundle)
    callers = call("load", server.url, 4)
    until(lambda: len(events(server, "request")) > 20)
    names = {first.digest[:12]}
    for n in range(2):
        changed = modicum.workspace.rename_classes(modicum.load(bundle, mend=False), {first.classes[0]: f"food {n}"})
        changed.save(bundle)
        names.add(modicum.load(bundle).digest[:12])
        first = modicum.load(bundle)
        until(lambda n=n: len(events(server, "bundle swapped")) == n + 1)
    (bundle / "arrays.safetensors").write_bytes(b"torn")
    until(lambda: events(server, "bundle refused"))
    asked = len(events(server, "request"))
    until(lambda: len(events(server, "request")) > asked + 20)
    found = json.loads(callers.communicate("")[0])
    assert (found["errors"], set(found["statuses"])) == ([], {"200"})
    assert set(found["bundles"]) == names
    (refused,) = events(server, "bundle refused")
    assert "is not the file that was written" in refused["reason"]
    assert refused["serving"] == first.digest[:12]
    shutil.rmtree(bundle)
    first.save(bundle)
    until(lambda: len(events(server, "bundle swapped")) == 3)
    assert server.end() == 0


def test_every_acknowledged_correction_outlives_a_kill(start, bundle, call):
    journal = bundle.parent / "fix.labels.jsonl"
    server = start(bundle, "--feedback", journal)
    callers = call("feedback", server.url, 8)
    told = [json.loads(callers.stdout.readline()) for _ in range(60)]
    server.end(signal.SIGKILL)
    told += [json.loads(line) for line in callers.communicate()[0].splitlines()]
    written = {event.n: event for event in read_journal(journal)[0]}
    rows = [line for line in table_of(journal).read_text().split("\n")[:-1] if line.endswith("}")]
    texts = {row["id"]: row["text"] for row in map(json.loads, rows)}
    assert len({number for number, *_ in told}) == len(told) >= 60
    for number, id, text in told:
        assert written[number].items == ((id, id),)
        assert texts[id] == text
    again = start(bundle, "--feedback", journal)
    assert again.end() == 0
    columns = ("--text", "text", "--id", "id", "--encoder", "hashed")
    command = [
        sys.executable,
        "-m",
        "modicum",
        "label",
        table_of(journal).name,
        *columns,
        "--export",
        "out.csv",
        "--json",
    ]
    done = subprocess.run(command, cwd=bundle.parent, capture_output=True, text=True, check=True)
    exported = json.loads(done.stdout)
    assert exported["labelled"] == len({item for event in read_journal(journal)[0] for item in event.items})
    assert exported["labelled"] >= len(told)


def test_stopping_finishes_what_was_taken(start, bundle, call):
    server = start(bundle, "--queue", "4096", "--timeout", "60")
    callers = call("slow", server.url, 6)
    assert json.loads(callers.stdout.readline()) == "sent"
    assert server.end(signal.SIGTERM) == 0
    found = json.loads(callers.communicate()[0])
    assert (found["statuses"], found["errors"]) == ({"200": 6}, [])
    assert server.log[-1]["event"] == "stopped"


def test_a_flood_is_refused_and_the_service_lives(start, bundle, call):
    server = start(bundle, "--queue", "1", "--workers", "2")
    callers = call("load", server.url, 12)
    until(lambda: sum(line["status"] == 429 for line in events(server, "request")) > 5)
    until(lambda: sum(line["status"] == 200 for line in events(server, "request")) > 20)
    found = json.loads(callers.communicate("")[0])
    assert set(found["statuses"]) == {"200", "429"}
    assert found["errors"] == []
    assert sum(count for after, count in found["after"].items() if after.isdigit()) == found["statuses"]["429"]
    assert server.end(signal.SIGINT) == 0
