"""The page of all committed benchmarks: tables that are as wide as they must be, and have no empty cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
BASELINE = "baseline: "
SAME = 1e-5
"""Difference under which a baseline is the figure of a measure: values are written with five digits."""


def figures_page(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Every benchmark that measures more than single methods, by name."""
    out = [
        "# Measured figures",
        "",
        "Generated from the results in [benchmarks](../benchmarks), which `make bench` makes. In brackets stand the",
        "target of a figure, and its baseline where that is no measure of the same table.",
    ]
    for name, found in results.items():
        out += ["", f"## {name}", ""]
        if all(row.get("method") for row in found["rows"]):
            out += ["All rows are of single methods: [where each wins, and where it loses](methods/measured.md)."]
            continue
        rows = _named(found["rows"])
        out += [_machine(found)]
        for table in _tables(rows):
            out += ["", *table]
        out += ["", *_notes(rows)] if any(row["note"] for row in rows) else []
    return "\n".join(out) + "\n"


def _machine(found: Mapping[str, Any]) -> str:
    """How often, and on what."""
    machine = found["machine"]
    seeds = max(row["seeds"] for row in found["rows"])
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    drawn = f"Up to {seeds} seeds; ± is the standard deviation over them." if seeds > 1 else "One seed."
    return f"{drawn} {machine['cores']} cores, {libraries}."


def _named(rows: Sequence[Row]) -> list[Row]:
    """The rows, with measures that tell them apart: by the method where one figure is of several, or the baseline."""
    by_method = _told_apart(rows, lambda row: str(row.get("method") or "").rpartition(".")[2])
    return _told_apart(by_method, lambda row: f"against {row.get('against') or row['note'].removeprefix(BASELINE)}")


def _told_apart(rows: Sequence[Row], what: Callable[[Row], str]) -> list[Row]:
    """The rows; measures that stand twice at one place are told apart by something, which is said once."""
    taken = Counter((row["on"], row["measure"]) for row in rows)
    twice = {measure for (_, measure), count in taken.items() if count > 1}
    told: list[Row] = []
    for row in rows:
        more = what(row) if row["measure"] in twice else ""
        measure = f"{row['measure']}, {more}" if more else row["measure"]
        said = f"against {row['note'].removeprefix(BASELINE)}" == more
        told.append({**row, "measure": measure, "note": "" if said else row["note"]})
    return told


def _tables(rows: Sequence[Row]) -> Iterator[list[str]]:
    """One table for all measures that were taken at the same places; the longer of the two runs down."""
    cells = {(row["on"], row["measure"]): row for row in rows}
    if len(cells) < len(rows):
        raise ValueError("two figures of a benchmark have one name")
    places = dict.fromkeys(on for on, _ in cells)
    groups: dict[tuple[str, ...], list[str]] = {}
    for measure in dict.fromkeys(measure for _, measure in cells):
        groups.setdefault(tuple(on for on in places if (on, measure) in cells), []).append(measure)
    for group, measures in groups.items():
        told = {(on, what): _cell(cells, measures, on, what) for on in group for what in measures}
        down = len(group) < len(measures)
        first, across = (measures, group) if down else (group, measures)
        yield [
            f"| {'measure' if down else 'on'} | {' | '.join(across)} |",
            "|---" * (1 + len(across)) + "|",
            *(
                f"| {one} | {' | '.join(told[(other, one) if down else (one, other)] for other in across)} |"
                for one in first
            ),
        ]


def _cell(cells: Mapping[tuple[str, str], Row], measures: Sequence[str], on: str, measure: str) -> str:
    """A figure, without its baseline where that is a measure of the same table, this one or another."""
    row, others = cells[on, measure], [cells[on, other] for other in measures if other != measure]
    stands = any(_same(one["value"], row["baseline"]) for one in others) or (
        _same(row["value"], row["baseline"]) and any(_same(one["baseline"], row["baseline"]) for one in others)
    )
    return figure({**row, "baseline": None} if stands else row)


def _same(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and abs(one - other) < SAME


def _notes(rows: Sequence[Row]) -> list[str]:
    """What is to be known of measures, each said once."""
    told: dict[str, dict[str, None]] = {}
    for row in rows:
        if row["note"]:
            told.setdefault(row["note"], {})[row["measure"]] = None
    return [f"- {'; '.join(measures)}: {note}" for note, measures in told.items()]


def figure(row: Row) -> str:
    """One measured value, with its spread, and what it is measured against."""
    unit = "" if row["unit"] in ("share", "") else f" {row['unit']}"
    digits = _digits(row)
    spread = "" if row["spread"] is None else f" ± {row['spread']:,.{digits}f}"
    against = {name: row[name] for name in ("baseline", "target") if row[name] is not None}
    told = "; ".join(f"{name} {_plain(value)}" for name, value in against.items())
    return f"{row['value']:,.{digits}f}{spread}{unit}{f' ({told})' if told else ''}"


def _digits(row: Row) -> int:
    """Digits behind the point: of shares all that mean something, of counts none."""
    size = abs(float(row["value"]))
    if row["unit"] == "share":
        return 3
    if size >= 100 or (size.is_integer() and row["spread"] is None):
        return 0
    return 1 if size >= 10 else 3


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{round(value, 3):g}"
