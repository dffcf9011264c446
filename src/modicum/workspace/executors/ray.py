"""Workers on a Ray cluster, one core each. Needs the extra `ray`; imported by name when a cluster is asked for.

Plain actors, not Ray Data: what is done is kept by partition in this process, so that neither a driver nor a node that
dies loses or repeats a row, and nothing but the rows of a partition and their answers travels. An actor that is lost
gives its task back, and another takes its place when the cluster has a core for it.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, TypeVar

import ray
from ray.exceptions import RayError, RayTaskError

from modicum.core.errors import InputError
from modicum.workspace.executors.work import Work

Task = TypeVar("Task")
Answer = TypeVar("Answer")
PATIENCE = 300.0
"""Seconds to wait for a first core, or for one to come back."""
TRIES = 5
"""Times that a task may end its worker, and workers in a row that may fail to start."""


class Worker:
    """What runs on a core of the cluster."""

    def __init__(self, work: Work[Any, Any]) -> None:
        self.work = work
        self.answer: Callable[[Any], Any] | None = None

    def ready(self) -> None:
        """Make what answers a task: here and not in the constructor, so that what is wrong comes back as it is."""
        self.answer = self.work.open(1)

    def do(self, task: Any) -> Any:
        """Answer a task."""
        return (self.answer or self.work.open(1))(task)


class RayWorkers:
    """As many workers as the cluster has cores.

    Args:
        address: Of a running cluster; default the one that Ray finds on this machine, else one is started here.
        workers: At most so many.
    """

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        self.address = address
        self.workers = workers

    def run(self, work: Work[Task, Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        """Yield the answers as they come; one task is at each worker, and none waits.

        Raises:
            InputError: There is no such cluster, no worker starts on it, or the work says so.
        """
        with _connected(self.address):
            cores = int(ray.cluster_resources().get("CPU", 1))
            crew = _Crew(work, max(1, min(cores, self.workers or cores)))
            try:
                yield from crew.run(iter(tasks))
            finally:
                crew.dismiss()


class _Crew:
    """The actors of one run, and what each is at."""

    def __init__(self, work: Work[Any, Any], size: int) -> None:
        self.made = ray.remote(num_cpus=1, max_restarts=0)(Worker)
        self.work = ray.put(work)
        self.starting: dict[Any, Any] = {}
        self.busy: dict[Any, tuple[Any, Any, int]] = {}
        """Actor, task and how often the task was lost, by the reference of the answer."""
        self.idle: list[Any] = []
        self.returned: deque[tuple[Any, int]] = deque()
        self.failed = 0
        """Workers in a row that did not start."""
        for _ in range(size):
            self.start()

    def start(self) -> None:
        """Ask for a worker; it is there once the cluster has a core for it."""
        actor = self.made.remote(self.work)
        self.starting[actor.ready.remote()] = actor

    def run(self, tasks: Iterator[Any]) -> Iterator[Any]:
        """Yield the answers until there is nothing left to do."""
        while True:
            self.hand_over(tasks)
            if self.idle and not self.busy:
                return
            done, _ = ray.wait([*self.busy, *self.starting], num_returns=1, timeout=PATIENCE)
            if not done and not self.busy:
                raise InputError(
                    f"the Ray cluster had no free core for {PATIENCE / 60:.0f} minutes; add nodes, or end what runs "
                    "there, and run the same command again: it goes on from the parts that are done"
                )
            for reference in done:
                yield from self.taken(reference)

    def hand_over(self, tasks: Iterator[Any]) -> None:
        """Give every idle worker a task, those that were lost first."""
        while self.idle:
            given = self.returned.popleft() if self.returned else next(((task, 0) for task in tasks), None)
            if given is None:
                return
            actor = self.idle.pop()
            self.busy[actor.do.remote(given[0])] = actor, *given

    def taken(self, reference: Any) -> Iterator[Any]:
        """The answer that a reference stands for, if it has come to one."""
        started = self.starting.pop(reference, None)
        actor, task, times = (started, None, 0) if started else self.busy.pop(reference)
        try:
            answer = ray.get(reference)
        except RayTaskError as error:
            raise (error.cause if isinstance(error.cause, InputError) else error) from None
        except RayError as error:  # the worker, its node, or the answer on its way
            ray.kill(actor)
            self.failed += bool(started)
            if max(times + 1, self.failed) >= TRIES:
                raise _given_up(error) from error
            if not started:
                self.returned.append((task, times + 1))
            self.start()
            return
        self.idle.append(actor)
        self.failed = 0
        if not started:
            yield answer

    def dismiss(self) -> None:
        """End all workers."""
        for actor in (*self.idle, *self.starting.values(), *(held[0] for held in self.busy.values())):
            ray.kill(actor)


def _given_up(error: RayError) -> InputError:
    return InputError(
        f"workers on the Ray cluster ended {TRIES} times over ({' '.join(str(error).split())[:300]}); see that every "
        "node has this version of modicum and enough memory, and run the same command again"
    )


@contextmanager
def _connected(address: str | None) -> Iterator[None]:
    """A connection to the cluster, which is ended unless it was there before."""
    if ray.is_initialized():
        yield
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    with redirect_stdout(sys.stderr):  # Ray prints what becomes of nodes, and standard output may be JSON
        yield from _connection(address)


def _connection(address: str | None) -> Iterator[None]:
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RayError, RuntimeError, ValueError) as error:
        raise InputError(
            f"no Ray cluster answers at {address or 'this machine'} ({' '.join(str(error).split())[:200]}); start one "
            "with: ray start --head, and name its address as --executor ray:HOST:PORT"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()
