"""Is the difference real, and whom to trust how much? Paired comparison, agreement of rankings, pooling weights."""

from modicum.evaluation.stats.concurrence import Concurrence, concurrence
from modicum.evaluation.stats.corrected_difference import Difference, corrected_difference
from modicum.evaluation.stats.log_pool import linear_pool, log_pool, pool_weights
from modicum.evaluation.stats.stacking import stack_weights

__all__ = [
    "Concurrence",
    "Difference",
    "concurrence",
    "corrected_difference",
    "linear_pool",
    "log_pool",
    "pool_weights",
    "stack_weights",
]
