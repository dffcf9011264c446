"""SORSA: the penalty, and what it does to the vectors."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from modicum.core import InputError  # noqa: E402
from modicum.weights.adapt import SORSA, adapt, fold, penalty  # noqa: E402
from tests.weights.adapt.worlds import inputs, moved, net  # noqa: E402


def test_parity_with_the_definition():
    adapted = moved(adapt(net(), SORSA(rank=3, gamma=0.5)))
    wanted = 0.0
    for layer in (adapted[0].adapter, adapted[2].adapter):
        for product in (layer.left.T @ layer.left, layer.right @ layer.right.T):
            wanted += 0.5 * torch.linalg.matrix_norm(product - torch.eye(3))
    torch.testing.assert_close(penalty(adapted), wanted, atol=1e-5, rtol=0)
    layer = adapted[0].adapter
    U, s, V = torch.linalg.svd(net()[0].weight.detach(), full_matrices=False)
    residual = net()[0].weight - (U[:, :3] * s[:3]) @ V[:3]
    formed = residual + layer.left @ torch.diag(layer.values) @ layer.right
    torch.testing.assert_close(fold(adapted)[0].weight, formed, atol=1e-5, rtol=0)


def test_the_penalty_keeps_the_vectors_orthonormal():
    off = {}
    for gamma in (0.0, 1.0):
        adapted, x = adapt(net(), SORSA(rank=3, gamma=gamma)), inputs()
        optimizer = torch.optim.SGD([p for p in adapted.parameters() if p.requires_grad], lr=0.02)
        for _ in range(30):
            optimizer.zero_grad()
            ((adapted(x) - 1).square().sum() + penalty(adapted)).backward()
            optimizer.step()
        left = adapted[0].adapter.left.detach()
        off[gamma] = float(torch.linalg.matrix_norm(left.T @ left - torch.eye(3)))
    assert off[1.0] < 0.5 * off[0.0]


def test_a_negative_weight_of_the_penalty_is_told():
    with pytest.raises(InputError, match="gamma must be at least 0, not -1"):
        adapt(net(), SORSA(rank=1, gamma=-1))
