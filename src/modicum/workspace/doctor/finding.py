"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What was found of one thing, and what to do about it."""

    topic: str
    """`modicum`, `package`, `extra NAME`, `encoder`, `machine` or `cache`."""
    name: str
    state: str
    """`ok`; or `missing`, `old`, `broken`, `wrong`."""
    told: str
    """Version, figure or reason."""
    remedy: str = ""
    """The command, or the sentence, that puts it right."""
    needed: bool = False
    """Whether nothing works without it."""
    use: str = ""
    """What it is for, where only some verbs or options need it."""
