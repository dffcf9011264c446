"""Intruders beside what was lost."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from modicum.core import InputError  # noqa: E402
from modicum.weights.diagnose import relate_forgetting  # noqa: E402


def world(*grafts):
    """A base, and models with so many directions grafted on it."""
    base = torch.zeros(20, 8)
    base[:8] = torch.diag(torch.arange(8.0, 0, -1))
    tuned = []
    for count in grafts:
        matrix = base.clone()
        matrix[8 : 8 + count, :count] += 50 * torch.eye(count)
        tuned.append({"w": matrix})
    return {"w": base}, tuned


def kept(state):
    """A task that suffers by what lies outside of the base."""
    return 1 - state["w"][8:].square().sum().sqrt().item()


def test_known_world_what_is_lost_grows_with_the_intruders():
    found = relate_forgetting(*world(0, 3, 1, 5), kept)
    assert found.intruders == (0, 3, 1, 5)
    assert found.lost == pytest.approx((0, 50 * 3**0.5, 50, 50 * 5**0.5), abs=1e-4)
    assert (found.correlation, found.p_value) == (pytest.approx(1), pytest.approx(0, abs=1e-9))


def test_tuning_that_helps_is_a_negative_loss():
    found = relate_forgetting(*world(0, 1, 2), lambda state: -kept(state))
    assert found.lost[2] < 0
    assert found.correlation == pytest.approx(-1)


def test_without_differences_there_is_no_correlation():
    found = relate_forgetting(*world(2, 2, 2), kept)
    assert math.isnan(found.correlation)
    assert math.isnan(found.p_value)


def test_two_models_tell_nothing():
    with pytest.raises(InputError, match="a relation takes at least 3 tuned models, not 2"):
        relate_forgetting(*world(0, 1), kept)
