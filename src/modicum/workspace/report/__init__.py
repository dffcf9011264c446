"""The report as a page: one HTML file that needs no network, made from the JSON of a fit."""

from modicum.workspace.report.page import render

__all__ = ["render"]
