"""From the report's JSON to one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from importlib.resources import files
from typing import Any

from jinja2 import ChainableUndefined, Environment, FunctionLoader
from markupsafe import Markup

from modicum.core.texts import printable
from modicum.workspace.report import wording
from modicum.workspace.report.target_view import target_view
from modicum.workspace.report.topics_view import topics_view
from modicum.workspace.report.view import view

STYLES, SCRIPTS = ("page.css", "tables.css", "charts.css", "print.css"), ("charts.js", "tables.js")
LARGEST = 2_000_000
"""Bytes of a page."""
WHOLES = (wording.WHOLE, 120, 0)
"""Characters that are kept of a cut text, for pages that would else be too large."""


def render(report: Mapping[str, Any]) -> str:
    """Return the page of a report as HTML.

    The page loads nothing from anywhere. Texts and class names are data: they are escaped, and cut where they are
    long, the more so where the page would else exceed two megabytes. Keys may be absent or null; the page then says
    that the thing was not measured.

    Args:
        report: What `report.json` holds.

    Returns:
        HTML, to be written as UTF-8. Cost: O(classes + points of the map), whatever the length of the texts.
    """
    kind = (report.get("target") or {}).get("kind")
    shape = "target.html.j2" if kind else "report.html.j2"
    return _page(shape, report, target_view(report) if kind else view(report))


def render_topics(facts: Mapping[str, Any]) -> str:
    """Return the page of a table's topics as HTML; what `render` says of pages holds for it, too.

    Args:
        facts: What `modicum.workspace.topics.topic_facts` tells.
    """
    return _page("topics.html.j2", facts, topics_view(facts))


def _page(shape: str, report: Mapping[str, Any], derived: Mapping[str, Any]) -> str:
    told = dict(derived) | {
        "report": report,
        "css": Markup("".join(map(_read, STYLES))),
        "script": Markup("".join(map(_read, SCRIPTS))),
    }
    for whole in WHOLES:
        page = _environment(whole).get_template(shape).render(told)
        page = printable(page)
        if len(page.encode()) < LARGEST:
            break
    return page


@cache
def _environment(whole: int) -> Environment:
    environment = Environment(
        loader=FunctionLoader(_read),
        autoescape=True,
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count=wording.count,
        counted=wording.counted,
        percent=wording.percent,
        percent_range=wording.percent_range,
        significant=wording.significant,
        plus_minus=wording.plus_minus,
        decimal=wording.decimal,
        seconds=wording.seconds,
        moment=wording.moment,
        name=partial(wording.name, whole=whole),
        said=partial(wording.said, whole=whole),
        number=wording.number,
    )
    return environment


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
