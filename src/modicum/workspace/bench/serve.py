"""The service under load: throughput beside a plain handler, hours in minutes, and bundles swapped meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import numpy as np

from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.core.progress import Progress
from modicum.data.read import read
from modicum.encoders import find
from modicum.evaluation.bench import BenchRow, load_collection
from modicum.workspace.bench.load import CLIENTS, Load, drive
from modicum.workspace.bench.peer import PYTHON
from modicum.workspace.bench.refit import SHOTS, few_labels
from modicum.workspace.classes import rename_classes
from modicum.workspace.fitting import fit
from modicum.workspace.receiving.loading import load

COLLECTION = "banking77"
PARTS = ("throughput", "soak", "swap")
PEER = Path("benchmarks/peers/serve.py")
WARM = 2.0
"""Seconds of load that are not counted."""
SHARE = 0.8
"""Of the highest throughput: the load of the soak."""
PATIENCE = 60.0
"""Seconds for a service to start, or to take a bundle."""


@dataclass(frozen=True)
class Lengths:
    """How long the parts are; variables of the environment set them."""

    seconds: float
    soak: float
    swaps: int

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Lengths:
        """`MODICUM_SERVE_SECONDS`, `MODICUM_SERVE_SOAK` (seconds) and `MODICUM_SERVE_SWAPS`, or what is usual."""
        return cls(
            float(environ.get("MODICUM_SERVE_SECONDS", "20")),
            float(environ.get("MODICUM_SERVE_SOAK", "600")),
            int(environ.get("MODICUM_SERVE_SWAPS", "1000")),
        )


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Load a service on banking77, 8 labels a class, with one text a request."""
    lengths, rows = Lengths.of(os.environ), list[BenchRow]()
    for part in on:
        check_choice(part, PARTS, "part")
    _, test = load_collection(COLLECTION, root)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = few_labels(COLLECTION, root, folder)
        progress("fit", 0, 1)
        fit(read(table, text="text", label="category")).save(folder / "bundle")
        rate = 0.0
        if "throughput" in on or "soak" in on:
            found, peers = _throughput(folder, table, test.texts, lengths.seconds, seeds, progress)
            rows += _throughput_rows(found, peers) if "throughput" in on else []
            rate = float(np.mean([load.rate for load in found]))
        if "soak" in on:
            progress("soak", 0, 1)
            rows += _soak(folder / "bundle", test.texts, lengths.soak, SHARE * rate)
        if "swap" in on:
            rows += _swap(folder, test.texts, lengths.swaps, progress)
    return rows


def _throughput(
    folder: Path, table: Path, texts: Sequence[str], seconds: float, seeds: int, progress: Progress
) -> tuple[list[Load], list[Load]]:
    """Loads of the service and of the peer, by turns; no loads of a peer that is not there."""
    found, peers = list[Load](), list[Load]()
    python = os.environ.get(PYTHON)
    for seed in range(seeds):
        progress("throughput", seed, seeds)
        with served(folder / "bundle") as (url, _):
            drive(url, texts, WARM)
            found.append(drive(url, texts, seconds))
        if python and PEER.is_file():
            with running([python, str(PEER), str(find()), str(table)]) as (url, _):
                drive(url, texts, WARM)
                peers.append(drive(url, texts, seconds))
    return found, peers


def _throughput_rows(found: Sequence[Load], peers: Sequence[Load]) -> list[BenchRow]:
    where = f"{COLLECTION} test, {CLIENTS} clients, 1 text a request, {SHOTS} labels a class"
    note = "baseline: FastAPI with sentence-transformers and scikit-learn" if peers else ""
    rates, theirs = [load.rate for load in found], [load.rate for load in peers]
    rate, spread = float(np.mean(rates)), float(np.std(rates, ddof=1)) if len(rates) > 1 else None
    base = float(np.mean(theirs)) if theirs else None
    target = 3 * base if base else None
    rows = [BenchRow("throughput", where, rate, "requests/s", base, target, len(found), spread, note)]
    for share in (0.5, 0.99):
        own = float(np.mean([load.quantile(share) for load in found]))
        other = float(np.mean([load.quantile(share) for load in peers])) if peers else None
        rows.append(BenchRow(f"wait, p{100 * share:g}", where, own, "ms", other, None, len(found), None, note))
    failed, theirs_failed = (sum(len(load.failed) for load in loads) for loads in (found, peers))
    missed = theirs_failed if peers else None
    return [*rows, BenchRow("failed requests", where, failed, "requests", missed, 0, len(found))]


