"""Do prediction sets keep their promise? Coverage over many splits, both where labels abound and where they are few."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np

from modicum.core.progress import Progress
from modicum.evaluation.bench import BenchRow, shifted_rows, summarize
from modicum.evaluation.metrics import set_metrics
from modicum.labels.conformal import SCORES, ConformalRule, shift_conformal, split_conformal
from modicum.workspace.bench.tasks import Collection, open_collection
from modicum.workspace.ladder.bank import load_bank
from modicum.workspace.ladder.climb import Plan
from modicum.workspace.ladder.recipes import RECIPES
from modicum.workspace.making import make_model
from modicum.workspace.settings import Settings

ALPHA, SHOTS, CALIBRATION, BATCH = 0.1, 8, 1_000, 500
QUICK = tuple(recipe for recipe in RECIPES if recipe.name == "names + shots")
"""For a hundred draws of labels: one cheap recipe, measured once."""


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Coverage and mean size at alpha 0.1: `seeds` splits of the test set, also under shift, and draws of labels."""
    rows: list[BenchRow] = []
    for name in on:
        collection = open_collection(name, root, progress)
        where = f"{name} test, {SHOTS} labels a class"
        held_out, size = _split(collection, seeds)
        few = []
        for seed in range(seeds):
            progress(f"{name}, cross-fitted sets", seed, seeds)
            few.append(_cross_fitted(collection, seed))
        progress(f"{name}, cross-fitted sets", seeds, seeds)
        progress(f"{name}, sets under label shift", 0, seeds)
        shifted = _shifted(collection, seeds)
        for score, found in held_out.items():
            rows += _rows(f"{score} on held-out rows", where, found, f"calibrated on {size:,} rows of the test set")
        rows += _rows("lac cross-fitted on the labelled rows", where, few)
        for how, figures in shifted.items():
            rows += _rows(f"{how}, Dirichlet(0.5) shift", where, figures)
    return rows


def _split(collection: Collection, seeds: int) -> tuple[dict[str, list[tuple[float, float]]], int]:
    """Coverage and mean size of every split by score, and the number of rows that calibrate."""
    made = make_model(collection.task(SHOTS, 0), Settings(bank=load_bank().without(collection.name)))
    proba, truth = made.model.proba(collection.X_test), collection.codes_test
    size = min(CALIBRATION, len(truth) // 2)
    found: dict[str, list[tuple[float, float]]] = {score: [] for score in SCORES}
    for seed in range(seeds):
        order = np.random.default_rng(seed).permutation(len(truth))
        inside, outside = order[:size], order[size:]
        for score, splits in found.items():
            rule = split_conformal(proba[inside], truth[inside], alpha=ALPHA, score=score)
            facts = set_metrics(rule.sets(proba[outside]), truth[outside])
            splits.append((facts.coverage, facts.mean_size))
    return found, size


def _shifted(collection: Collection, seeds: int) -> dict[str, list[tuple[float, float]]]:
    """Batches with other class shares: plain sets, sets re-weighted by estimated shares, and class-conditional ones."""
    made = make_model(collection.task(SHOTS, 0), Settings(bank=load_bank().without(collection.name)))
    proba, truth = made.model.proba(collection.X_test), collection.codes_test
    size = min(CALIBRATION, len(truth) // 2)
    found: dict[str, list[tuple[float, float]]] = {}
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(truth))
        inside, outside = order[:size], order[size:]
        batch = outside[shifted_rows(truth[outside], BATCH, rng)]
        known, told, new = proba[inside], truth[inside], proba[batch]
        for how, sets in {
            "plain": split_conformal(known, told, alpha=ALPHA).sets(new),
            "re-weighted": shift_conformal(known, told, new, alpha=ALPHA).sets,
            "class-conditional": shift_conformal(known, told, new, alpha=ALPHA, per_class=True).sets,
        }.items():
            facts = set_metrics(sets, truth[batch])
            found.setdefault(how, []).append((facts.coverage, facts.mean_size))
    return found


def _cross_fitted(collection: Collection, seed: int) -> tuple[float, float]:
    bank = load_bank().without(collection.name)
    settings = Settings(recipes=QUICK, plan=Plan(repeats=1), seed=seed, alpha=ALPHA, bank=bank)
    model = make_model(collection.task(SHOTS, seed), settings).model
    rule = cast(ConformalRule, model.conformal)
    facts = set_metrics(rule.sets(model.proba(collection.X_test)), collection.codes_test)
    return facts.coverage, facts.mean_size


def _rows(how: str, where: str, found: Sequence[tuple[float, float]], note: str = "") -> list[BenchRow]:
    coverage, size = zip(*found, strict=True)
    rows = []
    for measure, values, unit, target in (
        ("coverage", coverage, "share", 1 - ALPHA),
        ("mean size", size, "classes", None),
    ):
        value, spread = summarize(values)
        rows.append(BenchRow(f"{measure}, {how}", where, value, unit, None, target, len(values), spread, note))
    return rows
