"""What goes on while the site runs: sources are asked for what is new, and what is new is found a few seconds later."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path

from threadpoolctl import threadpool_limits

from modicum.core.errors import InputError
from modicum.serve.feed.site import Site
from modicum.workspace.feed import poll
from modicum.workspace.feed.keywords import find_keywords, map_papers
from modicum.workspace.feed.store import Store

EVERY, ASKED = 5.0, 60.0
"""Seconds between two looks at the feed, and between two at which sources are due."""


class Repeating(ABC):
    """A thread that takes turns, with a pause between any two.

    Args:
        folder: The feed's folder.
        every: Seconds of the pause.
    """

    def __init__(self, folder: Path, every: float) -> None:
        self._folder, self._every = folder, every
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)

    def start(self) -> None:
        """Take the first turn."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more, once the turn under way is over."""
        self.ended.set()
        self._thread.join()

    @abstractmethod
    def turn(self, store: Store) -> None:
        """What is done at each turn."""

    def _run(self) -> None:
        store = Store.open(self._folder)
        try:
            while True:
                try:
                    self.turn(store)
                except Exception:
                    logging.getLogger(__name__).exception("%s goes on after a turn that failed", type(self).__name__)
                if self.ended.wait(self._every):
                    return
        finally:
            store.close()


class Refreshing(Repeating):
    """Keeps a site's search, keywords and map up to date.

    Args:
        site: The site.
        every: Seconds between two looks.
    """

    def __init__(self, site: Site, every: float = EVERY) -> None:
        super().__init__(site.library.folder, every)
        self._site = site

    def turn(self, store: Store) -> None:
        """Look for changes."""
        try:
            self._site.search.refresh(store)
        except InputError as error:
            self._site.trouble = f"The search does not work: {error}."
        else:
            self._site.changed()
            self._beside(store)

    def _beside(self, store: Store) -> None:
        """Keywords and the map, which need vectors; where there are none, pages do without."""
        search = self._site.search
        if search.encoder is not None and not self.ended.is_set():
            with threadpool_limits(1), suppress(InputError):
                find_keywords(store, search)
                map_papers(store, search)
        self._site.warm(self.ended.is_set)


class Polling(Repeating):
    """Asks the sources that are due for what is new.

    Args:
        folder: The feed's folder.
        encoder: What finds papers that are the same in other words.
        every: Seconds between two looks.
    """

    def __init__(self, folder: Path, encoder: str | None = None, every: float = ASKED) -> None:
        super().__init__(folder, every)
        self._encoder = encoder

    def turn(self, store: Store) -> None:
        """Ask; while another process asks, it is that one's turn. Sources that fail are put off, and listed as such."""
        with threadpool_limits(1), suppress(InputError):
            poll(store, encoder=self._encoder)
