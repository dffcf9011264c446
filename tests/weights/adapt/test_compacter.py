"""Compacter: sums of Kronecker products with a shared part."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from modicum.core import InputError  # noqa: E402
from modicum.weights.adapt import Compacter, adapt, fold, trainable  # noqa: E402
from tests.weights.adapt.worlds import moved, net  # noqa: E402


def test_the_weight_is_by_the_definition():
    base = net()
    adapted = moved(adapt(base, Compacter(terms=4)))
    plain = fold(adapted)
    for i in (0, 2):
        adapter = adapted[i].adapter
        wanted = base[i].weight.detach().clone()
        for shared, left, right in zip(adapter.shared, adapter.left, adapter.right, strict=True):
            wanted += torch.kron(shared, torch.outer(left, right))
        torch.testing.assert_close(plain[i].weight, wanted, atol=1e-6, rtol=0)


def test_all_layers_share_the_small_matrices():
    adapted = adapt(net(), Compacter(terms=2))
    assert adapted[0].adapter.shared is adapted[2].adapter.shared
    shipped = trainable(adapted)
    assert sum("shared" in name for name in shipped) == 1
    assert sum(tensor.numel() for tensor in shipped.values()) == 8 + (12 + 16) + (16 + 8)


def test_two_modules_share_nothing():
    first, second = (adapt(net(), Compacter(terms=2)) for _ in range(2))
    assert first[0].adapter.shared is not second[0].adapter.shared


def test_terms_that_do_not_divide_are_told():
    with pytest.raises(InputError, match=r"layer '0': 5 terms do not divide a weight of 16 x 12"):
        adapt(net(), Compacter(terms=5))
