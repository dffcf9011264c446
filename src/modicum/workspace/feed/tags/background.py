"""What keeps the bundles of tags fitted: a thread that learns a tag anew once its papers were left alone a while."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from threadpoolctl import threadpool_limits

from modicum.core.errors import InputError
from modicum.workspace.feed.search import PaperSearch
from modicum.workspace.feed.store import Store
from modicum.workspace.feed.tags.task import Tag, fit_tag, forget_tags

PAUSE = 5.0
"""Seconds for which a tag is left alone before it is learnt."""
TICK = 0.5


class TagFitter:
    """Learns tags in a thread of its own.

    Args:
        feed: The feed's folder.
        search: Its search.
        budget: Time of the ladder for one tag.
        pause: Seconds for which a tag is left alone before it is learnt.
        clock: What time it is, in seconds.
    """

    def __init__(
        self,
        feed: Path,
        search: PaperSearch,
        *,
        budget: float = 20.0,
        pause: float = PAUSE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._feed, self._search = feed, search
        self._budget, self._pause, self._clock = budget, pause, clock
        self._waiting: dict[tuple[int, str], tuple[float, Tag]] = {}
        self._learning: tuple[int, str] | None = None
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tags", daemon=True)
        self.errors: dict[tuple[int, str], str] = {}
        """Why tags could not be learnt; suggestions from likes go on all the same."""

    def note(self, tag: Tag) -> None:
        """Hear that the papers of a tag changed; one without papers is forgotten."""
        with self._lock:
            self._waiting[tag.reader, tag.name] = (self._clock() + self._pause, tag)

    def forget(self, reader: int) -> None:
        """Hear that a reader was removed: what waits is not learnt, and what is being learnt is not kept."""
        with self._lock:
            self._waiting = {key: told for key, told in self._waiting.items() if key[0] != reader}
            self.errors = {key: told for key, told in self.errors.items() if key[0] != reader}
            if self._learning is not None and self._learning[0] == reader:
                self._learning = None

    @property
    def waiting(self) -> int:
        """Tags that are to be learnt."""
        return len(self._waiting)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after what is under way."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()

    def turn(self, store: Store) -> bool:
        """Learn the tag that waits longest, if it is time to and there is a search; returns whether one was."""
        if not len(self._search):
            return False
        with self._lock:
            due = sorted((when, key) for key, (when, _) in self._waiting.items() if when <= self._clock())
            if not due:
                return False
            key = due[0][1]
            _, tag = self._waiting.pop(key)
            self._learning = key
        self.errors.pop(key, None)
        try:
            with threadpool_limits(1):
                if not tag.tagged or fit_tag(store, self._search, tag, budget=self._budget) is None:
                    forget_tags(self._feed, *key)
        except InputError as error:
            self.errors[key] = str(error)
        finally:
            self._learnt(key)
        return True

    def _learnt(self, key: tuple[int, str]) -> None:
        """Throw away what was learnt of a tag whose reader was removed meanwhile."""
        with self._lock:
            if self._learning != key:
                forget_tags(self._feed, *key)
                self.errors.pop(key, None)
            self._learning = None

    def _run(self) -> None:
        store = Store.open(self._feed)
        try:
            while not self._end.wait(TICK):
                try:
                    self.turn(store)
                except Exception:
                    logging.getLogger(__name__).exception("learning tags goes on after one that failed")
        finally:
            store.close()
