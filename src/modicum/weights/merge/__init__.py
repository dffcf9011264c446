"""How are the weights of several models made one model?"""

from modicum.weights.merge.atlas import atlas
from modicum.weights.merge.axes import chain_axes, encoder_axes
from modicum.weights.merge.checkpoint_average import checkpoint_average
from modicum.weights.merge.descent import Descent, Merged
from modicum.weights.merge.greedy_soup import Soup, greedy_soup
from modicum.weights.merge.probe import contrast_loss
from modicum.weights.merge.self_positioning import self_positioning
from modicum.weights.merge.start import check_one_start
from modicum.weights.merge.task_vectors import compose, task_vector
from modicum.weights.merge.uniform_soup import uniform_soup
from modicum.weights.merge.unlabelled import fixmatch_loss, trusted_rows
from modicum.weights.merge.weight_matching import matched_soup, reordered, weight_matching
from modicum.weights.states import State, mean_state

__all__ = [
    "Descent",
    "Merged",
    "Soup",
    "State",
    "atlas",
    "chain_axes",
    "check_one_start",
    "checkpoint_average",
    "compose",
    "contrast_loss",
    "encoder_axes",
    "fixmatch_loss",
    "greedy_soup",
    "matched_soup",
    "mean_state",
    "reordered",
    "self_positioning",
    "task_vector",
    "trusted_rows",
    "uniform_soup",
    "weight_matching",
]
