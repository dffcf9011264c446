"""How is what is shipped made smaller, or a larger start made of it, without training it again?"""

from modicum.weights.compress.grow import copy_shares, expanded, grow
from modicum.weights.compress.spectral_rank import factorise, ranks_above, spectral_ranks, truncate
from modicum.weights.compress.trajectory_pruning import (
    Group,
    encoder_trajectory,
    inner_groups,
    kept_within,
    trajectory_errors,
    with_inner_units,
)

__all__ = [
    "Group",
    "copy_shares",
    "encoder_trajectory",
    "expanded",
    "factorise",
    "grow",
    "inner_groups",
    "kept_within",
    "ranks_above",
    "spectral_ranks",
    "trajectory_errors",
    "truncate",
    "with_inner_units",
]
