"""How are the vectors laid out, and how should they be? Transformations that look at no label."""

from modicum.vectors.shape.concept_direction import ConceptDirection, concept_direction
from modicum.vectors.shape.layout import layout
from modicum.vectors.shape.moments import moment_features, token_projection
from modicum.vectors.shape.neighbour_smoothing import NeighbourSmoothing
from modicum.vectors.shape.removed_directions import RemovedDirections, remove_directions, span
from modicum.vectors.shape.whitening import Whitening, isotropy, whitening_map

__all__ = [
    "ConceptDirection",
    "NeighbourSmoothing",
    "RemovedDirections",
    "Whitening",
    "concept_direction",
    "isotropy",
    "layout",
    "moment_features",
    "remove_directions",
    "span",
    "token_projection",
    "whitening_map",
]
