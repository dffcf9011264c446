"""Weight matching: the authors' orders, models that are reorderings of one another, axes of whole encoders."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import nn  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.encoders import load_folder  # noqa: E402
from modicum.weights.encoder import Batch, read_module  # noqa: E402
from modicum.weights.merge import chain_axes, encoder_axes, matched_soup, reordered, weight_matching  # noqa: E402
from tests.encoders import tiny  # noqa: E402
from tests.weights.merge.worlds import waves  # noqa: E402


class InOrder:
    """Visits groups as the authors' code does where its own generator is replaced by this one."""

    permutation = staticmethod(np.arange)


def chain(phase):
    """Three layers with the kernels (in, out) that the authors' code was given, turned to (out, in)."""
    made = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2))
    with torch.no_grad():
        for place, layer in enumerate(made[::2]):
            layer.weight.copy_(waves(layer.weight.T.shape, phase + 2 * place).T)
            layer.bias.copy_(waves(layer.bias.shape, phase + 2 * place + 1))
    return made


def shuffled(state, axes, seed=0):
    """The same function with hidden units in another order, and that order."""
    rng = np.random.default_rng(seed)
    sizes = {
        g: n for name, groups in axes.items() for g, n in zip(groups, state[name].shape, strict=True) if g is not None
    }
    orders = {group: torch.from_numpy(rng.permutation(size)) for group, size in sizes.items()}
    return reordered(state, axes, orders), orders


def test_parity_with_the_authors_code():
    """`weight_matching` of github.com/samuela/git-re-basin, run with numpy in the place of jax, groups in order.

    Commit ef40098.
    """
    first, second = chain(0.0), chain(2.5)
    found = weight_matching(first.state_dict(), second.state_dict(), chain_axes(first), rng=InOrder())
    expected = {"units 0": [5, 4, 0, 1, 2, 3], "units 2": [4, 2, 0, 1, 3]}
    assert {group: order.tolist() for group, order in found.items()} == expected


@pytest.mark.parametrize("seed", range(5))
def test_known_world_a_reordered_model_is_found_again(seed):
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Conv2d(2, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 6, 3), nn.ReLU())
    axes, state = chain_axes(net), net.state_dict()
    other, orders = shuffled(state, axes, seed)
    found = weight_matching(state, other, axes, rng=np.random.default_rng(seed))
    back = reordered(other, axes, found)
    assert set(found) == set(orders) == {"units 0"}
    assert all(torch.equal(back[name], tensor) for name, tensor in state.items())


@given(st.integers(0, 99))
def test_reordering_leaves_the_function(seed):
    net, x = chain(0.7), waves((4, 3), 0.1)
    state, _ = shuffled(net.state_dict(), chain_axes(net), seed)
    other = chain(0.0)
    other.load_state_dict(state)
    torch.testing.assert_close(other(x), net(x), atol=1e-5, rtol=1e-5)


@given(st.floats(0, 6), st.floats(0, 6))
def test_the_distance_never_grows(phase, other):
    first, second = chain(phase), chain(other)
    axes, states = chain_axes(first), (first.state_dict(), second.state_dict())
    found = reordered(states[1], axes, weight_matching(*states, axes, rng=np.random.default_rng(0)))
    before, after = (sum((a[n] - states[0][n]).square().sum() for n in axes) for a in (states[1], found))
    assert after <= before + 1e-4


def test_a_soup_of_reorderings_is_the_model():
    net = chain(0.3)
    axes, state = chain_axes(net), net.state_dict()
    soup = matched_soup([state, *(shuffled(state, axes, s)[0] for s in (1, 2))], axes, rng=np.random.default_rng(0))
    for name, tensor in state.items():
        torch.testing.assert_close(soup[name], tensor, atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert"])
def test_encoders_are_reordered_whole(kind, tmp_path):
    encoder = load_folder(tiny.save_transformer(tmp_path / kind, kind), threads=1)
    module, other = (read_module(encoder, dropout=0.0) for _ in range(2))
    axes, state = encoder_axes(module), module.state_dict()
    assert axes.keys() == state.keys()
    moved, orders = shuffled(state, axes)
    other.load_state_dict(moved)
    batch = Batch.of(encoder.tokenize(["my card is lost", "where is the pin ?"]), module.pad)
    torch.testing.assert_close(other(batch), module(batch)[:, orders["width"]], atol=1e-5, rtol=1e-4)
    found = weight_matching(state, moved, axes, rng=np.random.default_rng(0))
    back = reordered(moved, axes, found)
    assert all(torch.equal(back[name], tensor) for name, tensor in state.items())


def test_errors():
    state = chain(0.0).state_dict()
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match=r"axes name the tensor 'odd', which the models lack"):
        weight_matching(state, state, {"odd": ("a",)}, rng=rng)
    with pytest.raises(InputError, match=r"axes give 1 groups for tensor '0\.weight' of shape \(6, 3\); give one an"):
        weight_matching(state, state, {"0.weight": ("a",)}, rng=rng)
    with pytest.raises(InputError, match=r"group 'a' has 6 units, but tensor '0\.weight' has shape \(6, 3\)"):
        weight_matching(state, state, {"0.weight": ("a", "a")}, rng=rng)
    with pytest.raises(InputError, match=r"the units of layer '1', GroupNorm, are not known; give axes by hand"):
        chain_axes(nn.Sequential(nn.Conv2d(2, 4, 1), nn.GroupNorm(2, 4)))
    with pytest.raises(InputError, match=r"layer '2' takes 16 inputs from 4 units; give axes by hand"):
        chain_axes(nn.Sequential(nn.Conv2d(2, 4, 1), nn.Flatten(), nn.Linear(16, 2)))
