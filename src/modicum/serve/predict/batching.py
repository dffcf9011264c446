"""Many clients, one queue: what waits is answered together, and what cannot be answered in time is refused."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import Any

LONGEST_WAIT = 60
"""Seconds that a refused client is asked to wait at most."""
MEMORY = 0.8
"""Weight of the past in the mean pace of answers."""
Run = Callable[[str, list[Any]], Sequence[Any]]


class Full(Exception):  # it is an answer, not a defect
    """The queue is full."""

    def __init__(self, after: int) -> None:
        super().__init__(f"too many requests wait; try again in {after} s")
        self.after = after
        """Seconds after which there is likely to be room."""


class Closed(Exception):  # it is an answer, not a defect
    """The service is stopping and takes nothing more."""


class Late(Exception):  # it is an answer, not a defect
    """The time was over before the request was begun."""


@dataclass(eq=False)
class Job:
    """The items of one request."""

    kind: str
    items: Sequence[Any]
    arrived: float
    until: float
    """When nobody waits for it any longer."""
    future: Future[Sequence[Any]] = field(default_factory=Future)


class Batcher:
    """Collects jobs and has them answered in threads, those of one kind together.

    Args:
        run: Answers items of a kind, one answer each, in their order. Called by one thread for each of `workers`.
        queue: Items that may wait.
        batch: Items that are answered together; a job is never divided.
        wait: Seconds that an idle worker waits for more items after the first.
        workers: Threads.
        clock: Seconds.
    """

    def __init__(
        self,
        run: Run,
        *,
        queue: int,
        batch: int,
        wait: float,
        workers: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run, self._clock = run, clock
        self._queue, self._batch, self._wait = queue, batch, wait
        self._jobs: deque[Job] = deque()
        self._changed = Condition()
        self._closed = False
        self._pace = 0.0
        """Seconds an item."""
        self.waiting = 0
        """Items that wait."""
        self._threads = [Thread(target=self._work, name=f"batches-{n}", daemon=True) for n in range(workers)]
        for thread in self._threads:
            thread.start()

    def submit(self, kind: str, items: Sequence[Any], patience: float) -> Job:
        """Have items answered.

        Args:
            kind: What is asked of them.
            items: At least one.
            patience: Seconds after which nobody waits any longer.

        Raises:
            Full: Too many items wait already.
            Closed: Nothing more is taken.
        """
        with self._changed:
            if self._closed:
                raise Closed
            if self.waiting + len(items) > self._queue:
                raise Full(min(LONGEST_WAIT, max(1, math.ceil(self.waiting * self._pace))))
            now = self._clock()
            job = Job(kind, items, now, now + patience)
            self._jobs.append(job)
            self.waiting += len(items)
            if len(self._jobs) == 1 or self.waiting >= self._batch:
                self._changed.notify()
            return job

    def close(self) -> None:
        """Take nothing more, and return when all that was taken is answered."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    @property
    def closed(self) -> bool:
        """Whether nothing more is taken."""
        return self._closed

    def _work(self) -> None:
        while (batch := self._take()) is not None:
            if batch:
                begun, items = self._clock(), sum(len(job.items) for job in batch)
                self._answer(batch)
                pace = (self._clock() - begun) / items
                self._pace = MEMORY * self._pace + (1 - MEMORY) * pace if self._pace else pace

    def _take(self) -> list[Job] | None:
        """Jobs of one kind whose time is not over; None when there is nothing left to do."""
        with self._changed:
            while not self._jobs:
                if self._closed:
                    return None
                self._changed.wait()
            self._gather()
            if not self._jobs:
                return []
            kind, size = self._jobs[0].kind, 0
            taken, left = list[Job](), deque[Job]()
            for job in self._jobs:
                if job.kind != kind or (taken and size + len(job.items) > self._batch):
                    left.append(job)
                    continue
                taken.append(job)
                size += len(job.items)
            self._jobs = left
            self.waiting -= size
            if left:
                self._changed.notify()
        return [job for job in taken if self._begun(job)]

    def _gather(self) -> None:
        """Wait for company of the first job, if it has not waited for long enough already."""
        until = self._jobs[0].arrived + self._wait
        while self._jobs and self.waiting < self._batch and not self._closed:
            left = until - self._clock()
            if left <= 0:
                return
            self._changed.wait(left)

    def _begun(self, job: Job) -> bool:
        if not job.future.set_running_or_notify_cancel():
            return False
        if self._clock() > job.until:
            job.future.set_exception(Late())
            return False
        return True

    def _answer(self, batch: list[Job]) -> None:
        """Answer jobs; where that fails each is tried alone, so that one cannot spoil the others."""
        try:
            answers = self._run(batch[0].kind, [item for job in batch for item in job.items])
        except Exception as error:  # noqa: BLE001  # whoever waits for the job is told
            if len(batch) == 1:
                batch[0].future.set_exception(error)
                return
            for job in batch:
                self._answer([job])
            return
        start = 0
        for job in batch:
            job.future.set_result(answers[start : start + len(job.items)])
            start += len(job.items)
