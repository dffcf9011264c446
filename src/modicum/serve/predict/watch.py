"""A changed bundle takes the place of the old one, if it is whole; else the old one goes on answering."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

from modicum.core.errors import InputError
from modicum.serve.predict.served import Served, Signature, signature_of

EVERY = 0.2
"""Seconds between two looks."""


class Watch:
    """Looks at a bundle's folder and swaps when it has changed.

    Args:
        folder: The bundle.
        current: Tells what is served.
        open_: Reads the bundle again.
        swap: Takes what is to be served from now on.
        refused: Told why a changed bundle is not served, once for each change.
        every: Seconds between two looks.
    """

    def __init__(
        self,
        folder: Path,
        *,
        current: Callable[[], Served],
        open_: Callable[[], Served],
        swap: Callable[[Served], None],
        refused: Callable[[str], None],
        every: float = EVERY,
    ) -> None:
        self._folder, self._current, self._open = folder, current, open_
        self._swap, self._refused, self._every = swap, refused, every
        self._stop = Event()
        self._bad: Signature | None = None
        """A change that could not be read, and whether that was told."""
        self._told = False
        self._thread = Thread(target=self._work, name="watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join()

    def look(self) -> None:
        """Swap if the bundle has changed. A change that cannot be read is told when it has lasted for two looks."""
        seen = signature_of(self._folder)
        if not seen or seen == self._current().signature or (seen == self._bad and self._told):
            return
        try:
            self._swap(self._open())
            self._bad = None
        except Exception as error:  # noqa: BLE001  # whatever is wrong with it, the old one goes on answering
            self._told = seen == self._bad
            self._bad = seen
            if self._told:
                self._refused(str(error) if isinstance(error, InputError) else type(error).__name__)

    def _work(self) -> None:
        while not self._stop.wait(self._every):
            self.look()
