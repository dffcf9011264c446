"""Measures modicum and its peers in one run: the same draws, test sets, encoder weights and threads.

    referee.py few-shot --data DIR --out FILE --peer setfit=PYTHON --peer fastfit=PYTHON
    referee.py conformal --data DIR --out FILE --peer mapie=PYTHON

It runs where modicum is installed. Every peer lives in an environment of its own, whose python is named, and takes its
turn as a process: `<peer>_peer.py FOLDER SETTING` reads `task.json` or `task.npz` there and writes `answers.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from modicum.data.read import label_space, read
from modicum.data.write import write_table
from modicum.encoders import find
from modicum.evaluation.bench import BenchRow, few_shot_rows, load_collection, summarize
from modicum.evaluation.metrics import set_metrics
from modicum.heads import Linear
from modicum.labels.conformal import SCORES, split_conformal
from modicum.workspace.bench.suite import Found
from modicum.workspace.bench.tasks import open_collection

HERE = Path(__file__).parent
SHOTS = 8
FEW_SHOT = {"trec": 3, "mpqa": 3, "banking77": 1}
"""Collections and draws of labels."""
SETTINGS = {"setfit": ("defaults", "20 pairs a label", "differentiable head"), "fastfit": ("published",)}
TIMES = 10.0
"""Times modicum's CPU seconds that a peer may train."""
CONFORMAL = ("banking77", "trec")
ALPHA, SPLITS, CALIBRATION = 0.1, 100, 1_000
OURS, BARE = "modicum", "modicum, labelled rows only"


@dataclass(frozen=True)
class Run:
    """One contender in one cell."""

    accuracy: float
    cpu: float
    """Seconds of all its processes, loading, training and answering together."""
    wall: float
    steps: int = 0
    full: int = 0
    """Steps of training that were done, and that the setting asks for; 0 where there are none."""


@dataclass(frozen=True)
class Terms:
    """What a run of the comparison is told."""

    data: Path
    out: Path
    peers: Mapping[str, str]
    """Python of each peer's environment."""
    settings: Sequence[str]
    on: Sequence[str]
    seeds: int | None
    threads: int
    jobs: int
    budget: str
    times: float = TIMES
    shots: int = SHOTS
    bare: bool = True
    """Whether modicum also takes a turn without the rows that have no label."""


def timed(command: Sequence[str], threads: int, **more: str) -> tuple[float, float]:
    """CPU seconds, children included, and wall seconds of a process that must succeed.

    Threads that wait sleep, so that CPU seconds are work done even where the machine is shared.
    """
    told = {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "passive", "HF_HUB_OFFLINE": "1", **more}
    start = time.perf_counter()
    with tempfile.TemporaryFile() as noise:
        process = subprocess.Popen(command, env=os.environ | told, stdout=noise, stderr=noise)
        _, status, spent = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            noise.seek(0)
            raise RuntimeError(f"{' '.join(command)} failed:\n{noise.read().decode(errors='replace')[-3000:]}")
    return spent.ru_utime + spent.ru_stime, time.perf_counter() - start


def turn(peer: str, python: str, setting: str, folder: Path, threads: int) -> tuple[dict[str, Any], float, float]:
    """What a peer answered, with its CPU and wall seconds."""
    cpu, wall = timed([python, str(HERE / f"{peer}_peer.py"), str(folder), setting], threads)
    return json.loads((folder / "answers.json").read_text(encoding="utf-8")), cpu, wall


def few_shot(terms: Terms) -> list[BenchRow]:
    """Accuracy and time of everyone, so many labels a class; the file is written anew after every turn."""
    wanted = {name: terms.seeds or FEW_SHOT.get(name, 1) for name in terms.on or FEW_SHOT}
    cells: dict[tuple[str, int], dict[str, Run]] = {
        (name, seed): {} for name, seeds in wanted.items() for seed in range(seeds)
    }
    one_at_a_time = Lock()

    def rows() -> list[BenchRow]:
        runs = {name: [found for (on, _), found in cells.items() if on == name] for name in wanted}
        return [row for name, found in runs.items() for row in few_shot_rows_of(name, found, terms.times, terms.shots)]

    def play(name: str, seed: int) -> None:
        for key, run in turns(terms, name, seed):
            with one_at_a_time:
                cells[name, seed][key] = run
                report(f"{name}, draw {seed}, {key}", run)
                Found("peers, few labels", tuple(rows())).write(terms.out, part=True)

    with ThreadPoolExecutor(terms.jobs) as pool:
        for future in [pool.submit(play, *cell) for cell in cells]:
            future.result()
    return rows()


