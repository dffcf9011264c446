"""Steps of adapters beside Hugging Face PEFT's: the same encoder module, method, rank, batches and threads.

Every measurement is a process of its own, so that memory is that of one library; the two sides take turns. In an
environment that has both:

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
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from modicum.encoders import FolderEncoder, load_encoder
from modicum.evaluation.bench import BenchRow, load_collection, machine_facts, summarize
from modicum.weights.adapt import LoRA, PiSSA, adapt
from modicum.weights.encoder import Batch, read_module

RANK, BATCH, STEPS = 16, 32, 24
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


def measure(side: str, method: str, data: Path) -> dict[str, float]:
    """Seconds of the start and of a step, and megabytes at most."""
    encoder = load_encoder()
    if not isinstance(encoder, FolderEncoder):
        raise SystemExit("the default encoder's weights are not here")
    tokens = encoder.tokenize(load_collection("banking77", data)[0].texts[: BATCH * STEPS])
    module = read_module(encoder).train()
    if side == "peft":
        importlib.import_module("peft")  # what importing takes is no part of the start
    start = time.perf_counter()
    module = adapted(side, method, module)
    began = time.perf_counter() - start
    optimizer = torch.optim.AdamW([p for p in module.parameters() if p.requires_grad], lr=1e-3)
    steps = []
    for number in range(STEPS):
        start = time.perf_counter()
        vectors = module(Batch.of(tokens[BATCH * number : BATCH * (number + 1)], 0))
        optimizer.zero_grad()
        (vectors @ vectors.T).square().mean().backward()
        optimizer.step()
        steps.append(time.perf_counter() - start)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"start": began, "step": statistics.median(steps[2:]), "memory": memory}


def main() -> None:
    """Take turns, and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs=2, metavar=("SIDE", "METHOD"))
    parser.add_argument("--out", type=Path)
    told = parser.parse_args()
    if told.only:
        sys.stdout.write(json.dumps(measure(*told.only, told.data)))
        return
    rows: list[dict[str, Any]] = []
    for method in METHODS:
        found: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
        for _ in range(told.rounds):
            for side in SIDES:
                call = [sys.executable, __file__, "--data", str(told.data), "--only", side, method]
                done = subprocess.run(call, capture_output=True, text=True, check=True)
                found[side].append(json.loads(done.stdout))
        rows += [asdict(row) for row in compared(method, found)]
    facts = {"bench": "peers-weights", "machine": machine_facts(), "rows": rows}
    told.out.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def compared(method: str, found: dict[str, list[dict[str, float]]]) -> list[BenchRow]:
    """Medians of ratios to PEFT in paired rounds: below 1 is better."""
    rows = []
    for what, target in (("step", 1.0), ("memory", 1.0), ("start", None)):
        pairs = zip(found["modicum"], found["peft"], strict=True)
        ratios = [own[what] / other[what] for own, other in pairs]
        value, spread = round(statistics.median(ratios), 5), summarize(ratios)[1]
        own, other = (statistics.median(one[what] for one in found[side]) for side in SIDES)
        unit = "MB" if what == "memory" else "s"
        note = f"{own:.3f} to {other:.3f} {unit}; rank {RANK}, batches of {BATCH}, all linear layers"
        where = "all-MiniLM-L6-v2, texts of banking77"
        rounds = len(found["peft"])
        rows.append(
            BenchRow(f"{what}, {method}, ratio to PEFT", where, value, "times", 1.0, target, rounds, spread, note)
        )
    return rows


if __name__ == "__main__":
    main()
