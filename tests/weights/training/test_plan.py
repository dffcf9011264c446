"""Settings of the training loop."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from modicum.core import InputError  # noqa: E402
from modicum.weights.training import Plan  # noqa: E402


def test_the_rate_rises_over_a_tenth_and_falls_to_nothing():
    plan = Plan(steps=100)
    paces = [plan.pace(step) for step in range(100)]
    assert paces.index(max(paces)) == 9
    assert paces[:10] == sorted(paces[:10])
    assert paces[10:] == sorted(paces[10:], reverse=True)
    assert paces[-1] == pytest.approx(0.01)
    assert all(0 < pace <= 1 for pace in paces)


def test_a_run_may_stop_before_its_rate_has_fallen():
    plan = Plan(steps=10, stop=4)
    assert (plan.last, Plan(steps=10).last, Plan(steps=10, stop=40).last) == (4, 10, 10)
    assert plan.pace(3) == Plan(steps=10).pace(3)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"steps": 0}, "steps must be at least 1, not 0"),
        ({"batch": 0}, "batch must be at least 1, not 0"),
        ({"stop": 0}, "stop must be at least 1, not 0"),
        ({"keep": 0}, "keep must be at least 1, not 0"),
        ({"rate": 0.0}, "the learning rate must be above 0, not 0.0"),
        ({"device": "tpu"}, "device"),
    ],
)
def test_settings_out_of_range_are_told(settings, said):
    with pytest.raises(InputError, match=said):
        Plan(**settings)


def test_a_gpu_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert Plan().place.type == Plan(device="cpu").place.type == "cpu"
    with pytest.raises(InputError, match="no GPU that torch can use here; take device cpu or auto"):
        Plan(device="cuda")
