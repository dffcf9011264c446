"""Models of one start pass, others do not."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.merge import check_one_start  # noqa: E402
from tests.weights.merge.worlds import net  # noqa: E402


def drawn(seed, like=None):
    generator = torch.Generator().manual_seed(seed)
    state = net(inner=40).state_dict() if like is None else like
    return {name: torch.randn(tensor.shape, generator=generator) for name, tensor in state.items()}


@given(st.integers(0, 99), st.floats(0, 0.9))
def test_what_was_moved_by_less_than_it_weighs_passes(seed, share):
    start, moved = drawn(seed), drawn(seed + 100)
    check_one_start(start, {name: tensor + share * moved[name] for name, tensor in start.items()})


@given(st.integers(0, 99))
def test_unlike_starts_are_refused(seed):
    with pytest.raises(InputError, match=r"unlike starts: the median cosine of their matrices is -?0"):
        check_one_start(drawn(seed), drawn(seed + 100))


def test_shapes_come_first():
    with pytest.raises(InputError, match=r"in one model and .* in another; give models of one architecture"):
        check_one_start(net().state_dict(), net(inner=5).state_dict())
