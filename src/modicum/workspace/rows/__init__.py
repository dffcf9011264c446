"""Which rows of a table are used: copies left out, and rows chosen from a pool."""

from modicum.workspace.rows.dedup import KEEP, WAYS, Deduplicated, dedup
from modicum.workspace.rows.select import METHODS, Pool, Selected, select

__all__ = ["KEEP", "METHODS", "WAYS", "Deduplicated", "Pool", "Selected", "dedup", "select"]
