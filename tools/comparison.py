"""The page that compares modicum with its peers: a hand-written text, and tables made of what was measured."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"
TEXT = BENCHMARKS / "peers" / "page.md"
PARTS = {
    "few labels": "peers-few-shot.json",
    "minutes": "peers-tuned.json",
    "adapters": "peers-weights.json",
    "queries": "peers-active.json",
    "prediction sets": "peers-conformal.json",
}
"""Places in the text, `<!-- few labels -->` and so on, and the results that are shown there."""
OURS = "modicum"
HOUSE = "margin_query"

Row = Mapping[str, Any]


def comparison_page() -> str:
    """The text with its tables."""
    page = TEXT.read_text(encoding="utf-8")
    shown = {
        "few labels": few_labels,
        "minutes": few_labels,
        "adapters": adapters,
        "queries": queries,
        "prediction sets": prediction_sets,
    }
    for place, file in PARTS.items():
        found = json.loads((BENCHMARKS / file).read_text(encoding="utf-8"))
        page = page.replace(f"<!-- {place} -->", f"{shown[place](found['rows'])}\n{machine(found)}")
    return page


def machine(found: Mapping[str, Any]) -> str:
    """What it was measured on, in a line."""
    told = found["machine"]
    return f"Measured on {told['cores']} cores ({told['processor'] or told['machine']}), Python {told['python']}."


def few_labels(rows: Sequence[Row]) -> str:
    """One table per task: accuracy and time of everyone, and in words who is above modicum."""
    out: list[str] = []
    for where in dict.fromkeys(row["on"] for row in rows):
        cells = by_contender(row for row in rows if row["on"] == where)
        out += [f"### {where}", "", "| | accuracy | against modicum | CPU time | wall time | draws |", "|---" * 6 + "|"]
        out += [contender_line(name, cell) for name, cell in cells.items()]
        out += ["", verdict(cells)]
        out += [f"Of {name}: {cell['accuracy']['note']}." for name, cell in cells.items() if cell["accuracy"]["note"]]
        out += [""]
    return "\n".join(out)


def by_contender(rows: Iterable[Row]) -> dict[str, dict[str, Row]]:
    """Rows by contender and measure, contenders in the order of the file; `accuracy, setfit, defaults` is of setfit."""
    out: dict[str, dict[str, Row]] = {}
    for row in rows:
        measure, _, name = row["measure"].partition(", ")
        out.setdefault(name, {})[measure] = row
    return out


def contender_line(name: str, cell: Mapping[str, Row]) -> str:
    """One contender; times beside those of modicum in the same draws."""
    right = cell["accuracy"]
    spread = "" if right["spread"] is None else f" ± {right['spread']:.3f}"
    ahead = "" if right["baseline"] is None else f"{points(right):+.1f} points"
    times = " | ".join(seconds(cell[measure]) for measure in ("CPU time", "wall time"))
    return f"| {name} | {right['value']:.3f}{spread} | {ahead} | {times} | {right['seeds']} |"


def points(row: Row) -> float:
    """How far a contender is above modicum, in points, as the page shows it."""
    return float(round(100 * (row["value"] - row["baseline"]), 1))


def seconds(row: Row) -> str:
    """A time, and how many times modicum's it is."""
    times = "" if row["baseline"] is None else f" ({row['value'] / row['baseline']:.1f} times)"
    return f"{row['value']:.0f} s{times}"


def verdict(cells: Mapping[str, Mapping[str, Row]]) -> str:
    """Who is above modicum, said plainly; contenders that are modicum itself do not count."""
    ahead = {
        name: points(cell["accuracy"])
        for name, cell in cells.items()
        if not name.startswith(OURS) and points(cell["accuracy"]) > 0
    }
    if not ahead:
        return "No peer is above modicum here."
    told = ", ".join(f"{name} by {by:.1f} points" for name, by in sorted(ahead.items(), key=lambda item: -item[1]))
    return f"**modicum loses here**: above it are {told}."


