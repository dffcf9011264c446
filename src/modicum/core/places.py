"""Where modicum keeps what it can make again: one folder, by the custom of each platform."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path


def cache_root(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """The cache folder; it need not exist.

    Args:
        environ: Environment variables. `MODICUM_CACHE` names the folder itself and comes first.
        platform: As in `sys.platform`.

    Example:
        >>> cache_root({"MODICUM_CACHE": "/scratch/modicum"}).as_posix()
        '/scratch/modicum'
        >>> cache_root({"XDG_CACHE_HOME": "/var/cache"}, platform="linux").as_posix()
        '/var/cache/modicum'
    """
    named = environ.get("MODICUM_CACHE")
    if named:
        return Path(named).expanduser().absolute()
    if platform == "win32":
        local = environ.get("LOCALAPPDATA")
        base = Path(local) if local else Path.home() / "AppData" / "Local"
    elif platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        xdg = environ.get("XDG_CACHE_HOME", "")
        # The XDG specification has relative paths ignored.
        base = Path(xdg) if Path(xdg).is_absolute() else Path.home() / ".cache"
    return base / "modicum"
