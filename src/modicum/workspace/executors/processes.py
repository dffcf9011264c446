"""Workers as processes of this machine, one core each: Python's own work runs on all cores, too.

A worker has a pipe of its own and nothing else in common with the others. When this process is killed the pipes close,
and the workers end with the task that they are at.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, TypeVar, cast

from modicum.core.errors import InputError
from modicum.workspace.executors.work import Work

Task = TypeVar("Task")
Answer = TypeVar("Answer")
PATIENCE = 5.0
"""Seconds that a worker has to end by itself."""


class Processes:
    """As many processes, started anew so that no thread of this one is copied.

    Scripts that use them need the usual `if __name__ == "__main__":` around what they do.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def run(self, work: Work[Task, Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        """Yield the answers as they come; one task is at each worker, and none waits.

        Raises:
            InputError: The work says so, or the system ended a worker.
        """
        started = [_started(work) for _ in range(self.workers)]
        try:
            yield from _served(dict(started), iter(tasks))
        finally:
            for pipe, _ in started:
                pipe.close()
            for _, process in started:
                process.join(PATIENCE)
                process.terminate()


def _started(work: Work[Any, Any]) -> tuple[Connection, SpawnProcess]:
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(work, theirs), daemon=True)
    process.start()
    theirs.close()
    return mine, process


def _served(processes: dict[Connection, SpawnProcess], tasks: Iterator[Any]) -> Iterator[Any]:
    busy: list[Connection] = []
    for pipe in processes:
        busy += _handed(pipe, tasks)
    while busy:
        for pipe in cast(list[Connection], wait(busy)):
            busy.remove(pipe)
            try:
                answer = pipe.recv()
            except (EOFError, ConnectionError):
                raise _ended(processes[pipe]) from None
            busy += _handed(pipe, tasks)
            if isinstance(answer, InputError):
                raise answer
            yield answer


def _handed(pipe: Connection, tasks: Iterator[Any]) -> list[Connection]:
    """The worker's pipe if there was a task left to hand over."""
    for task in tasks:
        with suppress(ConnectionError):  # of a worker that ended: reading from it, which comes next, tells how
            pipe.send(task)
        return [pipe]
    return []


def _ended(process: SpawnProcess) -> Exception:
    process.join(PATIENCE)
    code = process.exitcode or 0
    if code < 0:
        return InputError(
            f"the system ended a worker process (signal {-code}), often for want of memory; run the same command again "
            "with fewer --threads: it goes on from the parts that are done"
        )
    return RuntimeError("a worker process failed; what it said stands above")


def _serve(work: Work[Any, Any], pipe: Connection) -> None:
    """What a worker does: answer until the pipe closes. An `InputError` is an answer, too.

    Ctrl-C reaches workers as well: they end without a word, as the process that started them tells of it.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    answer = None
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        try:
            answer = answer or work.open(1)
            told = answer(task)
        except InputError as error:
            told = error
        try:
            pipe.send(told)
        except ConnectionError:
            return
