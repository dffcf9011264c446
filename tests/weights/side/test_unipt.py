"""Parallel tuning: the network of the paper, what counts, and what it learns."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from modicum.weights.side.unipt import Parallel, UniPT  # noqa: E402


def wave(shape, i):
    numbers = torch.arange(1, math.prod(shape) + 1, dtype=torch.float32)
    return torch.sin(numbers * (0.7 + 0.1 * i)).view(shape)


def network():
    made = Parallel(layers=3, outer=6, width=4)
    with torch.no_grad():
        for i, parameter in enumerate(made.parameters()):
            parameter.copy_(wave(parameter.shape, i))
    return made


STATES = [wave((2, 3, 6), i) for i in range(3)]
MASK = torch.tensor([[True, True, True], [True, True, False]])

# The authors' layer for transformers (github.com/Paranioar/UniPT, commit 3fa457d,
# VSE-infty/lib/adapter_for_transformer.py) with these weights and states, run in torch 2.13; its gate's intercept is 0,
# since it cancels.
THEIRS = [
    [3.589756, -3.188776, 2.338131, -1.071553, -0.427552, 1.889203],
    [2.457798, -2.161753, 1.447494, -0.344578, -0.968596, 2.227758],
    [1.946679, -1.648350, 0.947531, 0.126635, -1.396626, 2.599501],
    [3.377177, -3.017023, 2.212462, -0.995817, -0.451031, 1.859713],
    [3.534747, -2.976960, 1.975992, -0.570183, -1.052799, 2.619180],
]


def test_parity_with_the_authors_network():
    torch.testing.assert_close(network()(STATES, MASK)[MASK], torch.tensor(THEIRS), atol=1e-5, rtol=0)


@given(st.integers(1, 4), st.integers(1, 5), st.integers(2, 6), st.integers(0, 9))
def test_confidence_is_a_share_of_the_layers(rows, tokens, layers, seed):
    generator = torch.Generator().manual_seed(seed)
    lower = [torch.randn(rows, tokens, 4, generator=generator) for _ in range(layers - 1)]
    anchor = torch.randn(rows, tokens, 4, generator=generator)
    share = Parallel(layers, 6, 4).confidence(lower, anchor, torch.ones(rows, tokens, dtype=torch.bool))
    assert share.shape == (rows, layers - 1)
    assert (share >= 0).all()
    torch.testing.assert_close(share.sum(dim=1), torch.ones(rows), atol=1e-5, rtol=0)


@given(st.integers(0, 20))
def test_the_order_of_tokens_says_nothing(seed):
    order = torch.randperm(3, generator=torch.Generator().manual_seed(seed))
    there, mixed = network()(STATES, MASK), network()([x[:, order] for x in STATES], MASK[:, order])
    torch.testing.assert_close(mixed, there[:, order], atol=1e-5, rtol=0)


def test_what_only_a_lower_layer_says_is_learnt_and_that_layer_counts():
    generator = torch.Generator().manual_seed(0)
    told = torch.randint(0, 2, (64,), generator=generator)
    states = [torch.randn(64, 4, 8, generator=generator) for _ in range(4)]
    states[1] = states[1] + 3 * (2 * told[:, None, None] - 1) * torch.eye(8)[0]
    mask = torch.ones(64, 4, dtype=torch.bool)
    torch.manual_seed(0)
    network = UniPT(width=6).build(layers=4, width=8)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(80):
        optimizer.zero_grad()
        scores = network(states, mask).mean(dim=1)[:, 0]
        torch.nn.functional.binary_cross_entropy_with_logits(scores, told.float()).backward()
        optimizer.step()
    assert ((scores > 0) == (told == 1)).float().mean() > 0.95
    *lower, anchor = (down(x) for down, x in zip(network.down, states, strict=True))
    assert network.confidence(lower, anchor, mask).mean(dim=0).argmax() == 1
