"""Time as an argument: budgets in plain words, a clock that says what is left of one, and seconds by stage."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from modicum.core.errors import InputError

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def parse_budget(text: str | float) -> float:
    """Seconds of a budget such as `45`, `90s`, `2m`, `1.5h` or `1h30m`; a number is one of seconds.

    Raises:
        InputError: The text is no such duration, or not above zero.

    Example:
        >>> parse_budget("1m30s")
        90.0
    """
    if isinstance(text, (int, float)) and not isinstance(text, bool) and 0 < text < math.inf:
        return float(text)
    words = str(text).strip().lower().replace(" ", "")
    if re.fullmatch(r"\d+(\.\d+)?", words):
        words += "s"
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|min|s|m|h)", words)
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if not parts or "".join(number + unit for number, unit in parts) != words or not seconds > 0:
        raise InputError(f"budget {text!r} is not a time above zero; write it like 45, 90s, 2m or 1h30m")
    return seconds


@dataclass(frozen=True)
class Clock:
    """Counts down from `seconds`, starting when it is made."""

    seconds: float
    now: Callable[[], float] = time.perf_counter
    start: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", self.now())

    def spent(self) -> float:
        """Seconds since the start."""
        return self.now() - self.start

    def left(self) -> float:
        """Seconds until the budget is used up; negative afterwards."""
        return self.seconds - self.spent()


@dataclass(eq=False)
class Stopwatch:
    """Seconds by stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of the block to the stage."""
        start = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - start, 3)
