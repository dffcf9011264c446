"""Hierarchical side-tuning: stages, coarser tokens, and what it learns."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.side import HierarchicalSideTuning  # noqa: E402
from modicum.weights.side.hierarchical_side_tuning import coarser  # noqa: E402


def made(layers=5, width=8, **settings):
    torch.manual_seed(0)
    return HierarchicalSideTuning(**{"width": 4, "stages": 2} | settings).build(layers, width)


def states(rows=3, tokens=6, width=8, layers=5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(rows, tokens, width, generator=generator) for _ in range(layers)]


@pytest.mark.parametrize("tokens", [2, 4, 8])
def test_coarser_tokens_are_those_of_average_pooling(tokens):
    x = torch.randn(3, tokens, 5, generator=torch.Generator().manual_seed(0))
    found, mask = coarser(x, torch.ones(3, tokens, dtype=torch.bool))
    torch.testing.assert_close(found, F.avg_pool1d(x.transpose(1, 2), 2).transpose(1, 2), atol=1e-6, rtol=0)
    assert mask.all()


@given(st.integers(1, 9), st.integers(0, 9), st.floats(-5, 5))
def test_coarser_tokens_leave_padding_out(length, padding, value):
    x = torch.full((1, length + padding, 2), float("inf"))
    x[:, :length] = value
    mask = torch.arange(length + padding)[None] < length
    found, left = coarser(torch.where(mask[..., None], x, torch.tensor(99.0)), mask)
    assert int(left.sum()) == -(-length // 2)
    torch.testing.assert_close(found[left], torch.full((int(left.sum()), 2), value), atol=1e-5, rtol=0)


@given(st.integers(1, 6), st.data())
def test_every_layer_is_read_once_and_stages_grow(layers, data):
    stages = data.draw(st.integers(1, layers))
    network = made(layers=layers + 1, stages=stages, width=8)
    assert [layer for share in network.shares for layer in share] == list(range(1, layers + 1))
    assert [bridge.out_features for bridge in network.bridges] == [4 * (i + 1) for i in range(stages)]


def test_the_first_block_is_by_the_definition():
    network, told = made(layers=2, stages=1), states(layers=2)
    block, mask = network.stages[0][0], torch.ones(3, 6, dtype=torch.bool)
    torch.nn.init.eye_(network.up.weight)
    start, read = network.start(told[0]), network.bridges[0](told[1])
    key, value = block.key(block.norm_read(read)), block.value(block.norm_read(read))
    share = (block.query(block.norm(start)) @ key.transpose(1, 2) / 4**0.5).softmax(dim=-1)
    x = start + block.out(share @ value) + read
    x = x + block.mix(block.norm_mixed(x))
    wanted = F.pad(x.mean(dim=1, keepdim=True), (0, 4))
    torch.testing.assert_close(network(told, mask), wanted, atol=1e-5, rtol=0)


def test_what_only_a_lower_layer_says_is_learnt():
    told, labels = states(rows=64, tokens=5), torch.arange(64) % 2
    told[2] = told[2] + 2 * (2 * labels[:, None, None] - 1) * torch.eye(8)[0]
    network, mask = made(), torch.ones(64, 5, dtype=torch.bool)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(40):
        optimizer.zero_grad()
        scores = network(told, mask)[:, 0, 0]
        F.binary_cross_entropy_with_logits(scores, labels.float()).backward()
        optimizer.step()
    assert ((scores > 0) == (labels == 1)).float().mean() > 0.95


def test_stages_that_do_not_fit_are_told():
    for stages in (0, 5):
        with pytest.raises(InputError, match=rf"{stages} stages do not fit an encoder of 4 layers; take 1 to 4"):
            made(stages=stages)
