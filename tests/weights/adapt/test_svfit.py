"""SVFit: only singular values move."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from modicum.weights.adapt import SVFit, adapt, fold, trainable  # noqa: E402
from tests.weights.adapt.worlds import descend, moved, net  # noqa: E402


def test_parity_with_training_the_values_of_the_decomposition():
    base = net()
    values = {}
    for i in (0, 2):
        U, s, V = torch.linalg.svd(base[i].weight.detach(), full_matrices=False)
        values[i] = (U, s.clone().requires_grad_(), V)

    def weights():
        return {f"{i}.weight": (U * s) @ V for i, (U, s, V) in values.items()}

    def forward(x):
        return torch.func.functional_call(base, weights(), (x,))

    forward.parameters = lambda: [s for _, s, _ in values.values()]
    descend(forward)
    plain = fold(descend(adapt(base, SVFit(rank=8), "^2$"))), fold(descend(adapt(base, SVFit(rank=8))))
    assert not torch.allclose(plain[0][2].weight, base[2].weight, atol=1e-3)
    full = fold(descend(adapt(base, SVFit(rank=12), "^0$")))
    assert torch.linalg.matrix_rank(full[0].weight - base[0].weight, atol=1e-5) == 12
    # Of the second layer all 8 values train in both; with 8 of 12 in the first, its last 4 stay.
    change = plain[1][0].weight - base[0].weight
    U, _, V = values[0]
    kept = U.T @ change @ V.T
    torch.testing.assert_close(kept[8:, 8:], torch.zeros(4, 4), atol=1e-5, rtol=0)
    torch.testing.assert_close(kept - torch.diag(kept.diag()), torch.zeros(12, 12), atol=1e-5, rtol=0)


def test_one_step_is_the_gradient_of_the_values():
    base = net()[2]
    U, s, V = torch.linalg.svd(base.weight.detach(), full_matrices=False)
    s = s.clone().requires_grad_()
    x = torch.ones(3, 16)
    torch.nn.functional.linear(x, (U * s) @ V, base.bias).square().sum().backward()
    adapted = adapt(base, SVFit(rank=8))
    adapted(x).square().sum().backward()
    torch.testing.assert_close(adapted.adapter.change.grad, s.grad, atol=1e-3, rtol=1e-4)


def test_the_vectors_of_the_weight_stay():
    base = net()[2]
    plain = fold(moved(adapt(base, SVFit(rank=4)), 0.01))
    U, _, V = torch.linalg.svd(base.weight.detach(), full_matrices=False)
    inner = U.T @ plain.weight @ V.T
    torch.testing.assert_close(inner, torch.diag(inner.diag()), atol=1e-5, rtol=0)


def test_it_ships_as_many_numbers_as_its_rank():
    assert sum(t.numel() for t in trainable(adapt(net(), SVFit(rank=8))).values()) == 16
