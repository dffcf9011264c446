"""Who is looking at which row: two tabs never get the same one, and a tab that is closed lets go of its rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(eq=False)
class Leases:
    """Rows lent to tabs for a while. Time is an argument, in seconds of any clock."""

    seconds: float = 120.0
    """How long a row is lent; a tab that is open keeps its rows by `renew`."""
    _rows: dict[int, tuple[str, float]] = field(default_factory=dict)

    def take(self, row: int, tab: str, now: float) -> bool:
        """Lend a row to a tab; False where another has it."""
        if not self.free(row, tab, now):
            return False
        self._rows[row] = (tab, now + self.seconds)
        return True

    def free(self, row: int, tab: str, now: float) -> bool:
        """Whether no other tab has the row."""
        holder, until = self._rows.get(row, (tab, now))
        return holder == tab or until <= now

    def renew(self, tab: str, now: float) -> None:
        """Lend a tab all of its rows anew, those that ran out and that nobody took as well."""
        for row, (holder, _) in self._rows.items():
            if holder == tab:
                self._rows[row] = (tab, now + self.seconds)

    def shorten(self, tab: str, until: float) -> None:
        """Let a tab's leases end at a time, unless they end before: the tab was closed, or is being loaded anew."""
        for row, (holder, end) in self._rows.items():
            if holder == tab:
                self._rows[row] = (tab, min(end, until))

    def held(self, tab: str) -> list[int]:
        """Rows that a tab has."""
        return [row for row, (holder, _) in self._rows.items() if holder == tab]

    def release(self, rows: Iterable[int]) -> None:
        """Let go of rows."""
        for row in rows:
            self._rows.pop(row, None)

    def sweep(self, now: float) -> None:
        """Forget leases that ran out."""
        self._rows = {row: lease for row, lease in self._rows.items() if lease[1] > now}
