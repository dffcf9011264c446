"""LoRA beside HF PEFT: the same start, the same first step, the same folded weight."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from modicum.weights.adapt import LoRA, adapt, fold  # noqa: E402


def net(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(12, 16), nn.Tanh(), nn.Linear(16, 8))


@pytest.mark.parametrize("stabilised", [True, False])
def test_parity_with_peft(stabilised):
    peft = pytest.importorskip("peft")
    base, x = net(), torch.randn(7, 12, generator=torch.Generator().manual_seed(1))
    ours = adapt(base, LoRA(rank=4, alpha=6.0, stabilised=stabilised), "^[02]$")
    config = peft.LoraConfig(r=4, lora_alpha=6, target_modules=["0", "2"], use_rslora=stabilised)
    theirs = peft.get_peft_model(net(), config)
    layers = [theirs.base_model.model[i] for i in (0, 2)]
    with torch.no_grad():
        for i, layer in zip((0, 2), layers, strict=True):
            layer.lora_A["default"].weight.copy_(ours[i].adapter.down)
    torch.testing.assert_close(ours(x), theirs(x), atol=1e-6, rtol=0)
    for module in (ours, theirs):
        step = torch.optim.SGD([p for p in module.parameters() if p.requires_grad], lr=0.1)
        for _ in range(2):
            step.zero_grad()
            module(x).square().sum().backward()
            step.step()
    for i, layer in zip((0, 2), layers, strict=True):
        torch.testing.assert_close(ours[i].adapter.down, layer.lora_A["default"].weight, atol=1e-5, rtol=0)
        torch.testing.assert_close(ours[i].adapter.up, layer.lora_B["default"].weight, atol=1e-5, rtol=0)
    merged = theirs.merge_and_unload()
    plain = fold(ours)
    for i in (0, 2):
        torch.testing.assert_close(plain[i].weight, merged[i].weight, atol=1e-5, rtol=0)


def test_a_known_change_of_that_rank_is_learnt_exactly():
    torch.manual_seed(0)
    base = nn.Linear(6, 5, bias=False)
    wanted = base.weight.detach() + torch.outer(torch.arange(5.0), torch.linspace(-1, 1, 6))
    x = torch.eye(6)
    adapted = adapt(base, LoRA(rank=1, alpha=1))
    optimizer = torch.optim.LBFGS([p for p in adapted.parameters() if p.requires_grad], max_iter=500)

    def loss():
        optimizer.zero_grad()
        value = (adapted(x) - x @ wanted.T).square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    torch.testing.assert_close(fold(adapted).weight, wanted, atol=1e-3, rtol=0)


def test_the_change_has_the_rank():
    adapted = adapt(net(), LoRA(rank=3))
    with torch.no_grad():
        for name, tensor in adapted.named_parameters():
            if ".adapter." in name:
                tensor.normal_()
    change = fold(adapted)[0].weight - net()[0].weight
    assert torch.linalg.matrix_rank(change, atol=1e-4) == 3


@pytest.mark.parametrize("rank", [1, 4, 8])
def test_the_stabilised_scale(rank):
    assert LoRA(rank, alpha=2.0).scale == pytest.approx(2 / rank**0.5)
    assert LoRA(rank, alpha=2.0, stabilised=False).scale == pytest.approx(2 / rank)
