"""The mechanism of all adapters: swap, turn off, fold, ship."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.adapt import LoRA, adapt, fold, restore, trainable, turn  # noqa: E402


class Tied(nn.Module):
    """A small language model: its embedding is its output weight, too."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(11, 8)
        self.mix, self.linear1, self.linear2 = nn.Linear(8, 24), nn.Linear(8, 16), nn.Linear(16, 8)
        self.out = nn.Linear(8, 11, bias=False)
        self.out.weight = self.words.weight

    def forward(self, tokens):
        x = self.words(tokens)
        x = x + nn.functional.scaled_dot_product_attention(*self.mix(x).chunk(3, dim=-1), is_causal=True)
        return self.out(x + self.linear2(nn.functional.gelu(self.linear1(x))))


def convolutional():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 5))


def linear():
    return nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 4))


def inputs(kind):
    generator = torch.Generator().manual_seed(1)
    if kind is Tied:
        return torch.randint(0, 11, (2, 5), generator=generator)
    shape = (2, 3, 8, 8) if kind is convolutional else (2, 5, 8)
    return torch.randn(shape, generator=generator)


KINDS = [(linear, None), (convolutional, "^[04]$"), (Tied, "linear|mix|out")]


@pytest.fixture(params=KINDS, ids=lambda kind: kind[0].__name__)
def case(request):
    kind, targets = request.param
    torch.manual_seed(0)
    return kind(), inputs(kind), targets


def moved(module, seed=0):
    """The module with every number that trains moved."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in module.parameters():
            if tensor.requires_grad:
                tensor.add_(0.3 * torch.randn(tensor.shape, generator=generator))
    return module


def test_it_starts_as_the_base_and_the_base_never_changes(case):
    base, x, targets = case
    before = {name: tensor.clone() for name, tensor in base.state_dict().items()}
    adapted = adapt(base, LoRA(rank=2), targets)
    assert torch.equal(adapted(x), base(x))
    moved(adapted)
    assert not torch.allclose(adapted(x), base(x), atol=1e-3)
    assert all(torch.equal(tensor, before[name]) for name, tensor in base.state_dict().items())
    assert all(p.requires_grad for p in base.parameters())


def test_turned_off_it_is_the_base_bit_for_bit(case):
    base, x, targets = case
    adapted = moved(adapt(base, LoRA(rank=2), targets))
    there = adapted(x)
    turn(adapted, on=False)
    assert torch.equal(adapted(x), base(x))
    turn(adapted, on=True)
    assert torch.equal(adapted(x), there)


def test_folded_it_is_a_plain_module_of_the_same_outputs(case):
    base, x, targets = case
    adapted = moved(adapt(base, LoRA(rank=2, alpha=1), targets))
    plain = fold(adapted)
    assert [type(layer) for layer in plain.modules()] == [type(layer) for layer in base.modules()]
    assert {n: t.shape for n, t in plain.state_dict().items()} == {n: t.shape for n, t in base.state_dict().items()}
    torch.testing.assert_close(plain(x), adapted(x), atol=1e-5, rtol=1e-5)
    assert not trainable(plain).keys() ^ dict(plain.named_parameters()).keys()


def test_nothing_but_the_adapters_trains(case):
    base, x, targets = case
    adapted = adapt(base, LoRA(rank=2), targets)
    adapted(x).square().sum().backward()
    with_gradient = {name for name, p in adapted.named_parameters() if p.grad is not None}
    assert with_gradient == set(trainable(adapted))
    assert all(".adapter." in f".{name}" for name in with_gradient)


def test_what_trained_is_shipped_and_restored(case):
    base, x, targets = case
    first = moved(adapt(base, LoRA(rank=2), targets, seed=1))
    second = adapt(base, LoRA(rank=2), targets, seed=2)
    restore(second, trainable(first))
    assert torch.equal(second(x), first(x))
    with pytest.raises(InputError, match="shape"):
        restore(adapt(base, LoRA(rank=1), targets), trainable(first))
    with pytest.raises(InputError, match="in one of them only"):
        restore(base, {"words": torch.zeros(1)})


def test_memory_is_shared_with_the_base(case):
    base, _, targets = case
    adapted = adapt(base, LoRA(rank=2), targets)
    there = {tensor.data_ptr() for tensor in base.parameters()}
    own = {name: tensor for name, tensor in adapted.named_parameters() if ".adapter." not in f".{name}"}
    assert {tensor.data_ptr() for tensor in own.values()} == there


def test_targets_are_a_pattern_a_function_or_all_linear_layers():
    net = linear()
    assert len(trainable(adapt(net, LoRA(rank=2)))) == 4
    assert len(trainable(adapt(net, LoRA(rank=2), "^2$"))) == 2
    assert len(trainable(adapt(net, LoRA(rank=2), lambda name, layer: layer.weight.shape[0] == 16))) == 2
    alone = nn.Linear(4, 4)
    assert set(trainable(adapt(alone, LoRA(rank=2)))) == {"adapter.down", "adapter.up"}
    torch.testing.assert_close(fold(adapt(alone, LoRA(rank=2))).weight, alone.weight)


def test_targets_that_match_nothing_are_told():
    with pytest.raises(InputError, match=r"targets 'query' match no layer with a weight"):
        adapt(linear(), LoRA(), "query")


def test_a_rank_above_the_matrix_is_told_with_the_layer():
    with pytest.raises(InputError, match=r"layer '2': rank 8 does not fit a weight of 4 x 16; take 1 to 4"):
        adapt(linear(), LoRA(rank=8))
    with pytest.raises(InputError, match="is no matrix; name other targets"):
        adapt(nn.Sequential(nn.LayerNorm(4)), LoRA(rank=1), "0")
