"""Uniform soup: the mean, and the models it is right for."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch.optim.swa_utils import AveragedModel  # noqa: E402

from modicum.weights.merge import mean_state, uniform_soup  # noqa: E402
from tests.weights.merge.worlds import inputs, net  # noqa: E402

PHASES = (0.2, 0.5, 1.1, 2.0, 2.3)


def test_parity_with_torch():
    """torch's running average of the same models, which is what stochastic weight averaging keeps."""
    average = AveragedModel(net(PHASES[0]))
    for phase in PHASES:
        average.update_parameters(net(phase))
    found = uniform_soup(net(phase).state_dict() for phase in PHASES)
    for name, tensor in average.module.state_dict().items():
        torch.testing.assert_close(found[name], tensor, atol=1e-6, rtol=1e-6)


def test_known_world_the_mean_of_linear_models_is_the_mean_of_their_answers():
    nets, (x, _) = [net(phase)[0] for phase in PHASES], inputs()
    soup = net()[0]
    soup.load_state_dict(uniform_soup(layer.state_dict() for layer in nets))
    answers = torch.stack([layer(x) for layer in nets]).mean(dim=0)
    torch.testing.assert_close(soup(x), answers, atol=1e-6, rtol=1e-6)


@given(st.permutations(PHASES))
def test_the_order_hardly_matters(phases):
    found, sorted_ = (uniform_soup(net(phase).state_dict() for phase in order) for order in (phases, PHASES))
    for name, tensor in sorted_.items():
        torch.testing.assert_close(found[name], tensor, atol=1e-6, rtol=1e-6)


@given(st.floats(-100, 100, width=32), st.integers(1, 9), st.sampled_from([torch.float16, torch.float32]))
def test_copies_of_a_number_average_to_it(value, count, kind):
    state = {"w": torch.tensor([value], dtype=kind)}
    assert torch.equal(uniform_soup([state] * count)["w"], state["w"])


def test_half_precision_is_averaged_in_single():
    """The running mean of 1, 1, ... with one 3 would stay at 1 where steps of 1/2048 are rounded away."""
    states = [{"w": torch.tensor([value], dtype=torch.float16)} for value in [1.0] * 1023 + [513.0]]
    assert uniform_soup(states)["w"].item() == pytest.approx(1.5, abs=1e-3)


def test_whole_numbers_are_those_of_the_first():
    states = [{"count": torch.tensor(number), "mask": torch.tensor([True])} for number in (3, 9)]
    found = mean_state(states)
    assert (found["count"].item(), found["count"].dtype) == (3, torch.int64)
    assert found["mask"].tolist() == [True]
