"""Optional dependencies: imported when asked for, with one message when absent."""

from __future__ import annotations

import importlib
from types import ModuleType

from modicum.core.errors import MissingExtra


def require(module: str, extra: str) -> ModuleType:
    """Import an optional dependency.

    Raises:
        MissingExtra: It is not installed; the message gives the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtra(f"{module} is not installed; get it with: pip install 'modicum[{extra}]'") from error
