"""Which rows may teach, and which may judge? Splits that keep copies, groups and the future apart."""

from modicum.evaluation.splits.groups import merge_groups
from modicum.evaluation.splits.split import (
    Split,
    hold_out,
    make_splits,
    repeated_stratified,
    represented,
    time_ordered,
)

__all__ = ["Split", "hold_out", "make_splits", "merge_groups", "repeated_stratified", "represented", "time_ordered"]
