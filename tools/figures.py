"""The page of all committed benchmarks: tables that are as wide as they must be, and have no empty cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def figures_page(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Every benchmark that measures more than single methods, by name."""
    out = [
        "# Measured figures",
        "",
        "Generated from the results in [benchmarks](../benchmarks), which `make bench` makes.",
    ]
    for name, found in results.items():
        out += ["", f"## {name}", ""]
        if all(row.get("method") for row in found["rows"]):
            out += ["All rows are of single methods: [where each wins, and where it loses](methods/measured.md)."]
            continue
        out += [_machine(found)]
        for table in _tables(found["rows"]):
            out += ["", *table]
        out += ["", *_notes(found["rows"])] if any(row["note"] for row in found["rows"]) else []
    return "\n".join(out) + "\n"


def _machine(found: Mapping[str, Any]) -> str:
    """How often, and on what."""
    machine = found["machine"]
    seeds = max(row["seeds"] for row in found["rows"])
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    drawn = f"Up to {seeds} seeds; ± is the standard deviation over them." if seeds > 1 else "One seed."
    return f"{drawn} {machine['cores']} cores, {libraries}."


def _tables(rows: Sequence[Row]) -> Iterator[list[str]]:
    """One table for all measures that were taken at the same places; the longer of the two runs down."""
    cells = {(row["on"], row["measure"]): row for row in rows}
    places = dict.fromkeys(on for on, _ in cells)
    groups: dict[tuple[str, ...], list[str]] = {}
    for measure in dict.fromkeys(measure for _, measure in cells):
        groups.setdefault(tuple(on for on in places if (on, measure) in cells), []).append(measure)
    for group, measures in groups.items():
        down = len(group) < len(measures)
        first, across = (measures, group) if down else (group, measures)
        lines = [[figure(cells[(b, a) if down else (a, b)]) for b in across] for a in first]
        yield [
            f"| {'measure' if down else 'on'} | {' | '.join(across)} |",
            "|---" * (1 + len(across)) + "|",
            *(f"| {name} | {' | '.join(line)} |" for name, line in zip(first, lines, strict=True)),
        ]


def _notes(rows: Sequence[Row]) -> list[str]:
    """What is to be known of measures, each said once."""
    told: dict[str, dict[str, None]] = {}
    for row in rows:
        if row["note"]:
            told.setdefault(row["note"], {})[row["measure"]] = None
    return [f"- {'; '.join(measures)}: {note}" for note, measures in told.items()]


def figure(row: Row) -> str:
    """One measured value, with its spread, and what it is measured against where that is no column of its own."""
    unit = "" if row["unit"] == "share" else f" {row['unit']}"
    spread = "" if row["spread"] is None else f" ± {row['spread']:.3f}"
    against = {"baseline": None if row["unit"] == "share" else row["baseline"], "target": row["target"]}
    told = "; ".join(f"{name} {value:g}" for name, value in against.items() if value is not None)
    return f"{row['value']:.3f}{spread}{unit}{f' ({told})' if told else ''}"