def _soak(bundle: Path, texts: Sequence[str], seconds: float, rate: float) -> list[BenchRow]:
    """Errors, memory and waits over a long time at a part of the highest load."""
    where = f"{COLLECTION} test, {seconds:g} s at {100 * SHARE:g} % of the throughput"
    with served(bundle) as (url, process):
        drive(url, texts, WARM)
        memory: list[int] = []
        watching = Thread(target=_watch_memory, args=(process, seconds, memory))
        watching.start()
        load = drive(url, texts, seconds, rate=rate)
        watching.join()
    half, tenth = len(load.waits) // 2, max(1, len(memory) // 10)
    first, last = load.quantile(0.99, slice(half)), load.quantile(0.99, slice(half, None))
    rows = [
        BenchRow("failed requests", where, len(load.failed), "requests", None, 0, note=f"{rate:.0f} requests/s"),
        BenchRow("wait, p99, second half", where, last, "ms", first, note="baseline: first half"),
    ]
    if memory:
        before, after = (float(np.mean(part)) for part in (memory[tenth : 2 * tenth] or memory, memory[-tenth:]))
        note = f"from {before / 2**20:.0f} to {after / 2**20:.0f} MiB; the second tenth of the time beside the last"
        rows.append(BenchRow("growth of memory", where, after / before - 1, "share", None, 0.05, note=note))
    return rows


def _watch_memory(process: subprocess.Popen[str], seconds: float, found: list[int]) -> None:
    """Take down the resident memory of a process, where the system tells it."""
    file, end = Path(f"/proc/{process.pid}/statm"), time.monotonic() + seconds
    while file.exists() and time.monotonic() < end:
        found.append(int(file.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
        time.sleep(seconds / 200)


def _swap(folder: Path, texts: Sequence[str], swaps: int, progress: Progress) -> list[BenchRow]:
    """Failed requests while two bundles take each other's place, each one once the last was taken."""
    place, first = folder / "served", load(folder / "bundle")
    second = rename_classes(first, {first.classes[0]: f"{first.classes[0]} again"})
    shutil.copytree(folder / "bundle", place)
    stop, loads = [False], list[Load]()

    def ask(url: str) -> None:
        while not stop[0]:
            loads.append(drive(url, texts, WARM))

    with served(place, "--watch") as (url, _):
        asking = Thread(target=ask, args=(url,))
        asking.start()
        try:
            for done in range(swaps):
                progress("swap", done, swaps)
                (first if done % 2 else second).save(place)
                _until_taken(url, done + 1)
        finally:
            stop[0] = True
            asking.join()
    failed, asked = sum(len(each.failed) for each in loads), sum(len(each.waits) for each in loads)
    where = f"{COLLECTION} test, {CLIENTS} clients, {swaps:,} swaps"
    rows = [BenchRow("failed requests", where, failed, "requests", None, 0, note=f"of {failed + asked:,}")]
    slowest = max(each.quantile(0.99) for each in loads)
    return [*rows, BenchRow("wait, p99, worst 2 s", where, slowest, "ms")]


def _until_taken(url: str, swaps: int) -> None:
    """Wait until the service has swapped so many times.

    Raises:
        InputError: It has not within `PATIENCE` seconds.
    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with urllib.request.urlopen(f"{url}metrics") as reply:
            lines = reply.read().decode().splitlines()
        taken = [line for line in lines if line.startswith('modicum_bundle_swaps_total{result="taken"}')]
        if taken and float(taken[0].split()[-1]) >= swaps:
            return
        time.sleep(0.02)
    raise InputError(f"the service has not taken swap {swaps} within {PATIENCE:g} s; look at its log")


@contextmanager
def served(bundle: Path, *more: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`modicum serve` on a bundle as a process: its address, and the process."""
    command = [sys.executable, "-m", "modicum", "serve", str(bundle), "--json", "--port", "0", *more]
    with running(command) as found:
        yield found


@contextmanager
def running(command: Sequence[str]) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A service that prints its address as `{"url": ...}` once it answers."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        told = process.stdout.readline() if process.stdout else ""
        if not told:
            raise InputError(f"{' '.join(command)} has ended before it answered; run it to see why")
        yield json.loads(told)["url"], process
    finally:
        process.terminate()
        process.wait()
        if process.stdout:
            process.stdout.close()
