"""Sparse plus low rank: where the single entries lie, and what they reach."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.adapt import SparseLowRank, adapt, fold  # noqa: E402
from tests.weights.adapt.worlds import inputs, moved, net  # noqa: E402


def test_the_weight_is_by_the_definition():
    base = net()[0]
    adapted = moved(adapt(base, SparseLowRank(rank=2, alpha=1.0, density=0.05)))
    adapter = adapted.adapter
    wanted = base.weight + 2**-0.5 * adapter.thin.up @ adapter.thin.down
    wanted = wanted.flatten().index_add(0, adapter.places, adapter.entries).view_as(base.weight)
    torch.testing.assert_close(fold(adapted).weight, wanted, atol=1e-6, rtol=0)
    assert len(adapter.entries) == round(0.05 * 12 * 16)
    assert len(set(adapter.places.tolist())) == len(adapter.entries)


def test_on_a_weight_of_zeros_it_is_sltrain():
    """The layer that SLTrain trains from nothing: x A^T B^T alpha / r + x S^T + b, S at fixed random places."""
    base, x = nn.Linear(12, 16), inputs()
    nn.init.zeros_(base.weight)
    adapted = moved(adapt(base, SparseLowRank(rank=4, alpha=3.0, stabilised=False, density=0.1)))
    adapter = adapted.adapter
    B, A, values = (t.detach().clone().requires_grad_() for t in (adapter.thin.up, adapter.thin.down, adapter.entries))
    rows, columns = adapter.places // 12, adapter.places % 12
    S = torch.zeros(16, 12).index_put((rows.long(), columns.long()), values)
    wanted = x @ A.T @ B.T * 3 / 4 + x @ S.T + base.bias
    torch.testing.assert_close(adapted(x), wanted, atol=1e-6, rtol=1e-5)
    wanted.square().sum().backward()
    adapted(x).square().sum().backward()
    for ours, theirs in ((adapter.thin.up, B), (adapter.thin.down, A), (adapter.entries, values)):
        torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-5, rtol=1e-4)


def test_the_largest_entries_are_those_of_the_frozen_weight():
    base = net()[0]
    adapter = adapt(base, SparseLowRank(rank=1, density=0.1, places="largest")).adapter
    size = base.weight.abs().flatten()
    others = torch.ones(len(size), dtype=bool)
    others[adapter.places] = False
    assert size[adapter.places].min() >= size[others].max()


def test_a_single_changed_entry_is_learnt_where_low_rank_must_spread():
    base = nn.Linear(6, 6, bias=False)
    with torch.no_grad():
        base.weight.copy_(torch.full((6, 6), 0.1))
        base.weight[2, 3] = 1.0
    adapted = adapt(base, SparseLowRank(rank=1, density=1 / 36, places="largest"))
    optimizer = torch.optim.SGD([adapted.adapter.entries], lr=0.5)
    x, wanted = torch.eye(6), base.weight.detach().clone()
    wanted[2, 3] = -2.0
    for _ in range(60):
        optimizer.zero_grad()
        (0.5 * (adapted(x) - x @ wanted.T).square().sum()).backward()
        optimizer.step()
    torch.testing.assert_close(fold(adapted).weight, wanted, atol=1e-4, rtol=0)


def test_settings_out_of_range_are_told():
    with pytest.raises(InputError, match="density"):
        adapt(net(), SparseLowRank(rank=1, density=1.5))
    with pytest.raises(InputError, match="places"):
        adapt(net(), SparseLowRank(rank=1, places="first"))