def turns(terms: Terms, name: str, seed: int) -> Iterator[tuple[str, Run]]:
    """One draw of labels: modicum with and without the unlabelled rows, then every peer in every setting."""
    train, test = load_collection(name, terms.data)
    space = label_space(train, None)
    codes, truth = space.encode(train.labels)[0], space.encode(test.labels)[0]
    rows = few_shot_rows(codes, terms.shots, np.random.default_rng(seed))
    keep = set(rows.tolist())
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_table(folder / "test.csv", {"text": list(test.texts)})
        hidden = [label if row in keep else None for row, label in enumerate(train.labels)]
        write_table(folder / "all.csv", {"text": list(train.texts), "category": hidden})
        few = [train.texts[row] for row in rows]
        write_table(folder / "few.csv", {"text": few, "category": [train.labels[row] for row in rows]})
        full = ours(folder, "all.csv", list(test.labels), terms, seed)
        yield OURS, full
        if terms.bare:
            yield BARE, ours(folder, "few.csv", list(test.labels), terms, seed)
        task = {
            "texts": few,
            "codes": codes[rows].tolist(),
            "names": space.texts(),
            "test": list(test.texts),
            "weights": str(find()),
            "seed": seed,
            "cpu_seconds": terms.times * full.cpu,
        }
        (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
        for peer, setting in contenders(terms):
            told, cpu, wall = turn(peer, terms.peers[peer], setting, folder, terms.threads)
            right = float((np.array(told["codes"]) == truth).mean())
            yield f"{peer}, {setting}", Run(right, cpu, wall, told["steps"], told["full"])


def contenders(terms: Terms) -> Iterator[tuple[str, str]]:
    """Peers and their settings."""
    for peer in terms.peers:
        yield from ((peer, setting) for setting in SETTINGS[peer] if not terms.settings or setting in terms.settings)


def ours(folder: Path, table: str, truth: Sequence[object], terms: Terms, seed: int) -> Run:
    """`modicum fit` and `modicum predict` as a user calls them, with an empty cache."""
    python = [sys.executable, "-m", "modicum"]
    place = str(folder / f"{table}-bundle")
    fit = [*python, "fit", str(folder / table), "--text", "text", "--label", "category", "--out", place]
    cpu, wall, cache = 0.0, 0.0, str(folder / f"{table}-cache")
    answers = str(folder / "answers.csv")
    for command in (
        [*fit, "--budget", terms.budget, "--seed", str(seed)],
        [*python, "predict", place, str(folder / "test.csv"), "--text", "text", "--out", answers],
    ):
        spent, waited = timed(command, terms.threads, MODICUM_CACHE=cache)
        cpu, wall = cpu + spent, wall + waited
    told = read(answers, text="text", label="prediction").labels
    return Run(float(np.mean([a == b for a, b in zip(told, truth, strict=True)])), cpu, wall)


def report(where: str, run: Run) -> None:
    """Tell on standard error what was found."""
    steps = f", {run.steps} of {run.full} steps" if run.full else ""
    sys.stderr.write(f"{where}: {run.accuracy:.4f} in {run.cpu:.0f} CPU s, {run.wall:.0f} s{steps}\n")


def few_shot_rows_of(
    name: str, cells: Sequence[Mapping[str, Run]], times: float = TIMES, shots: int = SHOTS
) -> list[BenchRow]:
    """Rows of one collection; a peer's baseline is modicum on the same draws."""
    where = f"{name} test, {shots} labels a class"
    rows = []
    for key in dict.fromkeys(key for cell in cells for key in cell):
        here = [cell for cell in cells if key in cell]
        note = shortened([cell[key] for cell in here], times)
        for measure, unit in (("accuracy", "share"), ("cpu", "s"), ("wall", "s")):
            value, spread = summarize([getattr(cell[key], measure) for cell in here])
            base = None if key == OURS else summarize([getattr(cell[OURS], measure) for cell in here])[0]
            told = {"accuracy": "accuracy", "cpu": "CPU time", "wall": "wall time"}[measure]
            rows.append(BenchRow(f"{told}, {key}", where, value, unit, base, None, len(here), spread, note))
    return rows


def shortened(runs: Sequence[Run], times: float) -> str:
    """How much of its training a contender got, where it was not all."""
    steps, full = sum(run.steps for run in runs), sum(run.full for run in runs)
    if steps >= full:
        return ""
    return f"{steps / full:.0%} of its setting's steps, as {times:g} times modicum's CPU seconds were allowed"


def conformal(terms: Terms) -> list[BenchRow]:
    """Coverage and mean size of both on the same probabilities and splits."""
    rows: list[BenchRow] = []
    for name in terms.on or CONFORMAL:
        proba, truth, orders, size = scores(name, terms.data, terms.seeds or SPLITS)
        with tempfile.TemporaryDirectory() as place:
            np.savez(Path(place) / "task.npz", proba=proba, truth=truth, orders=orders, size=size, alpha=ALPHA)
            told, _, _ = turn("mapie", terms.peers["mapie"], ",".join(SCORES), Path(place), terms.threads)
        where = f"{name} test, {SHOTS} labels a class, {size:,} rows to calibrate"
        for score in SCORES:
            own = [sets_of_ours(proba, truth, order, size, score) for order in orders]
            rows += conformal_rows(where, score, own, told[score])
    Found("peers, prediction sets", tuple(rows)).write(terms.out, part=True)
    return rows


def scores(name: str, data: Path, splits: int) -> tuple[Any, Any, Any, int]:
    """Probabilities (N, K) of a linear rule on the test set, true classes, and orders of the rows (splits, N)."""
    collection = open_collection(name, data)
    rows = few_shot_rows(collection.codes, SHOTS, np.random.default_rng(0))
    head = Linear().fit(collection.X[rows], collection.codes[rows])
    proba = head.predict_proba(collection.X_test)
    n = len(proba)
    orders = np.array([np.random.default_rng(seed).permutation(n) for seed in range(splits)])
    return proba, collection.codes_test, orders, min(CALIBRATION, n // 2)


def sets_of_ours(proba: Any, truth: Any, order: Any, size: int, score: str) -> tuple[float, float]:
    """Coverage and mean size of one split."""
    inside, outside = order[:size], order[size:]
    rule = split_conformal(proba[inside], truth[inside], alpha=ALPHA, score=score)
    facts = set_metrics(rule.sets(proba[outside]), truth[outside])
    return facts.coverage, facts.mean_size


def conformal_rows(where: str, score: str, own: Sequence[Any], theirs: Sequence[Any]) -> list[BenchRow]:
    """Rows of one score, on the splits that the peer did not refuse."""
    both = [pair for pair in zip(own, theirs, strict=True) if pair[1] is not None]
    refused = len(own) - len(both)
    note = f"MAPIE refuses {refused} splits, for a class with a single row to calibrate on" if refused else ""
    rows = []
    for at, (measure, unit, target) in enumerate((("coverage", "share", 1 - ALPHA), ("mean size", "classes", None))):
        base = None
        for key, found in zip((OURS, "mapie"), zip(*both, strict=True), strict=True):
            value, spread = summarize([split[at] for split in found])
            told = f"{measure}, {score}, {key}"
            rows.append(BenchRow(told, where, value, unit, base, target, len(found), spread, note))
            base = value
    return rows


def main(arguments: Sequence[str]) -> None:
    """Read the call and run what it names."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("what", choices=["few-shot", "conformal"])
    ask.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of collections")
    ask.add_argument("--out", type=Path, required=True, help="JSON file")
    ask.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON", help="environment of a peer")
    ask.add_argument("--setting", action="append", dest="settings", help="only these settings of peers")
    ask.add_argument("--on", action="append", help="only these collections")
    ask.add_argument("--seeds", type=int, help="draws or splits; default each collection's own number")
    ask.add_argument("--threads", type=int, default=2, help="threads of every process")
    ask.add_argument(
        "--jobs", type=int, default=1, help="cells side by side; CPU seconds stay true, wall time does not"
    )
    ask.add_argument("--budget", default="30s", help="modicum's budget; more where the machine is shared")
    ask.add_argument("--shots", type=int, default=SHOTS, help="labels a class")
    ask.add_argument("--no-bare", dest="bare", action="store_false", help=f"leave out {BARE!r}")
    ask.add_argument("--times", type=float, default=TIMES, help="times modicum's CPU seconds that a peer may train")
    told = vars(ask.parse_args(arguments))
    told["peers"] = dict(peer.split("=", 1) for peer in told.pop("peer"))
    {"few-shot": few_shot, "conformal": conformal}[told.pop("what")](Terms(**told))


if __name__ == "__main__":
    main(sys.argv[1:])
