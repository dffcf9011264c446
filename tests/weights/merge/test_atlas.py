"""Block-wise coefficients: the authors' steps, worlds where the coefficients are known, ways to end early."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import nn  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.merge import Descent, atlas, compose, task_vector  # noqa: E402
from tests.weights.merge.worlds import cross_entropy, net, random_net, waves  # noqa: E402


def vectors(base):
    return [
        {name: 0.5 * waves(p.shape, 10 * task + 1 + place) for place, (name, p) in enumerate(base.named_parameters())}
        for task in (0, 1)
    ]


def test_parity_with_the_authors_code():
    """`WeightedImageEncoder` of github.com/fredzzhang/atlas on this net, five steps of its training loop."""
    base = net()
    found = atlas(base, vectors(base), cross_entropy, settings=Descent(steps=5, rate=0.01, decay=0.1))
    assert found.losses == pytest.approx([1.509528, 1.492871, 1.476296, 1.4598, 1.443363], abs=2e-6)
    expected = [[0.049582, -0.049895, -0.036986, -0.04988], [0.049965, 0.049903, -0.049899, -0.04988]]
    torch.testing.assert_close(found.coefficients, torch.tensor(expected), atol=2e-6, rtol=0)


def test_known_world_each_block_comes_from_another_task():
    """The net to be found has its first layer from one task and its second from the other."""
    base, one, other = (random_net(seed) for seed in range(3))
    x = 2 * torch.randn(40, 3)
    wanted = nn.Sequential(one[0], nn.Tanh(), other[2])(x).detach()
    tasks = [task_vector(base.state_dict(), tuned.state_dict()) for tuned in (one, other)]

    def loss(forward, step):
        return (forward(x) - wanted).square().mean()

    found = atlas(base, tasks, loss, settings=Descent(800, 0.05))
    assert found.losses[-1] < 1e-5 < 0.1 < found.losses[0]
    expected = torch.tensor([[1.0, 1, 0, 0], [0, 0, 1, 1]])
    torch.testing.assert_close(found.coefficients, expected, atol=0.03, rtol=0)


def test_the_gradient_is_that_of_the_composition():
    """One step of large rate and no clipping to speak of, beside autograd through the sum itself."""
    base = net()
    tasks = vectors(base)
    coefficients = torch.full((2, 4), 0.3, requires_grad=True)
    composed = {
        name: p.detach() + sum(coefficients[t, b] * tasks[t][name] for t in range(2))
        for b, (name, p) in enumerate(base.named_parameters())
    }
    cross_entropy(lambda x: torch.func.functional_call(base, composed, (x,)), 0).backward()
    expected = 0.3 - 0.1 * coefficients.grad / (coefficients.grad.abs() + 1e-8)
    found = atlas(base, tasks, cross_entropy, start=0.3, settings=Descent(steps=1, rate=0.1, clip=1e9))
    torch.testing.assert_close(found.coefficients, expected, atol=1e-6, rtol=0)


@given(st.floats(-1, 1), st.integers(1, 3))
def test_the_state_is_what_the_coefficients_say(start, steps):
    base = net()
    tasks = vectors(base)
    found = atlas(base, tasks, cross_entropy, start=start, settings=Descent(steps=steps))
    composed = compose(base.state_dict(), tasks, found.coefficients)
    assert all(torch.equal(found.state[name], tensor) for name, tensor in composed.items())


@given(st.floats(0.1, 100))
def test_the_size_of_the_loss_does_not_matter(factor):
    base, settings = net(), Descent(steps=3, clip=1e9)
    found = atlas(base, vectors(base), cross_entropy, settings=settings)
    other = atlas(base, vectors(base), lambda forward, step: factor * cross_entropy(forward, step), settings=settings)
    torch.testing.assert_close(other.coefficients, found.coefficients, atol=1e-4, rtol=0)


def test_tied_weights_stay_tied():
    torch.manual_seed(0)
    base = nn.Sequential(nn.Embedding(6, 4), nn.Linear(4, 6, bias=False))
    base[1].weight = base[0].weight
    vector = {name: torch.randn(6, 4) for name in base.state_dict()}
    vector["1.weight"] = vector["0.weight"]
    tokens = torch.arange(6)
    found = atlas(base, [vector], lambda forward, step: nn.functional.cross_entropy(forward(tokens), tokens))
    assert torch.equal(found.state["0.weight"], found.state["1.weight"])
    assert found.losses[-1] < found.losses[0]


def failing(step_of_failure, kind):
    def loss(forward, step):
        if step == step_of_failure and kind is KeyboardInterrupt:
            raise KeyboardInterrupt
        return cross_entropy(forward, step) * (torch.nan if step == step_of_failure else 1)

    return loss


@pytest.mark.parametrize(
    ("kind", "told"), [(None, "the loss of step 4 is not finite"), (KeyboardInterrupt, "interrupted in step 4")]
)
def test_what_was_found_before_the_end_is_kept(kind, told):
    base = net()
    found = atlas(base, vectors(base), failing(3, kind), settings=Descent(steps=9))
    assert (found.stopped, len(found.losses)) == (told, 3)
    shorter = atlas(base, vectors(base), cross_entropy, settings=Descent(steps=2))
    torch.testing.assert_close(found.coefficients, shorter.coefficients, atol=0, rtol=0)


def test_errors():
    base = net()
    with pytest.raises(InputError, match="the loss of step 1 is not finite; no coefficients were found"):
        atlas(base, vectors(base), failing(0, None))
    with pytest.raises(InputError, match="the loss must be a scalar tensor that depends on the answers"):
        atlas(base, vectors(base), lambda forward, step: torch.tensor(1.0))
    with pytest.raises(InputError, match="steps must be at least 1, rate and clip above 0 and decay at least 0, not"):
        Descent(rate=0.0)
