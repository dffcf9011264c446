"""What moved, by layer."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from modicum.weights.adapt import LoRA, adapt, fold  # noqa: E402
from modicum.weights.diagnose import layer_of, what_moved  # noqa: E402
from tests.weights.adapt.worlds import moved, net  # noqa: E402


def test_known_world_only_the_adapted_layer_moved():
    base = net()
    tuned = fold(moved(adapt(base, LoRA(rank=2), "^2$")))
    first, second = what_moved(base.state_dict(), tuned.state_dict())
    assert (first.layer, first.distance, first.most) == ("0", 0.0, "")
    change = (tuned[2].weight - base[2].weight).norm().item()
    assert (second.layer, second.most, second.numbers) == ("2", "2.weight", 8 * 16 + 8)
    assert second.distance == pytest.approx(change, rel=1e-5)


@given(st.floats(-3, 3))
def test_a_scaled_model_moved_by_the_same_share_everywhere(factor):
    base = net().state_dict()
    for found in what_moved(base, {name: factor * tensor for name, tensor in base.items()}):
        assert found.relative == pytest.approx(abs(factor - 1), abs=1e-5)


@given(st.integers(0, 20))
def test_squares_of_layers_add_up(seed):
    base, tuned = net().state_dict(), moved(net(), seed=seed).state_dict()
    total = sum((tuned[name] - base[name]).square().sum().item() for name in base)
    assert sum(found.distance**2 for found in what_moved(base, tuned)) == pytest.approx(total, rel=1e-4)


def test_layers_are_what_the_caller_says():
    base = net().state_dict()
    assert [found.layer for found in what_moved(base, base, lambda name: name.rpartition(".")[2])] == ["weight", "bias"]


def test_what_was_nothing_and_moved_is_infinite():
    (found,) = what_moved({"w": torch.zeros(2)}, {"w": torch.ones(2)})
    assert math.isinf(found.relative)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("0.weight", "0"),
        ("encoder.layer.11.output.dense.bias", "encoder.layer.11"),
        ("a.b2.weight", "a.b2"),
        ("w", "w"),
    ],
)
def test_layers_by_name(name, layer):
    assert layer_of(name) == layer
