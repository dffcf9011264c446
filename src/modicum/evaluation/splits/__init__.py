"""Which rows may teach, and which may judge? Splits that keep copies, groups and the future apart."""

from modicum.evaluation.splits.split import Split, hold_out, make_splits, merge_groups, represented

__all__ = ["Split", "hold_out", "make_splits", "merge_groups", "represented"]