def prediction_sets(rows: Sequence[Row]) -> str:
    """One table per task: coverage and mean size by score, and in words where modicum's sets are larger."""
    out: list[str] = []
    for where in dict.fromkeys(row["on"] for row in rows):
        cells = {tuple(row["measure"].split(", ")): row for row in rows if row["on"] == where}
        scores = dict.fromkeys(score for _, score, _ in cells)
        columns = [(measure, name) for measure in ("coverage", "mean size") for name in (OURS, "mapie")]
        out += [f"### {where}", "", f"| score | {' | '.join(f'{m}, {n}' for m, n in columns)} |", "|---" * 5 + "|"]
        out += [f"| {s} | {' | '.join(with_spread(cells[m, s, n]) for m, n in columns)} |" for s in scores]
        larger = [s for s in scores if cells["mean size", s, OURS]["value"] > cells["mean size", s, "mapie"]["value"]]
        told = (
            f"**modicum's sets are larger** with {', '.join(larger)}." if larger else "No set is larger than MAPIE's."
        )
        notes = dict.fromkeys(f" With {s}, {n}." for (_, s, _), row in cells.items() if (n := row["note"]))
        splits, aim = max(row["seeds"] for row in cells.values()), cells["coverage", "lac", OURS]["target"]
        out += ["", f"{told} {splits} random splits; coverage is promised to be {aim:g}.{''.join(notes)}", ""]
    return "\n".join(out)


def queries(rows: Sequence[Row]) -> str:
    """One table per collection: every strategy's accuracy on the way, best mean first, and where modicum's is not."""
    out: list[str] = []
    found = [row for row in rows if row["measure"].startswith("accuracy, ")]
    for name in dict.fromkeys(row["on"].partition(" test, ")[0] for row in found):
        cells: dict[str, dict[str, Row]] = {}
        for row in found:
            of, _, place = row["on"].partition(" test, ")
            if of == name:
                cells.setdefault(row["measure"].removeprefix("accuracy, "), {})[place] = row
        places = list(next(iter(cells.values())))
        order = sorted(cells, key=lambda key: -cells[key][places[-1]]["value"])
        out += [f"### {name}", "", f"| strategy | {' | '.join(places)} |", "|---" * (1 + len(places)) + "|"]
        out += [f"| {key} | {' | '.join(with_spread(cells[key][place]) for place in places)} |" for key in order]
        ahead = [place for place in places if max(cells, key=lambda key: cells[key][place]["value"]) != HOUSE]
        told = f"**modicum loses here** at {', '.join(ahead)}." if ahead else "No peer is above modicum here."
        seeds = cells[HOUSE][places[-1]]["seeds"]
        out += ["", f"`{HOUSE}` is modicum's. {told} Mean and standard deviation over {seeds} draws of the pool.", ""]
    return "\n".join(out)


def adapters(rows: Sequence[Row]) -> str:
    """One table: what a step, the start and memory of a method take beside the other library's."""
    out: list[str] = []
    for where in dict.fromkeys(row["on"] for row in rows):
        found = {name(row): row for row in rows if row["on"] == where}
        out += [f"### {where}", "", "| | ratio, below 1 is better | modicum's to PEFT's |", "|---" * 3 + "|"]
        out += [f"| {key} | {with_spread(row)} | {row['note']} |" for key, row in found.items()]
        behind = [key for key, row in found.items() if row["value"] > 1]
        told = f"**modicum loses here** at {', '.join(behind)}." if behind else "modicum is ahead here."
        out += ["", told, ""]
    return "\n".join(out)


def name(row: Row) -> str:
    """`LoRA, step` of a row that measures `step, LoRA, ratio to PEFT`."""
    what, method, _ = row["measure"].split(", ")
    return f"{method}, {what}"


def with_spread(row: Row) -> str:
    """Mean and standard deviation."""
    spread = "" if row["spread"] is None else f" ± {row['spread']:.3f}"
    return f"{row['value']:.3f}{spread}"
