"""Linear adapters: a map of outputs that folds."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from modicum.weights.adapt import LinearAdapter, adapt, fold  # noqa: E402
from tests.weights.adapt.worlds import inputs, moved, net  # noqa: E402


def test_the_weight_is_by_the_definition():
    base = net()[0]
    adapted = moved(adapt(base, LinearAdapter(rank=2)))
    adapter = adapted.adapter
    wanted = (torch.eye(16) + adapter.up @ adapter.down) @ base.weight
    torch.testing.assert_close(fold(adapted).weight, wanted, atol=1e-6, rtol=0)


def test_it_is_an_adapter_behind_the_layer():
    base, x = net()[0], inputs()
    adapted = moved(adapt(base, LinearAdapter(rank=2)))
    out = nn_out = torch.nn.functional.linear(x, base.weight)
    out = out + nn_out @ adapted.adapter.down.T @ adapted.adapter.up.T + base.bias
    torch.testing.assert_close(adapted(x), out, atol=1e-6, rtol=0)
