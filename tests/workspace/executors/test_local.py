"""The local executor: order kept, errors raised where the answer was due, tasks really at the same time."""

from __future__ import annotations

import threading

import pytest

from modicum.core import Executor
from modicum.workspace.executors import LocalExecutor


@pytest.mark.parametrize("workers", [1, 3])
def test_order_is_kept(workers):
    executor = LocalExecutor(workers)
    assert isinstance(executor, Executor)
    assert list(executor.map(lambda n: n * n, range(20))) == [n * n for n in range(20)]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_is_raised_where_its_answer_was_due(workers):
    answers = LocalExecutor(workers).map(lambda n: 1 // n, [1, 0])
    assert next(answers) == 1
    with pytest.raises(ZeroDivisionError):
        next(answers)


def test_workers_run_at_the_same_time():
    meeting = threading.Barrier(2, timeout=10)
    assert sorted(LocalExecutor(2).map(lambda _: meeting.wait(), range(2))) == [0, 1]
