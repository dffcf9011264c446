"""Names that a package imports only when they are used, so that importing the package stays light."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazy_names(package: str, names: Mapping[str, str], rooms: tuple[str, ...] = ()) -> Callable[[str], Any]:
    """The `__getattr__` of a package.

    Args:
        package: The package's own name.
        names: Module of each name that the package offers.
        rooms: Sub-packages that are imported when asked for.
    """

    def __getattr__(name: str) -> Any:
        if name in names:
            return getattr(importlib.import_module(names[name]), name)
        if name in rooms:
            return importlib.import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return __getattr__
