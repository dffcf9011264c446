"""The clients of the benchmark: they count every answer and every failure, and keep to the rate."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from modicum.workspace.bench.load import Load
from modicum.workspace.bench.serve import Lengths

SCRIPT = """
import asyncio, json, sys, threading
from modicum.workspace.bench.load import drive
count = 0
async def answer(reader, writer):
    global count
    while head := await reader.readuntil(b"\\r\\n\\r\\n"):
        await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\\r")[0]))
        count += 1
        if count % 20 == 0:
            writer.close()
            return
        status = b"503 Busy" if count % 10 == 0 else b"200 OK"
        writer.write(b"HTTP/1.1 " + status + b"\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
ready, place = threading.Event(), []
async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    place.append(server.sockets[0].getsockname()[1])
    ready.set()
    await asyncio.sleep(60)
threading.Thread(target=asyncio.run, args=(main(),), daemon=True).start()
ready.wait()
load = drive(f"http://127.0.0.1:{place[0]}/", ["a", "b"], 1.0, rate=100, clients=4)
print(json.dumps([len(load.waits), sorted(load.failed), count, load.rate]))
"""


def test_every_answer_and_every_failure_is_counted():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    answered, failed, asked, rate = json.loads(done.stdout)
    assert answered + len(failed) == asked
    assert asked == pytest.approx(100, abs=5), "as many as were due"
    assert set(failed) == {"503", "IncompleteReadError"}
    assert len(failed) == asked // 10
    assert 0 < rate <= 105


def test_quantiles_are_in_milliseconds():
    load = Load([0.001 * n for n in range(1, 102)], [], 2.0)
    assert (load.rate, load.quantile(0.5)) == (50.5, pytest.approx(51.0))
    assert load.quantile(1.0, slice(10)) == pytest.approx(10.0)


def test_lengths_come_from_the_environment():
    assert Lengths.of({}) == Lengths(20.0, 600.0, 1000)
    assert Lengths.of({"MODICUM_SERVE_SOAK": "5", "MODICUM_SERVE_SWAPS": "3"}) == Lengths(20.0, 5.0, 3)
