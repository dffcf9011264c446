"""What is read into the feed while the site runs is found a few seconds later: a thread that looks for changes."""

from __future__ import annotations

import threading
from contextlib import suppress

from threadpoolctl import threadpool_limits

from modicum.core.errors import InputError
from modicum.serve.feed.site import Site
from modicum.workspace.feed.keywords import find_keywords, map_papers
from modicum.workspace.feed.store import Store

EVERY = 5.0
"""Seconds between two looks."""


class Refreshing:
    """Keeps a site's search, keywords and map up to date.

    Args:
        site: The site.
        every: Seconds between two looks.
    """

    def __init__(self, site: Site, every: float = EVERY) -> None:
        self._site, self._every = site, every
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed-refresh", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        store = Store.open(self._site.library.folder)
        try:
            while True:
                self._look(store)
                if self._end.wait(self._every):
                    return
        finally:
            store.close()

    def _look(self, store: Store) -> None:
        try:
            changed = self._site.search.refresh(store)
        except InputError as error:
            self._site.trouble = f"The search does not work: {error}."
        else:
            self._site.changed(changed)
            self._beside(store)

    def _beside(self, store: Store) -> None:
        """Keywords and the map, which need vectors; where there are none, pages do without."""
        search = self._site.search
        if search.encoder is not None and not self._end.is_set():
            with threadpool_limits(1), suppress(InputError):
                find_keywords(store, search)
                map_papers(store, search)
        self._site.warm(self._end.is_set)
