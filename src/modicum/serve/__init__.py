"""Web apps and HTTP interfaces. They need the extra `serve`; nothing else imports a web framework."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from modicum.core.errors import InputError

if TYPE_CHECKING:
    from modicum.serve.feed import FeedServing, run_feed
    from modicum.serve.label import run_label
    from modicum.serve.predict import Limits, Serving, run_serve

_NAMES = {
    "FeedServing": "modicum.serve.feed",
    "Limits": "modicum.serve.predict",
    "Serving": "modicum.serve.predict",
    "run_feed": "modicum.serve.feed",
    "run_label": "modicum.serve.label",
    "run_serve": "modicum.serve.predict",
}

__all__ = ["FeedServing", "Limits", "Serving", "run_feed", "run_label", "run_serve"]


def __getattr__(name: str) -> Any:
    """Load an app when it is asked for.

    Raises:
        InputError: The packages of the extra are not installed.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(_NAMES[name]), name)
    except ModuleNotFoundError as error:
        raise InputError(
            f"the web page needs the package {error.name}; install it with: pip install 'modicum[serve]'"
        ) from error
