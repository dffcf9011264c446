"""Steps of adapters beside Hugging Face PEFT's: the same encoder module, method, rank, batches and threads.

Memory and the start are measured in processes of their own, so that they are those of one library, and the two sides
take turns. Steps are measured in one process that holds both, on the same batch one after the other, so that what else
the machine does meets both. In an environment that has both:

    python -m venv peers && peers/bin/pip install .[torch] -r benchmarks/peers/requirements-peft.txt
    peers/bin/python benchmarks/peers/peft_steps.py --data ../shared/data --out peers-weights.json
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from modicum.encoders import FolderEncoder, load_encoder
from modicum.evaluation.bench import BenchRow, load_collection, machine_facts, rows_to_json, summarize
from modicum.weights.adapt import LoRA, PiSSA, adapt
from modicum.weights.encoder import Batch, read_module

RANK, BATCH, STEPS, WARM = 16, 32, 24, 2
"""Of the steps, the first ones are not counted."""
SIDES = ("modicum", "peft")
METHODS = ("LoRA", "PiSSA")


def adapted(side: str, method: str, module: torch.nn.Module) -> torch.nn.Module:
    """The module with adapters on all linear layers."""
    if side == "modicum":
        kind = {"LoRA": LoRA, "PiSSA": PiSSA}[method]
        return adapt(module, kind(rank=RANK))
    peft = importlib.import_module("peft")
    start = "pissa" if method == "PiSSA" else True
    linear = [name for name, layer in module.named_modules() if isinstance(layer, torch.nn.Linear)]
    settings = peft.LoraConfig(r=RANK, lora_alpha=RANK, target_modules=linear, init_lora_weights=start)
    return peft.inject_adapter_in_model(settings, module)


@dataclass(frozen=True, eq=False)
class Run:
    """A module with adapters that learns."""

    module: torch.nn.Module
    optimizer: torch.optim.Optimizer

    @classmethod
    def of(cls, module: torch.nn.Module) -> Run:
        """Ready for its first step."""
        return cls(module, torch.optim.AdamW([p for p in module.parameters() if p.requires_grad], lr=1e-3))

    def step(self, batch: Batch) -> float:
        """Learn from a batch: the seconds that it took."""
        start = time.perf_counter()
        vectors = self.module(batch)
        self.optimizer.zero_grad()
        (vectors @ vectors.T).square().mean().backward()
        self.optimizer.step()
        return time.perf_counter() - start


def texts(data: Path) -> tuple[FolderEncoder, list[Batch]]:
    """The encoder, and batches for it."""
    encoder = load_encoder()
    if not isinstance(encoder, FolderEncoder):
        raise SystemExit("the default encoder's weights are not here")
    tokens = encoder.tokenize(load_collection("banking77", data)[0].texts[: BATCH * STEPS])
    return encoder, [Batch.of(tokens[at : at + BATCH], 0) for at in range(0, BATCH * STEPS, BATCH)]


def measure(side: str, method: str, data: Path) -> dict[str, float]:
    """Seconds of the start, and megabytes at most, of one side alone."""
    encoder, batches = texts(data)
    module = read_module(encoder).train()
    if side == "peft":
        importlib.import_module("peft")  # what importing takes is no part of the start
    start = time.perf_counter()
    module = adapted(side, method, module)
    began = time.perf_counter() - start
    run = Run.of(module)
    for batch in batches:
        run.step(batch)
    return {"start": began, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def steps(method: str, data: Path) -> dict[str, list[float]]:
    """Seconds of each step of both sides, which take each batch by turns."""
    encoder, batches = texts(data)
    runs = {side: Run.of(adapted(side, method, read_module(encoder).train())) for side in SIDES}
    found: dict[str, list[float]] = {side: [] for side in SIDES}
    for number, batch in enumerate(batches):
        for side in SIDES if number % 2 else reversed(SIDES):
            found[side].append(runs[side].step(batch))
    return {side: times[WARM:] for side, times in found.items()}


def main() -> None:
    """Take turns, and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs=2, metavar=("SIDE", "METHOD"))
    parser.add_argument("--steps", metavar="METHOD")
    parser.add_argument("--out", type=Path)
    told = parser.parse_args()
    if told.only or told.steps:
        found = measure(*told.only, told.data) if told.only else steps(told.steps, told.data)
        sys.stdout.write(json.dumps(found))
        return
    rows: list[BenchRow] = []
    for method in METHODS:
        alone: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
        pairs = []
        for _ in range(told.rounds):
            for side in SIDES:
                alone[side].append(called(told.data, "--only", side, method))
            pairs.append(called(told.data, "--steps", method))
        rows += compared(method, alone, pairs)
    facts = {"bench": "peers-weights", "machine": machine_facts(), "rows": rows_to_json(rows)}
    told.out.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def called(data: Path, *arguments: str) -> Any:
    """What this script says of itself in a process of its own."""
    call = [sys.executable, __file__, "--data", str(data), *arguments]
    return json.loads(subprocess.run(call, capture_output=True, text=True, check=True).stdout)


def compared(
    method: str, alone: Mapping[str, Sequence[Mapping[str, float]]], pairs: Sequence[Mapping[str, Sequence[float]]]
) -> list[BenchRow]:
    """Medians of ratios to PEFT, of steps on the same batch and of processes in turn: below 1 is better."""
    ratios = {"step": [statistics.median(ratio(pair)) for pair in pairs]}
    medians = {"step": [statistics.median(took for pair in pairs for took in pair[side]) for side in SIDES]}
    for what in ("memory", "start"):
        sides = {side: [one[what] for one in alone[side]] for side in SIDES}
        ratios[what], medians[what] = ratio(sides), [statistics.median(sides[side]) for side in SIDES]
    rows = []
    for what, target in (("step", 1.0), ("memory", 1.0), ("start", None)):
        (own, other), unit = medians[what], "MB" if what == "memory" else "s"
        note = f"{own:.3f} to {other:.3f} {unit}; rank {RANK}, batches of {BATCH}, all linear layers"
        value, spread = round(statistics.median(ratios[what]), 5), summarize(ratios[what])[1]
        where = "all-MiniLM-L6-v2, texts of banking77"
        rows.append(
            BenchRow(f"{what}, {method}, ratio to PEFT", where, value, "times", 1.0, target, len(pairs), spread, note)
        )
    return rows


def ratio(sides: Mapping[str, Sequence[float]]) -> list[float]:
    """Each of modicum's figures to PEFT's of the same turn."""
    return [own / other for own, other in zip(sides["modicum"], sides["peft"], strict=True)]


if __name__ == "__main__":
    main()
