"""State dicts: the matrices in them. What merges ask of them is tested with every merge."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from modicum.core import InputError  # noqa: E402
from modicum.weights.states import matrices  # noqa: E402

STATE = {
    "a.weight": torch.ones(2, 3),
    "a.bias": torch.ones(2),
    "b.weight": torch.ones(4, 3, 2, 2),
    "ids": torch.ones(2, 2).long(),
}


def test_matrices_are_what_has_two_axes_or_more():
    assert {name: tuple(t.shape) for name, t in matrices(STATE).items()} == {"a.weight": (2, 3), "b.weight": (4, 12)}
    assert list(matrices(STATE, "^b")) == ["b.weight"]


def test_no_matrix_is_refused():
    with pytest.raises(InputError, match=r"targets 'bias' match no matrix; .*the model has 2"):
        matrices(STATE, "bias")
    with pytest.raises(InputError, match="targets None match no matrix; the model has 0"):
        matrices({"a.bias": torch.ones(2)})
