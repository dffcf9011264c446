"""Task vectors: differences, and what is added to a base."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.merge import compose, task_vector, uniform_soup  # noqa: E402
from tests.weights.merge.worlds import net  # noqa: E402

BASE = net().state_dict()
TUNED = [net(phase).state_dict() for phase in (1.0, 2.0)]
VECTORS = [task_vector(BASE, state) for state in TUNED]


def close(found, expected):
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("task", [0, 1])
def test_one_vector_leads_to_its_model(task):
    close(compose(BASE, VECTORS, torch.eye(2)[task]), TUNED[task])


def test_half_of_each_is_the_mean():
    close(compose(BASE, VECTORS, torch.tensor([0.5, 0.5])), uniform_soup(TUNED))


@given(st.lists(st.floats(-2, 2, width=32), min_size=8, max_size=8))
def test_blocks_are_scaled_by_themselves(values):
    table = torch.tensor(values).view(2, 4)
    found = compose(BASE, VECTORS, table)
    for b, name in enumerate(BASE):
        only = compose(BASE, VECTORS, table[:, b])
        torch.testing.assert_close(found[name], only[name], atol=1e-5, rtol=1e-5)


@given(st.floats(-2, 2, width=32))
def test_a_vector_taken_away_again_leaves_the_base(factor):
    there = compose(BASE, VECTORS[:1], torch.tensor([factor]))
    close(compose(there, VECTORS[:1], torch.tensor([-factor])), BASE)


def test_errors():
    with pytest.raises(InputError, match=r"coefficients \(2, 3\) do not fit 2 task vectors of 4 blocks"):
        compose(BASE, VECTORS, torch.ones(2, 3))
    with pytest.raises(InputError, match=r"tensor '0\.bias' is in one model only"):
        compose(BASE, [VECTORS[0], {"0.weight": VECTORS[0]["0.weight"]}], torch.ones(2))
