"""Tasks on threads of this process: the arrays are shared, and the linear algebra lets other threads run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from threadpoolctl import threadpool_limits

from modicum.core.cores import usable_cores

Task = TypeVar("Task")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class LocalExecutor:
    """Runs tasks on at most `workers` threads, with one core each for linear algebra.

    Small problems solve three times faster that way than with several cores for one of them.
    """

    workers: int = 1
    threads: int | None = None
    """Cores in all; default those available to the process."""

    @property
    def parallel(self) -> int:
        """Tasks that run at the same time: not more than there are cores."""
        return min(self.workers, self.threads or usable_cores())

    def map(self, function: Callable[[Task], Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        """Yield `function(task)` in the order of `tasks`; an error in a task is raised where its answer was due."""
        with threadpool_limits(1), ThreadPoolExecutor(self.parallel) as pool:
            yield from pool.map(function, tasks)
