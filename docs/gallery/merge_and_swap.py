"""Two teams' tuned models become one, smaller, that takes the place of the first while that is asked. Needs torch."""

import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

import modicum
from modicum.data.read import builtin
from modicum.encoders import compare, load_encoder, load_folder
from modicum.weights.compress import Distillation, distil_relations, even_layers, with_layers
from modicum.weights.encoder import read_module, write_folder
from modicum.weights.objectives import Lesson, SupervisedContrastive
from modicum.weights.training import Plan, tune
from modicum.workspace.weights import MergeSettings, merge

CHAPTERS = ("numbers and mathematics", "multimedia and interface", "internet data", "language services", "networking")
TEAM, HELD, ASKED, CLIENTS = 16, 20, 24, 2
PATIENCE = 60.0
STEPS, ROWS = 12, 20
draw = random.Random(0)

# Names and first lines of docstrings of Python's own library: short, so that weights are tuned within seconds. Each
# team has labelled rows of its own; others judge the merge, and others yet are what the service is asked.
table, _ = builtin("stdlib-docs")
chapters = [told or kept for told, kept in zip(table.labels, table.hidden, strict=True)]
parts: dict[str, list[int]] = {"first": [], "second": [], "held": [], "asked": []}
for chapter in CHAPTERS:
    rows = [n for n, one in enumerate(chapters) if one == chapter]
    draw.shuffle(rows)
    for part, count in zip(parts.values(), (TEAM, TEAM, HELD, ASKED), strict=True):
        part += [rows.pop() for _ in range(count)]


def short(row: int) -> str:
    """A row's name and the first line of what it says."""
    head, _, told = table.texts[row].partition("\n")
    return f"{head.partition('(')[0]}: {told.splitlines()[0][:80]}"


def labelled(*names: str) -> modicum.core.records.Table:
    """Some parts as one labelled table."""
    there = [n for name in names for n in parts[name]]
    columns = {"text": [short(n) for n in there], "chapter": [chapters[n] for n in there]}
    return modicum.read(columns, text="text", label="chapter")


@contextmanager
def served(*verb: str) -> Iterator[str]:
    """A verb that serves, in a process of its own: where it listens."""
    command = [sys.executable, "-m", "modicum", *verb, "--json", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield urlsplit(json.loads(process.stdout.readline())["url"]).netloc
        finally:
            process.terminate()


def ask(line: HTTPConnection, row: int) -> tuple[str, str]:
    """The bundle that answers for a row and the chapter that it says, or that it failed and why."""
    line.request("POST", "/v1/predict", json.dumps({"items": [short(row)]}), {"content-type": "application/json"})
    reply = line.getresponse()
    told = json.loads(reply.read())
    return (told["bundle"], told["answers"][0]["prediction"]) if reply.status == 200 else ("failed", told["error"])


def call(where: str, over: threading.Event) -> list[str]:
    """Ask without a pause until it is over: for each request the bundle that answered."""
    seen = []
    with closing(HTTPConnection(where, timeout=PATIENCE)) as line:
        while not over.is_set():
            try:
                seen.append(ask(line, draw.choice(parts["asked"]))[0])
            except (OSError, HTTPException):
                seen.append("failed")
                line.close()
    return seen


def accuracy(line: HTTPConnection) -> float:
    """Share of the asked rows that the service has right."""
    return float(np.mean([ask(line, n)[1] == chapters[n] for n in parts["asked"]]))


with tempfile.TemporaryDirectory() as place:
    folder = Path(place)

    # Two of the default encoder's six layers, again to save time; leave it out, and everything else stays as it is.
    whole = load_encoder()
    few = with_layers(read_module(whole), even_layers(6, 2))
    start = load_folder(write_folder(folder / "start", whole, few))

    # 1. Each team tunes the encoder on its own rows, and makes a bundle on it. The verb `modicum tune` does both, finds
    # out on held-out rows whether that gains, and takes minutes.
    for team in ("first", "second"):
        table_of = labelled(team)
        codes = np.array([CHAPTERS.index(one) for one in table_of.labels])
        lesson = Lesson(start.tokenize(table_of.texts), codes, len(CHAPTERS))
        plan = Plan(steps=STEPS, batch=ROWS, rate=3e-4)
        tune(start, lesson, folder / team, objective=SupervisedContrastive(), plan=plan)
    first = modicum.fit(labelled("first"), encoder=str(folder / "first"), budget="2s", map_points=0)

    # 2. One encoder of the two, judged beside them on rows that neither was tuned on.
    teams, judges = [folder / "first", folder / "second"], [labelled("held")]
    found = merge(teams, judges, base=str(folder / "start"), settings=MergeSettings("uniform"))
    merged = load_folder(found.write(folder / "merged"))
    for one in (found.base, *found.models, found.merged):
        print(f"{Path(one.name).name}: {one.judging[0]:.0%} of the held-out rows")

    # 3. Half its layers, taught to say what the whole said.
    texts = [short(n) for part in parts.values() for n in part]
    how = Distillation(epochs=2, batch=32, rate=1e-3)
    student = distil_relations(read_module(merged), merged.tokenize(texts), 1, how)
    small = load_folder(write_folder(folder / "small", merged, student))
    agreed = compare(small, merged, texts)
    print(f"half the layers: {agreed.speedup:.1f} times as fast, mean cosine {agreed.cosine_mean:.3f}")

    # 4. A bundle on that encoder, from what both teams labelled, takes the place of the first team's while it answers.
    both = modicum.fit(labelled("first", "second"), encoder=str(folder / "small"), budget="2s", map_points=0)
    first.save(folder / "served")
    over = threading.Event()
    with served("serve", str(folder / "served"), "--watch") as where, ThreadPoolExecutor(CLIENTS) as pool:
        calls = [pool.submit(call, where, over) for _ in range(CLIENTS)]
        try:
            with closing(HTTPConnection(where, timeout=PATIENCE)) as line:
                row, end = parts["asked"][0], time.monotonic() + PATIENCE
                before, old = accuracy(line), ask(line, row)[0]
                both.save(folder / "served")
                while (new := ask(line, row)[0]) == old and time.monotonic() < end:
                    time.sleep(0.05)
                after = accuracy(line)
        finally:
            over.set()
    seen = Counter(one for each in calls for one in each.result())
    if new == old:
        sys.exit("the service has not taken the new bundle")
    print(f"requests meanwhile: {seen[old]} answered by the old bundle, {seen[new]} by the new, {seen['failed']} lost")
    print(f"accuracy of the first team's bundle: {before:.0%}")
    print(f"accuracy of what took its place: {after:.0%}")
