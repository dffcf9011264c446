"""Whether all layers of an encoder can train in the memory that is there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from modicum.encoders.architectures import setting
from modicum.workspace.tuning.settings import AUTO, FULL, SMALL, TuneSettings

BYTES = 16
"""What a number costs that trains: itself, its gradient and two moments of AdamW, four bytes each."""
MEMINFO = Path("/proc/meminfo")


def free_memory() -> int | None:
    """Bytes of memory that can be had without swapping; None where the system does not tell."""
    if MEMINFO.is_file():
        told = dict(line.split(":", 1) for line in MEMINFO.read_text("utf-8").splitlines() if ":" in line)
        if "MemAvailable" in told:
            return int(told["MemAvailable"].split()[0]) * 1024
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def layer_numbers(config: Mapping[str, Any]) -> int:
    """Numbers in the matrices of all layers of an encoder, by its `config.json`.

    Example:
        >>> layer_numbers({"model_type": "bert", "hidden_size": 4, "intermediate_size": 8, "num_hidden_layers": 2})
        256
    """
    names = ("hidden_size", "intermediate_size", "num_hidden_layers")
    hidden, inner, layers = (int(setting(config, name)) for name in names)
    return layers * hidden * (4 * hidden + 2 * inner)


def chosen_method(settings: TuneSettings, config: Mapping[str, Any]) -> tuple[TuneSettings, str | None]:
    """The settings with `auto` decided, and why not all layers train where memory is too small for that."""
    if settings.method != AUTO:
        return settings, None
    needed, free = BYTES * layer_numbers(config), free_memory()
    if free is None or needed <= free:
        return replace(settings, method=FULL), None
    said = f"all layers would take {needed / 1e9:.1f} GB of memory to train, and {free / 1e9:.1f} are free"
    return replace(settings, method=SMALL), said
