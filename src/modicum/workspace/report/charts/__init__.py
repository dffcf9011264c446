"""Charts as inline SVG: pure functions, data in, markup out. They read without scripts; colours come from the page."""

from modicum.workspace.report.charts.cost_quality import RecipePoint, cost_quality
from modicum.workspace.report.charts.dendrogram import dendrogram
from modicum.workspace.report.charts.dumbbell import dumbbell
from modicum.workspace.report.charts.histogram import histogram
from modicum.workspace.report.charts.item_map import class_key, item_map
from modicum.workspace.report.charts.learning_curve import Expected, Measured, learning_curve
from modicum.workspace.report.charts.moved import moved_layers
from modicum.workspace.report.charts.reliability import reliability
from modicum.workspace.report.charts.scatter import scatter
from modicum.workspace.report.charts.sparkline import sparkline

__all__ = [
    "Expected",
    "Measured",
    "RecipePoint",
    "class_key",
    "cost_quality",
    "dendrogram",
    "dumbbell",
    "histogram",
    "item_map",
    "learning_curve",
    "moved_layers",
    "reliability",
    "scatter",
    "sparkline",
]
