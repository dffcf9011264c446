"""What the page needs beside the report itself: the shipped entry, cards, sorted rows and drawn charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from modicum.workspace.report import tables
from modicum.workspace.report.charts import (
    Expected,
    Measured,
    RecipePoint,
    class_key,
    cost_quality,
    histogram,
    item_map,
    learning_curve,
    moved_layers,
    reliability,
)
from modicum.workspace.report.charts.item_map import FEW
from modicum.workspace.report.parts import Entry, figures, interval, part, rows, total
from modicum.workspace.report.wording import MISSING, SPACE, count, counted, cut, decimal, number, percent, plus_minus

RUNGS = ("names", "rule", "labels", "vectors", "data", "weights")
LEAST_COST = 1e-4
"""Seconds at which times too short to measure are drawn."""
NARROW = 360
"""Width of the charts for phones."""


def view(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything derived that the template shows, by name."""
    ladder = rows(report, "ladder")
    tried = [entry for entry in ladder if entry.get("status") != "skipped"]
    return {
        "rungs": RUNGS,
        "few": FEW,
        "most_rows": tables.MOST_ROWS,
        "most_classes": tables.MOST_CLASSES,
        "interval": interval,
        "cards": _cards(report, shipped_entry(report)),
        "tried": tried,
        "prices": tables.prices(tried, part(report, "data")),
        "skipped": [entry for entry in ladder if entry.get("status") == "skipped"],
        "cost_chart": _cost_chart(tried, shipped_entry(report)),
        "curve_chart": _curve_chart(part(report, "learning_curve"), part(report, "data")),
        "moved_chart": _moved_chart(part(report, "tuning")),
        "per_class": tables.by_weakness(rows(report, "per_class")),
        "reliability_charts": _reliability_charts(report),
        "sizes_chart": _when(_sizes(report), histogram),
        "sizes": sorted(_sizes(report).items()),
        "shift": tables.shares(part(report, "shift")),
        "map_chart": _map_chart(part(report, "map")),
        "class_key": class_key,
        "conflicts": tables.conflicts(report),
        "totals": {key: total(report, key) for key in ("label_errors", "conflicts")},
        "counts": tables.label_counts(part(report, "data")),
        "encoder_mode": _encoder_mode(part(report, "encoder")),
        "longest": max((number(v) or 0 for v in part(report, "timings").values()), default=0),
    }


def shipped_entry(report: Mapping[str, Any]) -> Entry:
    """The rung of the ladder that was chosen; empty where none is marked or named."""
    ladder, name = rows(report, "ladder"), part(report, "chosen").get("name")
    marked = [entry for entry in ladder if entry.get("chosen")]
    return next(iter(marked or [entry for entry in ladder if name and entry.get("name") == name]), {})


def _cards(report: Mapping[str, Any], shipped: Entry) -> list[dict[str, str]]:
    return [
        _accuracy_card(part(report, "merged"), shipped),
        _labels_card(part(report, "data")),
        _recipe_card(report, shipped),
        *_trust_cards(report),
    ]


def _card(what: str, figure: str, note: str) -> dict[str, str]:
    return {"what": what, "figure": figure, "note": note}


def _accuracy_card(merged: Entry, shipped: Entry) -> dict[str, str]:
    held_out = number(part(merged, "after").get("accuracy"))
    if held_out is not None:
        note = f"on {counted(merged.get('rows'), 'held-out row')}, after weights were merged"
        return _card("Accuracy expected", percent(held_out), note)
    accuracy = number(shipped.get("cv_accuracy"))
    if accuracy is None:
        return _card("Accuracy expected", MISSING, "not measured")
    half = interval(shipped)
    note = "in cross-validation; interval not measured" if half is None else f"in cross-validation, 95{SPACE}% interval"
    return _card("Accuracy expected", plus_minus(accuracy, half), note)


def _labels_card(data: Entry) -> dict[str, str]:
    labelled, classes = number(data.get("labelled")), number(data.get("classes"))
    if labelled is None:
        return _card("Labels used", MISSING, "not told")
    note = f"of {counted(data.get('rows'), 'row')}"
    if classes:
        note += f"; {counted(classes, 'class', 'classes')}, {decimal(labelled / classes, 1)} labels each on average"
    return _card("Labels used", count(labelled), note)


def _recipe_card(report: Mapping[str, Any], shipped: Entry) -> dict[str, str]:
    chosen = part(report, "chosen")
    name = chosen.get("name") or shipped.get("name")
    if not name:
        return _card("Recipe shipped", MISSING, "not told")
    members = chosen.get("members") or ()
    told = ", ".join(f"{cut(m.get('recipe'), 40)} {percent(m.get('weight'))}" for m in members if len(members) > 1)
    return _card("Recipe shipped", cut(name, 60), told or "a single recipe")


