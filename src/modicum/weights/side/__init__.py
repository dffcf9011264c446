"""What can be learnt beside a frozen encoder, from what its layers say?"""

from modicum.weights.adapt.adapter import restore, trainable
from modicum.weights.side.hierarchical_side_tuning import HierarchicalSideTuning
from modicum.weights.side.side import SideEncoder, SideMethod, SideNetwork, beside, load, save
from modicum.weights.side.unipt import UniPT

__all__ = [
    "HierarchicalSideTuning",
    "SideEncoder",
    "SideMethod",
    "SideNetwork",
    "UniPT",
    "beside",
    "load",
    "restore",
    "save",
    "trainable",
]
