"""Labels of a session to a table, and from elsewhere into its journal."""

from modicum.workspace.loop.exchange.exports import export, export_columns
from modicum.workspace.loop.exchange.imports import import_labels

__all__ = ["export", "export_columns", "import_labels"]
