"""Attention as a layer."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from modicum.weights.attention import Attention  # noqa: E402


def test_it_is_softmax_attention_without_masked_keys():
    generator = torch.Generator().manual_seed(0)
    query, key, value = (torch.randn(2, 3, 5, 4, generator=generator) for _ in range(3))
    mask = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], dtype=torch.bool)[:, None, None, :]
    scores = (query @ key.transpose(-1, -2) / 2).masked_fill(~mask, -torch.inf)
    found = Attention(3, 4)(query, key, value, mask, 0.0)
    torch.testing.assert_close(found, scores.softmax(dim=-1) @ value, atol=1e-6, rtol=1e-5)
    assert not list(Attention(3, 4).parameters())
