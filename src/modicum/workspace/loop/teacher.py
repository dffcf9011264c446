"""The background of a session: refit after a few answers, then measure; never in the way of an answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from modicum.core.records import LabelSpace
from modicum.heads import telling_names
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.loop.lesson import learn
from modicum.workspace.loop.session import Session

TICK = 0.1
"""Seconds between two looks at whether there is something to do."""
MEASURED_SHARE = 3.0
"""Measuring waits for so many times as long as it took last."""


class Teacher:
    """Refits the model of a session in a thread of its own."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.error: Exception | None = None
        """What stopped the thread, if something did: labelling goes on without new suggestions."""
        self.version = max((event.model for event in session.events), default=0)
        self._cheaper = 0
        self._done = -1
        self._embedded: dict[str, NDArray[np.floating]] = {}
        self._measured_for, self._measured_at, self._measuring = -1, -np.inf, 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="teacher", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after what is under way, and wait for it."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def behind(self) -> int:
        """Changes that the model has not learnt from yet."""
        return self.session.changes - max(self._done, 0)

    def _run(self) -> None:
        try:
            while not self._stop.wait(TICK):
                self.turn()
        except Exception as error:  # noqa: BLE001  # whatever it is, answers must still be taken
            self.error = error

    def turn(self) -> bool:
        """Refit or measure if it is time to; returns whether something was done."""
        session = self.session
        rested = time.monotonic() - self._measured_at > MEASURED_SHARE * self._measuring
        # First, as somebody who answers without a pause would otherwise never see an accuracy.
        if self._done >= 0 and self._measured_for != self._done and rested:
            self.remeasure()
            return True
        waited = session.clock() - session.changed_at
        new = session.changes - self._done
        if self._done < 0 or new >= session.settings.refit_every or (new and waited >= session.settings.pause):
            self.refit()
            return True
        return False

    def refit(self) -> None:
        """Learn from all answers so far, and have the session suggest and ask by it."""
        session = self.session
        form = session.form
        with session.lock:
            changes = session.changes
            session.settle()
        problem, numbers = self.problem()
        scale = session.measured.scale if session.measured else form.scale
        self.version += 1
        lesson = learn(problem, numbers, self.version, scale, self._cheaper, form, session.settings.teaching)
        if lesson.seconds > session.settings.teaching.seconds and self._cheaper < len(form.cheaper) - 1:
            self._cheaper += 1
        session.take_lesson(lesson)
        self._done = changes

    def remeasure(self) -> None:
        """Cross-validate on all answers so far."""
        start = time.monotonic()
        self._measured_for = self._done
        problem, numbers = self.problem()
        form = self.session.form
        recipe = form.recipe(problem, self._cheaper)
        if recipe is not None:
            with self.session.lock:  # a refresh begins by forgetting them
                chance = self.session.board.chance.copy()
            with threadpool_limits(1):
                found = form.measure(problem, numbers, recipe, chance)
            if found is not None:
                self.session.take_measured(found)
        self._measured_at = time.monotonic()
        self._measuring = self._measured_at - start

    def problem(self) -> tuple[Problem, tuple[int, ...]]:
        """The task of the moment as arrays, and the number of the class of each column."""
        session = self.session
        with session.lock:
            numbers = tuple(session.state.names)
            known, names = session.state.descriptions, tuple(session.state.names.values())
            told = dict(zip(session.task.space.names, session.task.space.descriptions, strict=False))
            descriptions = tuple(known.get(k) or told.get(name, "") for k, name in zip(numbers, names, strict=True))
            codes, labelled, targets = session.board.targets(numbers)
        space = LabelSpace(names, descriptions)
        vectors = self._class_vectors(space.texts())
        task = session.task
        return Problem(task.X, codes, labelled, space, vectors, task.groups, targets=targets), numbers

    def _class_vectors(self, texts: Sequence[str]) -> NDArray[np.floating] | None:
        embed = self.session.task.embed
        if embed is None or not texts or telling_names(texts).mean() <= 0.5:
            return None
        new = [text for text in texts if text not in self._embedded]
        if new:
            self._embedded.update(zip(new, embed(new), strict=True))
        return np.stack([self._embedded[text] for text in texts])
