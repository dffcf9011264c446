"""How are the vectors laid out, and how should they be? Transformations that look at no label."""

from modicum.vectors.shape.layout import layout
from modicum.vectors.shape.moments import moment_features, token_projection
from modicum.vectors.shape.neighbour_smoothing import NeighbourSmoothing

__all__ = ["NeighbourSmoothing", "layout", "moment_features", "token_projection"]
