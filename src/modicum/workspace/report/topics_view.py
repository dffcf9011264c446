"""What the page of topics needs beside the facts: cards, drawn charts and rows of tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modicum.workspace.report import tables
from modicum.workspace.report.charts import class_key, dendrogram, item_map, sparkline
from modicum.workspace.report.charts.item_map import FEW
from modicum.workspace.report.parts import Entry, part, rows
from modicum.workspace.report.view import NARROW
from modicum.workspace.report.wording import SPACE, count, counted, percent

CHANCE = 0.05
"""Probability, over all topics, of calling a trend that is none."""
MOST_EXAMPLES = 600
"""Example rows of all topics that are shown at most."""
MOST_LEAVES = 300
"""Topics of the tree that is drawn at most."""


def topics_view(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything derived that the template shows, by name."""
    topics, told = rows(facts, "topics"), part(facts, "map")
    by_size = sorted(topics, key=lambda topic: -topic["rows"])
    examples = [
        {"group": place, "topic": topic["name"], **row}
        for place, topic in enumerate(by_size)
        for row in topic["examples"]
    ]
    sections = [("map", "Map"), ("topics", "Topics"), ("rows", "Example rows"), ("tree", "Tree")]
    sections += [("time", "Over time")] if facts.get("time") else []
    sections += [("far", "Far rows"), ("count", "How many"), ("reading", "How to read"), ("provenance", "Provenance")]
    return {
        "sections": sections,
        "few": FEW,
        "most_rows": tables.MOST_ROWS,
        "most_classes": tables.MOST_CLASSES,
        "class_key": class_key,
        "cards": _cards(facts),
        "headline": _headline(facts),
        "by_size": by_size,
        "grouped": any(topic.get("group") for topic in topics),
        "examples": examples[:MOST_EXAMPLES],
        "example_count": len(examples),
        "map_chart": item_map(told["points"], told["classes"], unlabelled="topic", named=True) if told else None,
        "trees": _trees(facts),
        "trends": _trends(facts),
        "chosen": part(facts, "figures").get("topics"),
    }


def _headline(facts: Entry) -> str:
    figures, data = part(facts, "figures"), part(facts, "data")
    named = [topic["name"] for topic in sorted(rows(facts, "topics"), key=lambda topic: -topic["rows"])[:3]]
    rows_are = counted(data.get("rows"), "row is", "rows are")
    held = f"{rows_are} about {counted(figures.get('topics'), 'topic')}"
    return f"{held}; the largest: {', '.join(named)}."


def _cards(facts: Entry) -> list[dict[str, str]]:
    figures, data = part(facts, "figures"), part(facts, "data")
    empty, new = figures.get("empty") or 0, figures.get("new")
    largest = f"the largest holds {percent(figures.get('largest_share'))} of the rows"
    far = f"of {counted(data.get('rows'), 'row')}, far from every topic; each has one nevertheless"
    cards = [
        {"what": "Topics", "figure": count(figures.get("topics")), "note": largest},
        {
            "what": "Found again",
            "figure": percent(figures.get("agreement")),
            "note": "of the rows land in the same topic when other rows are clustered",
        },
        {"what": "Far rows", "figure": count(figures.get("far")), "note": far},
    ]
    if empty:
        cards.append({"what": "Empty rows", "figure": count(empty), "note": "say nothing and have no topic"})
    if new is not None:
        cards.append(
            {"what": "New topics", "figure": count(new), "note": "since the run before; ids of the others stay"}
        )
    return cards


def _trees(facts: Entry) -> dict[str, Any] | None:
    topics, merges = rows(facts, "topics"), facts.get("merges") or ()
    if not merges or len(topics) > MOST_LEAVES:
        return None
    names, sizes = [topic["name"] for topic in topics], [topic["rows"] for topic in topics]
    return {
        "wide": dendrogram(names, sizes, merges),
        "narrow": dendrogram(names, sizes, merges, width=NARROW),
    }


def _trends(facts: Entry) -> list[dict[str, Any]]:
    """Topics with their shares over time, the clearest trends first."""
    told = part(facts, "time")
    top = max((share for one in rows(told, "topics") for share in one["shares"]), default=0.0)
    out = []
    for topic, one in zip(rows(facts, "topics"), rows(told, "topics"), strict=False):
        clear = one["p_value"] < CHANCE
        change = 100 * (one["shares"][-1] - one["shares"][0])
        out.append(
            {
                "name": topic["name"],
                "said": ("grows" if one["trend"] > 0 else "fades") if clear else "no clear trend",
                "first": one["shares"][0],
                "last": one["shares"][-1],
                "change": change,
                "points": f"{change:+.1f}{SPACE}points".replace("-", "−"),
                "chart": sparkline(one["shares"], top),
                "order": (not clear, -abs(one["trend"])),
            }
        )
    return sorted(out, key=lambda row: row["order"])
