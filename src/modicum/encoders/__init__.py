"""Items to vectors: pretrained encoders run by onnxruntime, their weights, and the cache of what they made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modicum.core.lazy import lazy_names

if TYPE_CHECKING:
    from modicum.core.protocols import Encoder
    from modicum.encoders.cache import VectorCache
    from modicum.encoders.difference import write_difference
    from modicum.encoders.encoding import encode, encode_table, encoder_for
    from modicum.encoders.folder import FolderEncoder
    from modicum.encoders.fused import FusedEncoder
    from modicum.encoders.hashed import HashedEncoder
    from modicum.encoders.modes import MODES, Agreement, compare, fastest, in_mode
    from modicum.encoders.precomputed import check_ending, join_npy, read_vectors, vectors_part, write_vectors
    from modicum.encoders.provision import base_name, find, load_encoder, load_folder, local_encoders, resolve
    from modicum.encoders.static import StaticEncoder, write_table

_NAMES = {
    "MODES": "modicum.encoders.modes",
    "Agreement": "modicum.encoders.modes",
    "Encoder": "modicum.core.protocols",
    "FolderEncoder": "modicum.encoders.folder",
    "FusedEncoder": "modicum.encoders.fused",
    "HashedEncoder": "modicum.encoders.hashed",
    "StaticEncoder": "modicum.encoders.static",
    "VectorCache": "modicum.encoders.cache",
    "check_ending": "modicum.encoders.precomputed",
    "base_name": "modicum.encoders.provision",
    "compare": "modicum.encoders.modes",
    "encode": "modicum.encoders.encoding",
    "encode_table": "modicum.encoders.encoding",
    "encoder_for": "modicum.encoders.encoding",
    "fastest": "modicum.encoders.modes",
    "find": "modicum.encoders.provision",
    "in_mode": "modicum.encoders.modes",
    "join_npy": "modicum.encoders.precomputed",
    "load_encoder": "modicum.encoders.provision",
    "local_encoders": "modicum.encoders.provision",
    "load_folder": "modicum.encoders.provision",
    "read_vectors": "modicum.encoders.precomputed",
    "resolve": "modicum.encoders.provision",
    "vectors_part": "modicum.encoders.precomputed",
    "write_difference": "modicum.encoders.difference",
    "write_table": "modicum.encoders.static",
    "write_vectors": "modicum.encoders.precomputed",
}

__all__ = [
    "MODES",
    "Agreement",
    "Encoder",
    "FolderEncoder",
    "FusedEncoder",
    "HashedEncoder",
    "StaticEncoder",
    "VectorCache",
    "base_name",
    "check_ending",
    "compare",
    "encode",
    "encode_table",
    "encoder_for",
    "fastest",
    "find",
    "in_mode",
    "join_npy",
    "load_encoder",
    "load_folder",
    "local_encoders",
    "read_vectors",
    "resolve",
    "vectors_part",
    "write_difference",
    "write_table",
    "write_vectors",
]

__getattr__ = lazy_names(__name__, _NAMES)


def __dir__() -> list[str]:
    """Names that tab completion offers."""
    return __all__
