"""What the page of several labels or of a number needs beside the report itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from modicum.workspace.report import tables
from modicum.workspace.report.charts import RecipePoint, cost_quality, histogram, scatter
from modicum.workspace.report.parts import Entry, figures, interval, part, rows
from modicum.workspace.report.view import LEAST_COST, NARROW, shipped_entry, view
from modicum.workspace.report.wording import (
    MISSING,
    SPACE,
    count,
    counted,
    decimal,
    number,
    percent,
    plus_minus,
    significant,
)

SECTIONS = {
    "labels": (("labels", "Labels"), ("calibration", "Calibration"), ("sets", "Sets of labels")),
    "number": (("scatter", "Held-out numbers"), ("intervals", "Intervals")),
}
SKILL = {"labels": "log-loss saved", "number": "variance explained"}


def target_view(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything derived that the template shows, by name."""
    target = part(report, "target")
    kind = "number" if target.get("kind") == "number" else "labels"
    shipped = shipped_entry(report)
    told = view(report)
    clashes = (("conflicts", "Conflicts"),) if kind == "labels" else ()
    return told | {
        "kind": kind,
        "skill": SKILL[kind],
        "figures": rows(target, "figures"),
        "sections": [
            ("cost", "Cost and quality"),
            ("ladder", "Ladder"),
            *SECTIONS[kind],
            ("map", "Map"),
            ("errors", "Doubtful rows"),
            *clashes,
            ("next", "Next to label"),
            ("data", "Data"),
            ("timings", "Timings"),
            ("reading", "How to read"),
            ("provenance", "Provenance"),
        ],
        "cards": _cards(report, shipped, kind) + [card for card in told["cards"] if card["what"] == "Recipe shipped"],
        "cost_chart": _cost_chart(report, shipped, kind),
        "sizes_chart": histogram(dict(told["sizes"]), ("label", "labels")) if told["sizes"] else None,
        "scatter_chart": _scatter(report),
        "per_label": tables.by_weakness(rows(report, "per_label")),
    }


def _cards(report: Mapping[str, Any], shipped: Entry, kind: str) -> list[dict[str, str]]:
    data, promise = part(report, "data"), part(report, "conformal")
    labelled = {
        "what": "Rows with a label" if kind == "labels" else "Rows with a number",
        "figure": count(data.get("labelled")),
        "note": f"of {counted(data.get('rows'), 'row')}",
    }
    if kind == "labels":
        size, held = number(promise.get("mean_size")), number(promise.get("coverage"))
        found = f"labels a row; {percent(held)} of the true ones are in it" if held is not None else "not measured"
        macro = f"in cross-validation; macro F1 {percent(shipped.get('cv_macro_f1'))}"
        return [
            {"what": "Micro F1 expected", "figure": percent(shipped.get("cv_micro_f1")), "note": macro},
            labelled,
            {"what": "Set of labels", "figure": decimal(size, 2), "note": found},
        ]
    half = interval(shipped)
    explained = f"in cross-validation; {plus_minus(shipped.get('cv_r2'), half)} of the variance explained"
    width, held = number(promise.get("width")), number(promise.get("coverage"))
    wide = "not promised: too few rows" if width is None else "wide"
    wide += f"; holds the truth in {percent(held)} of cases" if held is not None else ""
    aim = number(promise.get("alpha"))
    name = "Interval" if aim is None else f"{100 * (1 - aim):.3g}{SPACE}% interval"
    return [
        {"what": "Mean absolute error", "figure": significant(shipped.get("cv_mae"), 3), "note": explained},
        labelled,
        {"what": name, "figure": significant(width, 3) if width is not None else MISSING, "note": wide},
    ]


def _cost_chart(report: Mapping[str, Any], shipped: Entry, kind: str) -> dict[str, Markup] | None:
    """Skill over seconds; what is worse than a constant answer stands at 0."""
    points = [
        RecipePoint(
            str(entry.get("name") or MISSING),
            max(number(entry.get("seconds")) or 0.0, LEAST_COST),
            max(skill, 0.0),
            interval(entry),
            entry is shipped,
            bool(number(entry.get("weight"))),
        )
        for entry in rows(report, "ladder")
        if (skill := number(entry.get("cv_skill"))) is not None
    ]
    if not points:
        return None
    return {
        "wide": cost_quality(points, measure=SKILL[kind]),
        "narrow": cost_quality(points, width=NARROW, height=420, measure=SKILL[kind]),
    }


def _scatter(report: Mapping[str, Any]) -> dict[str, Markup] | None:
    points = [p for p in rows(report, "scatter") if figures(p, "true", "predicted")]
    if not points:
        return None
    found = figures(part(report, "conformal"), "lower", "upper")
    band = (found[0], found[1]) if found else None
    return {"wide": scatter(points, band), "narrow": scatter(points, band, width=NARROW, height=NARROW)}
