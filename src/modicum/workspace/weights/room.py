"""The way to the room of weights: by name, when it is needed, for it loads torch."""

from __future__ import annotations

import importlib
from typing import Any

from modicum.core.errors import InputError


def weights_room(question: str) -> Any:
    """The package `modicum.weights.QUESTION`.

    Raises:
        InputError: torch is not installed.
    """
    try:
        return importlib.import_module(f"modicum.weights.{question}")
    except ModuleNotFoundError as error:
        raise InputError(
            f"moving weights needs the package {error.name}; install it with: pip install 'modicum[torch]'"
        ) from error
