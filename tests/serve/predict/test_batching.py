"""The queue: what is answered together, what is refused, and that nothing that was taken is lost."""

from __future__ import annotations

import threading
import time
from concurrent.futures import wait

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.serve.predict.batching import Batcher, Closed, Full, Late

LONG = 30.0


class Gate:
    """Answers with the batch's number and the item; holds every batch until it is opened."""

    def __init__(self, opened=True):
        self.opened, self.begun, self.batches = threading.Event(), threading.Event(), []
        if opened:
            self.opened.set()

    def __call__(self, kind, items):
        self.batches.append((kind, list(items)))
        self.begun.set()
        assert self.opened.wait(LONG)
        if "bad" in items:
            raise ValueError("bad")
        return [f"{kind}:{item}" for item in items]


def batcher(gate, **settings):
    return Batcher(gate, **{"queue": 100, "batch": 10, "wait": 0.0} | settings)


def held(gate, **settings):
    """A batcher whose worker is busy with one job."""
    made = batcher(gate, **settings)
    first = made.submit("a", ["first"], LONG)
    assert gate.begun.wait(LONG)
    return made, first


def test_what_waits_is_answered_together_by_kind_and_in_order():
    gate = Gate(opened=False)
    made, first = held(gate, batch=3)
    jobs = [made.submit(kind, [n], LONG) for n, kind in enumerate("aabaab")]
    large = made.submit("a", list(range(10, 15)), LONG)
    gate.opened.set()
    assert first.future.result(LONG) == ["a:first"]
    assert [job.future.result(LONG) for job in jobs] == [[f"{kind}:{n}"] for n, kind in enumerate("aabaab")]
    assert large.future.result(LONG) == [f"a:{n}" for n in range(10, 15)]
    assert gate.batches[1:] == [("a", [0, 1, 3]), ("b", [2, 5]), ("a", [4]), ("a", list(range(10, 15)))]
    made.close()
    assert made.waiting == 0


def test_an_idle_worker_waits_for_company():
    gate = Gate()
    made = batcher(gate, wait=0.5, batch=3)
    jobs = [made.submit("a", [n], LONG) for n in range(3)]
    begun = time.monotonic()
    wait([job.future for job in jobs], LONG)
    assert gate.batches == [("a", [0, 1, 2])]
    assert time.monotonic() - begun < 0.45, "a full batch does not wait"
    made.submit("a", [3], LONG).future.result(LONG)
    assert gate.batches[1] == ("a", [3])
    made.close()


def test_a_full_queue_says_when_to_come_again():
    gate = Gate(opened=False)
    made, _ = held(gate, queue=5)
    made.submit("a", [1, 2, 3], LONG)
    with pytest.raises(Full, match="too many requests wait; try again in 1 s") as refused:
        made.submit("a", [4, 5, 6], LONG)
    assert refused.value.after == 1
    made.submit("a", [4, 5], LONG)
    gate.opened.set()
    made.close()
    assert [items for _, items in gate.batches] == [["first"], [1, 2, 3, 4, 5]]


def test_closing_finishes_what_was_taken_and_takes_nothing_more():
    gate = Gate(opened=False)
    made, first = held(gate)
    more = made.submit("a", ["more"], LONG)
    closing = threading.Thread(target=made.close)
    closing.start()
    while not made.closed:
        time.sleep(0.001)
    with pytest.raises(Closed):
        made.submit("a", ["late"], LONG)
    gate.opened.set()
    closing.join(LONG)
    assert (first.future.result(0), more.future.result(0)) == (["a:first"], ["a:more"])


def test_jobs_whose_time_is_over_are_not_begun():
    gate, now = Gate(opened=False), [0.0]
    made, _ = held(gate, clock=lambda: now[0])
    late, cancelled, kept = (
        made.submit("a", [name], patience) for name, patience in zip("xyz", (1, 9, 9), strict=True)
    )
    cancelled.future.cancel()
    now[0] = 5.0
    gate.opened.set()
    assert kept.future.result(LONG) == ["a:z"]
    with pytest.raises(Late):
        late.future.result(LONG)
    made.close()
    assert gate.batches == [("a", ["first"]), ("a", ["z"])]


def test_one_job_cannot_spoil_the_others():
    gate = Gate(opened=False)
    made, _ = held(gate)
    jobs = [made.submit("a", [name], LONG) for name in ("good", "bad", "fine")]
    gate.opened.set()
    assert jobs[0].future.result(LONG) == ["a:good"]
    with pytest.raises(ValueError, match="bad"):
        jobs[1].future.result(LONG)
    assert jobs[2].future.result(LONG) == ["a:fine"]
    made.close()


@given(
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=40),
    workers=st.integers(1, 3),
    most=st.integers(1, 10),
)
def test_every_job_gets_its_own_answers(sizes, workers, most):
    gate = Gate()
    made = Batcher(gate, queue=1000, batch=most, wait=0.0, workers=workers)
    jobs = [made.submit("ab"[size % 2], [(n, k) for k in range(size)], LONG) for n, size in enumerate(sizes)]
    made.close()
    for n, (size, job) in enumerate(zip(sizes, jobs, strict=True)):
        assert job.future.result(0) == [f"{'ab'[size % 2]}:{(n, k)}" for k in range(size)]
    for _, items in gate.batches:
        assert len(items) <= most or len({n for n, _ in items}) == 1
