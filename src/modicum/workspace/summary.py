"""What a report says in plain words, for a reader who does not know the terms of the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modicum.core.texts import counted
from modicum.workspace.report.parts import total

Report = Mapping[str, Any]


def summary(report: Report) -> list[str]:
    """A handful of sentences, each on what was measured; what was not measured is left out."""
    said = [_data(report), _accuracy(report), _sets(report), _labels(report), _next(report)]
    return [sentence for sentence in said if sentence]


def _data(report: Report) -> str:
    data = report["data"]
    told = f"The table holds {data['rows']:,} {_items(report)} in {data['classes']} classes; "
    told += f"{data['labelled']:,} carry a label."
    copies = data.get("near_duplicates", 0)
    if copies:
        one, many = ("holds", "hold") if _items(report) == "images" else ("says nearly", "say nearly")
        told += f" {counted(copies, one, many)} the same as another; no split parts {'it' if copies == 1 else 'them'}."
    return told


def _items(report: Report) -> str:
    return str(report["data"].get("kind", "texts"))


def _accuracy(report: Report) -> str | None:
    merged = report.get("merged")
    if merged:
        right = f"{100 * merged['after']['accuracy']:.0f} of 100 cases"
        return f"On {merged['rows']:,} held-out rows the model, on weights merged after the fit, was right in {right}."
    shipped = next((entry for entry in report["ladder"] if entry.get("chosen")), None)
    if shipped is None or shipped.get("cv_accuracy") is None:
        return _guessed(report)
    accuracy, half = shipped["cv_accuracy"], 1.96 * (shipped.get("cv_se") or 0.0)
    low, high = max(accuracy - half, 0.0), min(accuracy + half, 1.0)
    told = f"On {_items(report)} like the labelled ones the model should be right in about {100 * accuracy:.0f} of "
    told += "100 cases"
    told += f" (between {100 * low:.0f} and {100 * high:.0f})" if half else ""
    elsewhere = (report.get("shift") or {}).get("expected_accuracy")
    if elsewhere is not None and round(100 * elsewhere) != round(100 * accuracy):
        told += f"; on the unlabelled ones, whose classes are frequent in other measure, in about {100 * elsewhere:.0f}"
    return told + "."


def _guessed(report: Report) -> str | None:
    expected = report.get("expected")
    if not expected:
        return None
    return (
        f"The model should be right in about {100 * expected['accuracy']:.0f} of 100 cases (between "
        f"{100 * expected['low']:.0f} and {100 * expected['high']:.0f}); this is judged by other tables, since there "
        "are too few labels to measure it here."
    )


def _sets(report: Report) -> str | None:
    sets = report.get("conformal")
    if not sets or sets.get("mean_size") is None:
        return None
    return (
        f"Where one answer is not enough, it names a few: {sets['mean_size']:.1f} on average, with the right one among "
        f"them in {100 * sets['coverage']:.0f} of 100 cases."
    )


def _labels(report: Report) -> str | None:
    errors, conflicts = total(report, "label_errors"), total(report, "conflicts")
    item, told = _items(report).removesuffix("s"), []
    if errors:
        told.append(f"{counted(errors, 'label is', 'labels are')} contradicted by the model and worth a second look")
    if conflicts:
        told.append(f"{counted(conflicts, f'{item} has', f'{item}s have')} different labels on copies")
    return f"{'; '.join(told)}." if told else None


def _next(report: Report) -> str | None:
    suggested, curve = len(report.get("next_to_label") or ()), report.get("learning_curve")
    if curve:
        return f"Expected of more labels: {curve['said'].replace(' more labels:', ' more would bring')}."
    return f"A label for the {counted(suggested, 'row')} listed below would help most." if suggested else None
