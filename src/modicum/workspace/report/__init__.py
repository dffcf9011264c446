"""Reports as pages: one HTML file that needs no network, made from the JSON of a fit or of topics."""

from modicum.workspace.report.page import render, render_topics

__all__ = ["render", "render_topics"]
