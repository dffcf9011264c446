"""Leave-one-out neighbours."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.objectives import (  # noqa: E402
    LeaveOneOutNeighbours,
    leave_one_out_neighbours,
    supervised_contrastive,
)
from tests.weights.objectives import worlds  # noqa: E402


def by_hand(vectors, codes, neighbours, temperature):
    told = []
    for i, row in enumerate(vectors):
        others = [j for j in range(len(vectors)) if j != i]
        mates = [j for j in others if codes[j] == codes[i]]
        if not mates:
            continue
        near = sorted(others, key=lambda j, row=row: -float(row @ vectors[j]))[:neighbours]
        voting = set(near) | {max(mates, key=lambda j, row=row: float(row @ vectors[j]))}
        votes = {j: math.exp(float(row @ vectors[j]) / temperature) for j in voting}
        told.append(-math.log(sum(vote for j, vote in votes.items() if j in mates) / sum(votes.values())))
    return sum(told) / max(1, len(told))


@pytest.mark.parametrize("neighbours", [1, 3, 50])
def test_parity_with_a_vote_counted_by_hand(neighbours):
    vectors, codes = worlds.unit(9, 3), [0, 1, 0, 1, 2, 0, 1, 1, 3]
    found = leave_one_out_neighbours(vectors, torch.tensor(codes), neighbours=neighbours, temperature=0.4)
    assert found.item() == pytest.approx(by_hand(vectors, codes, neighbours, 0.4), abs=1e-6)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.integers(1, 12), st.integers(0, 99))
def test_it_is_not_negative_and_has_finite_gradients(codes, neighbours, seed):
    vectors = worlds.unit(len(codes), 3, seed=seed).requires_grad_()
    loss = leave_one_out_neighbours(vectors, torch.tensor(codes), neighbours=neighbours)
    loss.backward()
    assert loss.item() >= -1e-6
    assert torch.isfinite(vectors.grad).all()


def test_a_class_keeps_its_two_parts():
    """Two parts of one class at opposite ends, another class between them: nothing is to be learnt here."""
    vectors = torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1], [-1, 0], [-1, 0]])
    codes = torch.tensor([0, 0, 1, 1, 0, 0])
    assert leave_one_out_neighbours(vectors, codes, neighbours=1).item() == 0
    assert supervised_contrastive(vectors, codes).item() > 5


def test_settings_out_of_range_are_told(tmp_path):
    found, module = worlds.encoder(tmp_path)
    with pytest.raises(InputError, match="neighbours must be at least 1 and per_class 2, not 0 and 4"):
        LeaveOneOutNeighbours(neighbours=0).start(worlds.lesson(found), module)