def _trust_cards(report: Mapping[str, Any]) -> list[dict[str, str]]:
    ece = part(part(report, "calibration"), "ece")
    conformal = part(report, "conformal")
    before, after = number(ece.get("before")), number(ece.get("after"))
    note = "not measured" if after is None else "expected calibration error"
    if before is not None:
        note += f"; {percent(before)} before calibration"
    size, coverage = number(conformal.get("mean_size")), number(conformal.get("coverage"))
    covered = (
        "not measured" if coverage is None else f"classes on average; holds the truth in {percent(coverage)} of cases"
    )
    return [
        _card("Calibration error", percent(after), note),
        _card("Prediction set", decimal(size, 2), covered),
    ]


def _cost_chart(tried: Sequence[Entry], shipped: Entry) -> dict[str, Markup] | None:
    points = [
        RecipePoint(
            str(entry.get("name") or MISSING),
            max(number(entry.get("seconds")) or 0.0, LEAST_COST),
            accuracy,
            interval(entry),
            entry is shipped,
            bool(number(entry.get("weight"))),
        )
        for entry in tried
        if (accuracy := number(entry.get("cv_accuracy"))) is not None
    ]
    if not points:
        return None
    return {"wide": cost_quality(points), "narrow": cost_quality(points, width=NARROW, height=420)}


def _curve_chart(told: Entry, data: Entry) -> dict[str, Markup] | None:
    measured = [
        Measured(found[0], found[1], interval(p, "se"))
        for p in rows(told, "points")
        if (found := figures(p, "labels", "accuracy"))
    ]
    expected = [
        Expected(*found) for p in rows(told, "forecast") if (found := figures(p, "labels", "accuracy", "low", "high"))
    ]
    if not measured and not expected:
        return None
    measured, expected = sorted(measured, key=lambda p: p.labels), sorted(expected, key=lambda p: p.labels)
    now = number(data.get("labelled"))
    if now is None and measured:
        now = measured[-1].labels
    return {
        "wide": learning_curve(measured, expected, now),
        "narrow": learning_curve(measured, expected, now, width=NARROW, height=NARROW),
    }


def _moved_chart(tuning: Entry) -> Markup | None:
    told = [(str(one.get("layer") or MISSING), number(one.get("relative"))) for one in rows(tuning, "moved")]
    known = [(name, share) for name, share in told if share is not None]
    return moved_layers(known) if known else None


def _reliability_charts(report: Mapping[str, Any]) -> list[Markup]:
    found = part(part(report, "calibration"), "reliability")
    charts = []
    for key, title in (("before", "before calibration"), ("after", "after calibration")):
        bins = [
            b for b in rows(found, key)
            if number(b.get("count")) and None not in (number(b.get("confidence")), number(b.get("accuracy")))
        ]  # fmt: skip
        if bins:
            charts.append(reliability(bins, title))
    return charts


def _sizes(report: Mapping[str, Any]) -> dict[int, int]:
    told = part(part(report, "conformal"), "sizes")
    return {int(size): int(items) for size, items in told.items() if number(items) is not None}


def _when(data: dict[int, int], chart: Callable[[Mapping[int, int]], Markup]) -> Markup | None:
    return chart(data) if data else None


def _map_chart(told: Entry) -> Markup | None:
    points = [
        p for p in rows(told, "points")
        if None not in (number(p.get("x")), number(p.get("y"))) and isinstance(p.get("class"), int)
    ]  # fmt: skip
    return item_map(points, told.get("classes") or ()) if points else None


def _encoder_mode(encoder: Entry) -> str:
    """How the vectors were made, and how far that is from the exact way."""
    mode, agreement = encoder.get("mode"), part(encoder, "agreement")
    if not mode:
        return ""
    told = ["the table's words have a share in every cosine"] if mode == "fused" else []
    speedup, mean, least = (number(agreement.get(key)) for key in ("speedup", "cosine_mean", "cosine_min"))
    if speedup is not None:
        told.append(f"{decimal(speedup, 1)} times as fast as the exact mode")
    if mean is not None:
        worst = "" if least is None else f", {decimal(least)} at worst"
        told.append(f"cosine with the exact vectors {decimal(mean)} on average{worst}")
    return f"{cut(mode, 20)} mode" + (f": {'; '.join(told)}" if told else "")
