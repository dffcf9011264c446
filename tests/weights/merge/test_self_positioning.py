"""Self positioning: shares and length, known worlds, what cannot be reached."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from modicum.weights.merge import Descent, compose, self_positioning, task_vector, uniform_soup  # noqa: E402
from tests.weights.merge.worlds import cross_entropy, inputs, net, random_net  # noqa: E402

PHASES = (1.0, 2.0, 2.9)


def tasks(base):
    return [task_vector(base.state_dict(), net(phase).state_dict()) for phase in PHASES]


def test_parity_with_autograd_through_shares_and_length():
    """Steps of torch's own AdamW on the sum itself, written out."""
    base = net()
    vectors = tasks(base)
    shares, size = torch.zeros(3, requires_grad=True), torch.tensor(0.7, requires_grad=True)
    optimizer = torch.optim.AdamW([shares, size], lr=0.05, weight_decay=0.0)
    for step in range(4):
        weights = size * shares.softmax(dim=0)
        composed = {
            name: p.detach() + sum(weights[t] * vectors[t][name] for t in range(3))
            for name, p in base.named_parameters()
        }
        loss = cross_entropy(lambda x, state=composed: torch.func.functional_call(base, state, (x,)), step)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([shares, size], 1.0)
        optimizer.step()
    found = self_positioning(base, vectors, cross_entropy, length=0.7, settings=Descent(steps=4, rate=0.05))
    expected = (size * shares.softmax(dim=0)).detach()
    torch.testing.assert_close(found.coefficients, expected[:, None].expand(-1, 4), atol=1e-6, rtol=0)


def test_known_world_the_position_is_found():
    base, *tuned = (random_net(seed) for seed in range(4))
    vectors = [task_vector(base.state_dict(), other.state_dict()) for other in tuned]
    wanted, x = compose(base.state_dict(), vectors, torch.tensor([0.9, 0.1, 0.3])), torch.randn(40, 3)
    target = torch.func.functional_call(base, wanted, (x,)).detach()
    found = self_positioning(
        base, vectors, lambda forward, step: (forward(x) - target).square().mean(), settings=Descent(600, 0.02)
    )
    assert found.coefficients[:, 0].tolist() == pytest.approx([0.9, 0.1, 0.3], abs=0.01)


@given(st.integers(1, 10), st.floats(0.1, 2))
def test_coefficients_have_one_sign_and_one_value_a_task(steps, length):
    base = net()
    found = self_positioning(base, tasks(base), cross_entropy, length=length, settings=Descent(steps=steps))
    assert (found.coefficients > 0).all()
    assert (found.coefficients == found.coefficients[:, :1]).all()


@given(st.integers(0, 3))
def test_without_a_slope_the_mean_of_the_tasks_stays(power):
    base = net()
    found = self_positioning(base, tasks(base), lambda forward, step: 0.0 * forward(inputs()[0]).sum() + power)
    soup = uniform_soup(net(phase).state_dict() for phase in PHASES)
    for name, tensor in soup.items():
        torch.testing.assert_close(found.state[name], tensor, atol=1e-6, rtol=1e-5)
