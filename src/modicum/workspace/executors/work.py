"""What workers are given: a piece of work that travels, opened once by each of them, then one task after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

Task = TypeVar("Task")
Answer = TypeVar("Answer")
Given = TypeVar("Given", contravariant=True)
Told = TypeVar("Told", covariant=True)


class Work(Protocol[Given, Told]):
    """A description that can be pickled; what is large or cannot travel (an encoder) is made where it is opened."""

    def open(self, threads: int | None) -> Callable[[Given], Told]:
        """Make what answers a task, with this many threads; default all cores."""


class Workers(Protocol):
    """Processes, here or elsewhere, each of which opens the work once."""

    def run(self, work: Work[Task, Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        """Yield the answers as they come; each task has one, and few tasks are held at a time."""


class InProcess:
    """This process alone, with all its threads: for what is done before other processes have started."""

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads

    def run(self, work: Work[Task, Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        """Yield the answers in the order of the tasks."""
        answer = work.open(self.threads)
        yield from map(answer, tasks)
