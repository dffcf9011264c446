"""Checkpoint averaging: snapshots of a run, runs of a task."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch.optim.swa_utils import AveragedModel  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.merge import checkpoint_average, uniform_soup  # noqa: E402
from tests.weights.merge.worlds import net  # noqa: E402


def run(*values):
    return [{"w": torch.tensor([value])} for value in values]


def test_parity_with_stochastic_weight_averaging():
    """torch's own average, updated after each of ten steps of descent."""
    torch.manual_seed(0)
    module = net()
    average, snapshots = AveragedModel(module), []
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    for _ in range(10):
        optimizer.zero_grad()
        module(torch.ones(2, 3)).square().sum().backward()
        optimizer.step()
        average.update_parameters(module)
        snapshots.append({name: tensor.clone() for name, tensor in module.state_dict().items()})
    found = checkpoint_average([snapshots])
    for name, tensor in average.module.state_dict().items():
        torch.testing.assert_close(found[name], tensor, atol=1e-6, rtol=1e-6)


def test_known_world_steps_around_the_optimum_average_out():
    """A run that jumps from side to side of 3 with a falling width ends nearer to it than any snapshot."""
    jumps = [3 + (-1) ** step * (1 + 1 / (step + 1)) for step in range(10)]
    found = checkpoint_average([run(*jumps)], last=6)["w"].item()
    assert abs(found - 3) < min(abs(jump - 3) for jump in jumps)


def test_runs_count_alike():
    assert checkpoint_average([run(1.0, 1.0, 1.0), run(4.0)])["w"].item() == 2.5


@given(st.lists(st.floats(-9, 9, width=16), min_size=1, max_size=8), st.integers(1, 9))
def test_the_last_of_one_run_are_a_soup(values, last):
    snapshots = run(*values)
    assert torch.equal(checkpoint_average([snapshots], last=last)["w"], uniform_soup(snapshots[-last:])["w"])


@given(st.integers(1, 5), st.integers(1, 5))
def test_generators_will_do(runs, snapshots):
    made = ((state for state in run(*map(float, range(snapshots)))) for _ in range(runs))
    assert checkpoint_average(made)["w"].item() == pytest.approx((snapshots - 1) / 2, abs=1e-6)


def test_errors():
    with pytest.raises(InputError, match="last must be at least 1, not 0"):
        checkpoint_average([run(1.0)], last=0)
    with pytest.raises(InputError, match="there is no model to merge"):
        checkpoint_average([run(1.0), []])
