"""modicum: move the least that works.

Turns a table of mostly unlabelled items, a pretrained encoder and a few labels into a calibrated task model.
The front door is `read`, `fit`, `load` and `encode`; every method stands alone in its room, for instance
`modicum.heads.GaussianDiscriminant`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from modicum.core.errors import InputError
from modicum.core.lazy import lazy_names

if TYPE_CHECKING:
    from modicum import core, data, encoders, evaluation, heads, labels, serve, vectors, workspace
    from modicum.data import read
    from modicum.encoders import encode
    from modicum.workspace import fit, load

__version__ = "0.1.0"

_ROOMS = ("core", "data", "encoders", "evaluation", "heads", "labels", "serve", "vectors", "workspace")
_DOOR = {
    "read": "modicum.data",
    "encode": "modicum.encoders",
    "fit": "modicum.workspace",
    "load": "modicum.workspace",
}

__all__ = [
    "InputError",
    "__version__",
    "core",
    "data",
    "encode",
    "encoders",
    "evaluation",
    "fit",
    "heads",
    "labels",
    "load",
    "read",
    "serve",
    "vectors",
    "workspace",
]

__getattr__ = lazy_names(__name__, _DOOR, _ROOMS)


def __dir__() -> list[str]:
    """Names that tab completion offers."""
    return __all__
