"""What did tuning do to the weights?"""

from modicum.weights.diagnose.forgetting import Forgetting, relate_forgetting
from modicum.weights.diagnose.intruder_dimensions import Intruders, intruder_dimensions, scale_intruders
from modicum.weights.diagnose.moved import Moved, layer_of, what_moved
from modicum.weights.diagnose.singular_alignment import singular_alignment

__all__ = [
    "Forgetting",
    "Intruders",
    "Moved",
    "intruder_dimensions",
    "layer_of",
    "relate_forgetting",
    "scale_intruders",
    "singular_alignment",
    "what_moved",
]
