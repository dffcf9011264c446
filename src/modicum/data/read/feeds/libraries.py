"""The libraries of the extra `feed`, imported by name when a source needs one."""

from __future__ import annotations

import importlib
from typing import Any

from modicum.core.errors import InputError


def library(name: str) -> Any:
    """A library of the extra.

    Raises:
        InputError: It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(
            f"this source needs the package {error.name}; install it with: pip install 'modicum[feed]'"
        ) from error
