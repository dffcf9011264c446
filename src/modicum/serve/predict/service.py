"""The service itself, without HTTP: what is served now, the queues before it, and its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from modicum.core.errors import InputError
from modicum.serve.predict.batching import Batcher, Late
from modicum.serve.predict.feedback import Correction, Feedback
from modicum.serve.predict.limits import Limits
from modicum.serve.predict.log import Log
from modicum.serve.predict.metrics import Metrics
from modicum.serve.predict.served import Served

FEEDBACK = "feedback"


class TooLong(Exception):  # it is an answer, not a defect
    """The answer was begun and did not come in time."""


class Unwritten(Exception):  # it is an answer, not a defect
    """The journal cannot be written."""


class Service:
    """Answers from one bundle at a time.

    Args:
        served: What is served first.
        limits: Bounds of the queue and of time.
        log: Where events go.
        feedback: Where corrections go; None where none are taken.
        workers: Batches that are answered at the same time.
    """

    def __init__(
        self, served: Served, limits: Limits, log: Log, feedback: Feedback | None = None, workers: int = 1
    ) -> None:
        self.current, self.limits, self.log, self.feedback = served, limits, log, feedback
        self.metrics, self.began = Metrics(), time.time()
        self.metrics.watch(lambda: self.current)
        self._answers = Batcher(self._answer, queue=limits.queue, batch=limits.batch, wait=limits.wait, workers=workers)
        self._writes = None
        if feedback is not None:
            self._writes = Batcher(partial(self._write, feedback), queue=limits.queue, batch=limits.batch, wait=0.0)
        self.metrics.waiting.set_function(lambda: self._answers.waiting)

    async def ask(self, kind: str, items: Sequence[Any]) -> Sequence[tuple[Served, Any]]:
        """Answers of one kind for some items, each with the bundle that gave it: the same for all.

        Raises:
            Full: Too many items wait.
            Closed: The service is stopping.
            Late: It was not begun in time.
            TooLong: It was begun, and did not end in time.
        """
        return await self._await(self._answers, kind, items)

    async def correct(self, correction: Correction) -> dict[str, Any]:
        """Have a correction on disk, and tell its number.

        Raises:
            Unwritten: There is no journal, or the disk is full or gone.
        """
        if self._writes is None:
            raise Unwritten("there is no journal")
        (told,) = await self._await(self._writes, FEEDBACK, [correction])
        return dict(told)

    def swap(self, served: Served) -> None:
        """Answer from another bundle from the next batch on."""
        before, self.current = self.current, served
        self.metrics.swaps.labels("taken").inc()
        self.log.write("bundle swapped", bundle=served.name, before=before.name, recipe=served.recipe)

    def refused(self, reason: str) -> None:
        """Tell that a changed bundle was not taken."""
        self.metrics.swaps.labels("refused").inc()
        self.log.write("bundle refused", reason=reason, serving=self.current.name)

    @property
    def ready(self) -> bool:
        """Whether a request would be taken."""
        return not self._answers.closed and self._answers.waiting < self.limits.queue

    @property
    def waiting(self) -> int:
        """Items that wait."""
        return self._answers.waiting

    def close(self) -> None:
        """Finish what was taken, and let the journal go."""
        self._answers.close()
        if self._writes is not None:
            self._writes.close()
        if self.feedback is not None:
            self.feedback.close()

    async def _await(self, batcher: Batcher, kind: str, items: Sequence[Any]) -> Sequence[Any]:
        job = batcher.submit(kind, items, self.limits.patience)
        try:
            async with asyncio.timeout(self.limits.patience):
                return await asyncio.wrap_future(job.future)
        except TimeoutError as error:
            raise Late if job.future.cancelled() else TooLong from error

    def _answer(self, kind: str, items: Sequence[Any]) -> list[tuple[Served, Any]]:
        served = self.current
        answers = served.answer(kind, items)
        self.metrics.items.labels(kind).inc(len(items))
        self.metrics.batch.observe(len(items))
        return [(served, answer) for answer in answers]

    def _write(self, feedback: Feedback, kind: str, items: Sequence[Any]) -> list[dict[str, Any]]:
        try:
            written = feedback.write(items)
        except InputError as error:
            raise Unwritten(str(error)) from error
        self.metrics.feedback.inc(len(written))
        return written
