"""Other libraries, asked in an environment of their own about the same arrays."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

PYTHON = "MODICUM_PEER_PYTHON"
"""Variable that names the Python of the peer's environment; without it there is no peer to compare with."""


def ask_peer(script: str, cells: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | None:
    """What `benchmarks/peers/SCRIPT` says of each cell; None where no peer's Python is named or no script is there.

    Args:
        script: Name of the script. It is given a folder of npz files, and prints one JSON object, by the files' stems.
        cells: Arrays of each cell, by name.
    """
    python, path = os.environ.get(PYTHON), Path("benchmarks/peers") / script
    if not python or not path.is_file():
        return None
    with tempfile.TemporaryDirectory() as folder:
        for name, arrays in cells.items():
            np.savez(Path(folder) / f"{name}.npz", **arrays)
        done = subprocess.run([python, str(path), folder], check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))
