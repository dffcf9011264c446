"""The folder of an encoder that belongs to one bundle."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path


class Scratch:
    """A temporary folder that is removed when nobody holds it any longer."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="modicum-"))
        self._end = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)


@dataclass(frozen=True, eq=False)
class OwnWeights:
    """An encoder that exists for one bundle alone."""

    folder: Path
    kept: Scratch | None = None
    """What removes the folder; None where the folder is the bundle's."""
