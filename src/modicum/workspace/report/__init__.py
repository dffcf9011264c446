"""Reports as pages: one HTML file that needs no network, made from the JSON of a fit or of topics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modicum.core.lazy import lazy_names

if TYPE_CHECKING:
    from modicum.workspace.report.page import render, render_topics

# A bundle that only answers writes no report, and spares itself the templates and charts.
__getattr__ = lazy_names(__name__, dict.fromkeys(("render", "render_topics"), "modicum.workspace.report.page"))

__all__ = ["render", "render_topics"]
