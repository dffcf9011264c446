"""Tasks on threads of this process: the arrays are shared, and the linear algebra lets other threads run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from threadpoolctl import threadpool_limits

Task = TypeVar("Task")
Answer = TypeVar("Answer")


def available_cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class LocalExecutor:
    """Runs tasks on at most `workers` threads, with one core each for linear algebra.

    Small problems solve three times faster that way than with several cores for one of them.
    """

    workers: int = 1
    threads: int | None = None
    """Cores in all; default those available to the process."""

    def map(self, function: Callable[[Task], Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        """Yield `function(task)` in the order of `tasks`; an error in a task is raised where its answer was due."""
        workers = min(self.workers, self.threads or available_cores())
        with threadpool_limits(1), ThreadPoolExecutor(workers) as pool:
            yield from pool.map(function, tasks)
