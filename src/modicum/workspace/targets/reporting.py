"""The report of several labels or of a number: the parts that both share, and those the kind of target adds."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np

from modicum.data.dedup import conflicts
from modicum.workspace import findings
from modicum.workspace.budget import parse_budget
from modicum.workspace.ladder.climb import Trial
from modicum.workspace.mapped import map_facts
from modicum.workspace.preparing import Prepared
from modicum.workspace.same_texts import copies_kept_back, flattered
from modicum.workspace.settings import Settings
from modicum.workspace.targets.choice import POOL, Candidate
from modicum.workspace.targets.summary import decision, grounds, summary
from modicum.workspace.targets.target import Made, Target

SCHEMA = 1


def write_report(target: Target, made: Made, prepared: Prepared, settings: Settings) -> dict[str, Any]:
    """The content of report.json, but for the timings."""
    facts = target.facts(made, settings)
    names, codes = facts.pop("map_classes")
    ladder = ladder_rows(target, made)
    rng = np.random.default_rng(settings.seed)
    same_labels = target.kind == "labels"
    test = facts["test"]
    copies = [made.table.ids[row] for row in copies_kept_back(made.table, prepared.same)]
    clashes, groups = findings.conflicting(made.table, prepared.same) if same_labels else (None, None)
    report = {
        "schema": SCHEMA,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "modicum": version("modicum"),
        "target": {
            "kind": target.kind,
            "column": made.table.label_column,
            "baseline": target.baseline,
            "figures": [dict(figure) for figure in target.figures],
        },
        "conflicts": clashes,
        "encoder": asdict(prepared.encoder) | {"agreement": prepared.agreement and asdict(prepared.agreement)},
        "ladder": ladder,
        "chosen": _chosen(made),
        "map": map_facts(made.problem, made.table, names, codes, rng, settings.map_points),
        **facts,
        "totals": facts["totals"] | {"conflicts": groups},
        "test": test and {**test, "copies": copies},
        "data": _data(made, prepared, same_labels) | facts["data"],
    }
    told = {
        "decision": decision(report),
        "grounds": [*grounds(report, parse_budget(settings.budget)), *flattered(copies, test["rows"] if test else 0)],
        "summary": summary(report),
    }
    return report | told


def _data(made: Made, prepared: Prepared, same_labels: bool) -> dict[str, Any]:
    table, same = made.table, prepared.same
    repeated, near = (len(table) - len(np.unique(groups)) for groups in (same.exact, same.near))
    clashing = [table.ids[row] for row in conflicts(same.exact, table.labels)] if same_labels else None
    return {
        "source": table.source,
        "text_column": table.text_column,
        "rows": len(table),
        "labelled": int(table.labelled.sum()),
        "duplicates": repeated,
        "near_duplicates": near,
        "conflicts": clashing,
    }


def ladder_rows(target: Target, made: Made) -> list[dict[str, Any]]:
    """One entry per recipe and one for the pool: what it is, what it showed, whether it was shipped."""
    found = {candidate.name: candidate for candidate in made.choice.candidates}
    entries = [_entry(target, made, trial.recipe.name, [trial], found) for trial in made.climbed.trials]
    if POOL in found:
        entries.append(_entry(target, made, POOL, found[POOL].trials, found))
    return entries


def _entry(
    target: Target, made: Made, name: str, trials: Sequence[Trial], found: dict[str, Candidate]
) -> dict[str, Any]:
    """What is told of one candidate; figures are null where it was not tried."""
    first, choice, shipped = trials[0], made.choice, made.choice.shipped
    shares = {t.recipe.name: float(w) for t, w in zip(shipped.trials, shipped.weights, strict=True)}
    steps = ["pool of " + ", ".join(t.recipe.name for t in trials)] if name == POOL else map(str, first.recipe.steps)
    entry: dict[str, Any] = {
        "name": name,
        "steps": list(steps),
        "rung": max(trial.recipe.rung for trial in trials),
        "status": "tried" if first.tried else "skipped",
        "reason": first.reason,
        "seconds": round(sum(trial.seconds for trial in trials), 3),
        "parameters_moved": sum(trial.parameters for trial in trials),
        "megabytes": round(sum(trial.megabytes for trial in trials), 3),
        "seconds_per_1000_items": round(sum(trial.seconds_per_1000 for trial in trials), 5),
        "cv_accuracy": None,
        "cv_skill": None,
        "cv_se": None,
        **dict.fromkeys(figure["key"] for figure in target.figures),
    }
    candidate = found.get(name)
    if candidate is not None:
        skill, error = choice.skill(candidate)
        truth = np.asarray(made.problem.targets)[made.problem.rows]
        entry |= {"cv_skill": skill, "cv_se": error, **target.shown_by(candidate, truth)}
    expected = choice.expected_loss.get(name)
    return entry | {"expected_loss": expected, "weight": shares.get(name, 0.0), "chosen": shipped.name == name}


def _chosen(made: Made) -> dict[str, Any]:
    shipped = made.choice.shipped
    members = [
        {"recipe": trial.recipe.name, "weight": float(weight)}
        for trial, weight in zip(shipped.trials, shipped.weights, strict=True)
    ]
    return {"name": shipped.name, "members": members, "expected_loss": made.choice.expected_loss.get(shipped.name)}
