"""Growing: the same function in a wider encoder."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.encoders import load_folder  # noqa: E402
from modicum.weights.compress import copy_shares, expanded, grow  # noqa: E402
from modicum.weights.encoder import write_folder  # noqa: E402
from tests.weights.compress.worlds import TEXTS, encoder  # noqa: E402


def test_parity_with_a_public_implementation():
    """`expand_copy` and `expand_fpi` of github.com/zxhcelestes/bert2BERT, units 3 and 4 copied from 1 and 1.

    Commit e408a8c, the version for torch.
    """
    up = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    down = torch.tensor([[3.0, 6.0, 9.0], [1.5, 12.0, 15.0]])
    copied = torch.tensor([0, 1, 2, 1, 1])
    rows = expanded(up, copied, torch.arange(2), torch.ones(2))
    columns = expanded(down, torch.arange(2), copied, copy_shares(copied))
    assert rows.tolist() == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [3.0, 4.0], [3.0, 4.0]]
    assert columns.tolist() == [[3.0, 2.0, 9.0, 2.0, 2.0], [1.5, 4.0, 15.0, 4.0, 4.0]]


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert"])
@pytest.mark.parametrize(("uneven", "length_one"), [(0.0, True), (0.9, False)])
@pytest.mark.parametrize(("times", "inner"), [(1, 31), (2, None), (3, 24)])
def test_known_world_the_function_is_preserved(kind, uneven, length_one, times, inner, tmp_path):
    _, module, batch = encoder(tmp_path, kind)
    module.normalize = length_one
    large = grow(module, times=times, inner=inner, uneven=uneven, rng=np.random.default_rng(0))
    expected = module(batch).repeat(1, times) / (times**0.5 if length_one else 1)
    torch.testing.assert_close(large(batch), expected, atol=1e-5, rtol=1e-4)
    layer = large.get_submodule(large.names.layer.format(i=0) + large.names.up)
    assert layer.weight.shape == (24 * times if inner is None else inner, 16 * times)


def test_a_grown_encoder_runs_without_torch(tmp_path):
    found, module, batch = encoder(tmp_path)
    large = grow(module, times=2, inner=50, uneven=0.5, rng=np.random.default_rng(0))
    again = load_folder(write_folder(tmp_path / "large", found, large), threads=1)
    torch.testing.assert_close(torch.from_numpy(again.encode(TEXTS)), large(batch).detach(), atol=5e-6, rtol=0)
    assert again.layout.config["intermediate_size"] == 50


@pytest.mark.parametrize(("uneven", "alike"), [(0.0, True), (0.5, False)])
def test_unequal_shares_let_copies_part(uneven, alike, tmp_path):
    """With equal shares copies get equal gradients, and would stay copies for ever."""
    _, module, batch = encoder(tmp_path)
    large = grow(module, inner=48, uneven=uneven, rng=np.random.default_rng(0))
    name = "encoder.layer.0.intermediate.dense.weight"
    before = large.get_parameter(name).detach()
    (large(batch) * torch.arange(16.0)).sum().backward()
    slopes = large.get_parameter(name).grad
    copies = [(i, j) for i in range(24) for j in range(24, 48) if torch.equal(before[i], before[j])]
    assert len(copies) == 24
    gaps = [(slopes[i] - slopes[j]).abs().max() / slopes[i].abs().max() for i, j in copies]
    assert (max(gaps) < 1e-4) == alike


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20), st.floats(0, 0.99))
def test_shares_of_one_unit_add_up_to_one(copied, uneven):
    copied = torch.tensor(copied)
    shares = copy_shares(copied, uneven, np.random.default_rng(0))
    assert (shares > 0).all()
    for unit in copied.unique():
        assert shares[copied == unit].sum().item() == pytest.approx(1)


@given(st.integers(1, 6), st.integers(0, 9))
def test_copied_columns_take_copied_inputs(width, more):
    rng = np.random.default_rng(width)
    copied = torch.from_numpy(np.concatenate([np.arange(width), rng.integers(0, width, more)]))
    weight, x = torch.randn(4, width).double(), torch.randn(width).double()
    large = expanded(weight, torch.arange(4), copied, copy_shares(copied, 0.7, rng))
    torch.testing.assert_close(large @ x[copied], weight @ x)


def test_errors(tmp_path):
    _, module, _ = encoder(tmp_path)
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="20 inner units are fewer than the 24 there are; a grown encoder keeps them"):
        grow(module, inner=20, rng=rng)
    with pytest.raises(InputError, match=r"times must be at least 1 and uneven from 0 to under 1, not 0 and 0\.0"):
        grow(module, times=0, rng=rng)
