"""DiffFit: factors and biases."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from modicum.weights.adapt import DiffFit, adapt, fold, trainable  # noqa: E402
from tests.weights.adapt.worlds import net  # noqa: E402


def test_the_weight_is_by_the_definition():
    base = net()[0]
    adapted = adapt(base, DiffFit(per_output=True))
    with torch.no_grad():
        adapted.adapter.factor.copy_(torch.arange(16.0))
        adapted.adapter.shift.fill_(3.0)
    plain = fold(adapted)
    torch.testing.assert_close(plain.weight, torch.arange(16.0)[:, None] * base.weight)
    torch.testing.assert_close(plain.bias, base.bias + 3)


def test_biases_of_norms_train_too_and_weights_do_not():
    net = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
    assert set(trainable(adapt(net, DiffFit()))) == {"0.adapter.factor", "0.adapter.shift", "1.adapter.shift"}


def test_a_scaled_layer_is_learnt_exactly():
    base = nn.Linear(5, 3)
    x = torch.randn(20, 5, generator=torch.Generator().manual_seed(0))
    wanted = nn.functional.linear(x, 2.5 * base.weight.detach(), base.bias.detach() - 1)
    adapted = adapt(base, DiffFit())
    optimizer = torch.optim.LBFGS([p for p in adapted.parameters() if p.requires_grad], max_iter=100)

    def loss():
        optimizer.zero_grad()
        value = (adapted(x) - wanted).square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    assert adapted.adapter.factor.item() == pytest.approx(2.5, abs=1e-3)
    torch.testing.assert_close(fold(adapted).bias, base.bias - 1, atol=1e-3, rtol=0)
