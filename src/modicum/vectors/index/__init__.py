"""Where are the nearest rows? Indexes to search, exactly or nearly, and an audit of what is missed."""

from modicum.vectors.index.approximate import ApproximateIndex
from modicum.vectors.index.audit import Audit, Mended, Slice, audit, local_dimensionality, mend, query_dimensions
from modicum.vectors.index.base import Index
from modicum.vectors.index.binary import BinaryIndex, binary_codes
from modicum.vectors.index.bits import bit_columns, differing_bits, least_differing
from modicum.vectors.index.exact import ExactIndex
from modicum.vectors.index.opening import load_index

__all__ = [
    "ApproximateIndex",
    "Audit",
    "BinaryIndex",
    "ExactIndex",
    "Index",
    "Mended",
    "Slice",
    "audit",
    "binary_codes",
    "bit_columns",
    "differing_bits",
    "least_differing",
    "load_index",
    "local_dimensionality",
    "mend",
    "query_dimensions",
]
