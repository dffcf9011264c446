"""What a service takes at most, and how long it waits."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import inf
from pathlib import Path

from modicum.core.errors import InputError


@dataclass(frozen=True)
class Limits:
    """Bounds of a service. Whoever meets one is told which, and when to come again."""

    body: int = 4_000_000
    """Bytes of a request."""
    items: int = 256
    """Items of a request."""
    characters: int = 100_000
    """Characters of an item; encoders read a few thousand at most."""
    queue: int = 1_024
    """Items that may wait to be answered; a request that would make it more is refused with 429."""
    batch: int = 64
    """Items that are answered together, but for a single request that has more."""
    wait: float = 0.003
    """Seconds that an idle worker waits for company of the first item."""
    patience: float = 10.0
    """Seconds in which a request must have come, and seconds in which it must be answered."""
    connections: int = 1_000
    """Connections that are served at the same time."""
    window: int = 2_000
    """Items of recent traffic that are held against the training table."""

    def __post_init__(self) -> None:
        wrong = next((each.name for each in fields(self) if not 0 < getattr(self, each.name) < inf), None)
        if wrong is not None:
            raise InputError(f"the limit {wrong!r} must be above 0 and finite, not {getattr(self, wrong):g}")
        if self.queue < self.items:
            raise InputError(f"--queue {self.queue} is less than one request may hold ({self.items} items); raise it")


@dataclass(frozen=True)
class Serving:
    """How a bundle is served."""

    host: str = "127.0.0.1"
    """Address to listen at. Others than this machine's own need a token."""
    port: int | None = None
    """Port; None for the first free one from 8770 on, 0 for any."""
    token: str | None = None
    """Secret that every call must bring along."""
    feedback: Path | None = None
    """Journal of corrections; None to take none."""
    watch: bool = False
    """Whether a changed bundle takes the place of the old one."""
    workers: int = 1
    """Batches that are answered at the same time."""
    threads: int | None = None
    """Threads of the encoder; default all cores."""
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise InputError(f"the number of workers must be at least 1, not {self.workers}")
