"""Singular alignment: what permutations change, and what matching repairs."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import nn  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.diagnose import singular_alignment  # noqa: E402
from modicum.weights.merge import chain_axes, reordered, weight_matching  # noqa: E402


def drawn(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_parity_with_the_sum_over_pairs():
    """The paper's sum of products of left and of right singular vectors, written as loops over pairs."""
    a, b = drawn(0, 7, 5).double(), drawn(1, 7, 5).double()
    (ua, sa, va), (ub, sb, vb) = (np.linalg.svd(m.numpy(), full_matrices=False) for m in (a, b))
    large = [(i, j) for i in range(5) for j in range(5) if sa[i] >= 0.5 * sa[0] and sb[j] >= 0.5 * sb[0]]
    total = sum((ua[:, i] @ ub[:, j]) * (va[i] @ vb[j]) for i, j in large)
    expected = total / min(len({i for i, _ in large}), len({j for _, j in large}))
    assert singular_alignment({"w": a}, {"w": b}, share=0.5)["w"] == pytest.approx(expected, abs=1e-9)


def test_known_world_matching_brings_the_directions_back_side_by_side():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(9, 12), nn.ReLU(), nn.Linear(12, 7))
    axes, state = chain_axes(net), net.state_dict()
    other = reordered(state, axes, {"units 0": torch.from_numpy(np.random.default_rng(0).permutation(12))})
    other = {name: tensor + 0.01 * drawn(3, *tensor.shape) for name, tensor in other.items()}
    matched = reordered(other, axes, weight_matching(state, other, axes, rng=np.random.default_rng(0)))
    before, after = (singular_alignment(state, there) for there in (other, matched))
    assert max(before.values()) < 0.7
    assert min(after.values()) > 0.98
    values = [torch.linalg.svdvals(model["0.weight"]) for model in (other, matched)]
    torch.testing.assert_close(*values, atol=1e-5, rtol=0)


@given(st.integers(0, 99), st.floats(0.05, 0.95))
def test_it_lies_between_minus_one_and_one_and_has_no_first_or_second(seed, share):
    first, second = {"w": drawn(seed, 6, 8)}, {"w": drawn(seed + 1, 6, 8)}
    found = singular_alignment(first, second, share=share)["w"]
    assert -1 - 1e-9 <= found <= 1 + 1e-9
    assert singular_alignment(second, first, share=share)["w"] == pytest.approx(found, abs=1e-9)


@given(st.integers(0, 99), st.floats(0.1, 10))
def test_size_does_not_matter_and_sign_is_told(seed, factor):
    first = {"w": drawn(seed, 6, 8)}
    assert singular_alignment(first, {"w": factor * first["w"]})["w"] == pytest.approx(1, abs=1e-9)
    assert singular_alignment(first, {"w": -first["w"]})["w"] == pytest.approx(-1, abs=1e-9)


def test_a_matrix_of_zeros_agrees_with_nothing():
    assert singular_alignment({"w": torch.zeros(2, 2)}, {"w": torch.eye(2)}) == {"w": 0.0}


def test_errors():
    with pytest.raises(InputError, match="share must lie strictly between 0 and 1, not 2"):
        singular_alignment({"w": torch.eye(2)}, {"w": torch.eye(2)}, share=2)
