"""How is what is shipped made smaller, or a larger start made of it, with little training or none?"""

from modicum.weights.compress.grow import copy_shares, expanded, grow
from modicum.weights.compress.relation_distillation import (
    Distillation,
    distil_relations,
    even_layers,
    relation_loss,
    vector_loss,
    with_layers,
)
from modicum.weights.compress.spectral_rank import factorise, ranks_above, spectral_ranks, truncate
from modicum.weights.compress.static_student import ridge, score_vectors, static_student
from modicum.weights.compress.trajectory_pruning import (
    Group,
    encoder_trajectory,
    inner_groups,
    kept_within,
    trajectory_errors,
    with_inner_units,
)

__all__ = [
    "Distillation",
    "Group",
    "copy_shares",
    "distil_relations",
    "encoder_trajectory",
    "even_layers",
    "expanded",
    "factorise",
    "grow",
    "inner_groups",
    "kept_within",
    "ranks_above",
    "relation_loss",
    "ridge",
    "score_vectors",
    "spectral_ranks",
    "static_student",
    "trajectory_errors",
    "truncate",
    "vector_loss",
    "with_inner_units",
    "with_layers",
]
