"""Sparse spectral training: the gradients, the draws, and that all directions have their turn."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import nn  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.adapt import SparseSpectral, adapt, fold  # noqa: E402
from tests.weights.adapt.worlds import descend, inputs, moved, net  # noqa: E402


def chosen(adapter):
    """The vectors that got a gradient."""
    return (adapter.left.grad != 0).any(dim=0)


def test_parity_with_the_gradients_of_the_definition():
    base, x = net()[0], inputs()
    weight = base.weight.detach().clone().requires_grad_()
    nn.functional.linear(x, weight, base.bias).square().sum().backward()
    G = weight.grad
    adapted = adapt(base, SparseSpectral(rank=12, drawn=5))
    adapted(x).square().sum().backward()
    adapter = adapted.adapter
    U, V = adapter.left.detach(), adapter.right.detach()  # with their signs
    torch.testing.assert_close(adapter.values.grad, (U.T @ G @ V.T).diag(), atol=1e-3, rtol=1e-4)
    there = chosen(adapter)
    assert there.sum() == 5
    for grad, full, vectors in ((adapter.left.grad, G @ V.T, U), (adapter.right.grad.T, (U.T @ G).T, V.T)):
        along = full - vectors * (vectors * full).sum(dim=0)
        torch.testing.assert_close(grad[:, there], along[:, there], atol=1e-3, rtol=1e-4)
        assert (grad[:, ~there] == 0).all()


def test_a_step_keeps_lengths_and_moves_the_weight_as_renewed_vectors_would():
    base = net()[2]
    plain = fold(moved(adapt(base, SparseSpectral(rank=8))))
    adapter = moved(adapt(base, SparseSpectral(rank=8))).adapter
    U, V = adapter.left / adapter.left.norm(dim=0), adapter.right / adapter.right.norm(dim=1, keepdim=True)
    torch.testing.assert_close(plain.weight, U @ torch.diag(adapter.values) @ V, atol=1e-5, rtol=0)


def test_a_known_weight_is_learnt_though_two_vectors_train_in_a_step():
    torch.manual_seed(0)
    base = nn.Linear(6, 5, bias=False)
    generator = torch.Generator().manual_seed(0)
    wanted, x = torch.randn(5, 6, generator=generator), torch.eye(6)
    adapted = adapt(base, SparseSpectral(rank=5, drawn=2))
    optimizer = torch.optim.SGD(adapted.adapter.parameters(), lr=0.05)
    for _ in range(1000):
        optimizer.zero_grad()
        (adapted(x) - x @ wanted.T).square().sum().backward()
        optimizer.step()
    assert (fold(adapted).weight - wanted).norm() < 0.02 * wanted.norm()


def test_large_values_are_drawn_more_often_and_small_ones_too():
    base = nn.Linear(4, 4, bias=False)
    with torch.no_grad():
        base.weight.copy_(torch.diag(torch.tensor([6.0, 3.0, 2.0, 1.0])))
    adapted = adapt(base, SparseSpectral(rank=4, drawn=1))
    counts = torch.stack([adapted.adapter._chosen() for _ in range(2000)]).mean(dim=0)
    torch.testing.assert_close(counts, torch.tensor([0.5, 0.25, 1 / 6, 1 / 12]), atol=0.03, rtol=0)


def test_a_pass_without_gradients_draws_nothing():
    first, second = (adapt(net(), SparseSpectral(rank=4, drawn=1)) for _ in range(2))
    with torch.no_grad():
        for _ in range(3):
            second(inputs())
    for module in (first, second):
        module(inputs()).sum().backward()
    assert torch.equal(chosen(first[0].adapter), chosen(second[0].adapter))


def test_a_weight_of_zeros_is_no_trouble():
    base = nn.Linear(4, 4, bias=False)
    nn.init.zeros_(base.weight)
    learnt = descend(nn.Sequential(nn.Linear(12, 4), adapt(base, SparseSpectral(rank=4, drawn=3))))
    assert all(parameter.isfinite().all() for parameter in learnt.parameters())
    torch.testing.assert_close(fold(learnt)[1].weight, torch.zeros(4, 4), atol=1e-3, rtol=0)


@given(rank=st.integers(1, 8), drawn=st.integers(1, 10))
def test_as_many_vectors_train_as_are_drawn(rank, drawn):
    adapted = moved(adapt(net()[2], SparseSpectral(rank=rank, drawn=drawn)))
    adapted(torch.ones(3, 16)).square().sum().backward()
    assert chosen(adapted.adapter).sum() == min(rank, drawn)
    assert (adapted.adapter.values.grad != 0).all()


@given(size=st.floats(0.1, 10))
def test_lengths_of_the_vectors_do_not_count(size):
    adapted = moved(adapt(net()[2], SparseSpectral(rank=3)))
    before = fold(adapted).weight
    with torch.no_grad():
        adapted.adapter.left.mul_(size)
    torch.testing.assert_close(fold(adapted).weight, before, atol=1e-5, rtol=0)


def test_no_draw_is_told():
    with pytest.raises(InputError, match="drawn must be at least 1, not 0"):
        adapt(net(), SparseSpectral(rank=1, drawn=0))
