"""How are the vectors laid out, and how should they be? Transformations, of which two can look at labels."""

from typing import TYPE_CHECKING

from modicum.core.lazy import lazy_names
from modicum.vectors.shape.concept_direction import ConceptDirection, concept_direction
from modicum.vectors.shape.fused_vectors import fused_vectors
from modicum.vectors.shape.linear_bridge import LinearBridge, linear_bridge
from modicum.vectors.shape.moments import moment_features, token_projection
from modicum.vectors.shape.named_concepts import NamedConcepts, ranking_loss, taught_concepts, top_concepts
from modicum.vectors.shape.neighbour_smoothing import NeighbourSmoothing
from modicum.vectors.shape.removed_directions import RemovedDirections, remove_directions, span
from modicum.vectors.shape.stationary_map import StationaryMap, simplex_corners, stationary_map
from modicum.vectors.shape.whitening import Whitening, isotropy, whitening_map
from modicum.vectors.shape.width_cut import CutLoss, WidthCut, cut_losses, enough

if TYPE_CHECKING:
    from modicum.vectors.shape.places import layout

# What models stand on comes at once; pictures, whose libraries take time to import, when asked for.
__getattr__ = lazy_names(__name__, {"layout": "modicum.vectors.shape.places"})

__all__ = [
    "ConceptDirection",
    "CutLoss",
    "LinearBridge",
    "NamedConcepts",
    "NeighbourSmoothing",
    "RemovedDirections",
    "StationaryMap",
    "Whitening",
    "WidthCut",
    "concept_direction",
    "cut_losses",
    "enough",
    "fused_vectors",
    "isotropy",
    "layout",
    "linear_bridge",
    "moment_features",
    "ranking_loss",
    "remove_directions",
    "simplex_corners",
    "span",
    "stationary_map",
    "taught_concepts",
    "token_projection",
    "top_concepts",
    "whitening_map",
]
