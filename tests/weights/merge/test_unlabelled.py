"""The unsupervised loss, and the rows it trusts."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.merge import fixmatch_loss, trusted_rows  # noqa: E402
from tests.weights.merge.worlds import waves  # noqa: E402

PLAIN, CHANGED = 8 * waves((6, 3), 0.3), waves((6, 3), 1.1)
CODES = torch.tensor([2, 1, 0, 0, 1, 2])
TRUSTED = torch.tensor([True, False, False, True, False, False])


@pytest.mark.parametrize(("threshold", "expected"), [(0.99, 0.921856), (0.9, 0.816058)])
def test_parity_with_the_authors_code(threshold, expected):
    """`ssl_loss_trusted` of github.com/fredzzhang/atlas (commit 557d7fb) on these scores."""
    found = fixmatch_loss(PLAIN, CHANGED, codes=CODES, trusted=TRUSTED, threshold=threshold)
    assert found.item() == pytest.approx(expected, abs=1e-6)


def test_no_gradient_flows_through_what_is_believed():
    plain, changed = PLAIN.clone().requires_grad_(), CHANGED.clone().requires_grad_()
    fixmatch_loss(plain, changed, threshold=0.5).backward()
    assert plain.grad is None
    assert changed.grad.abs().sum() > 0


@given(st.integers(0, 99))
def test_codes_of_rows_that_are_not_trusted_are_not_read(seed):
    other = torch.randint(0, 3, (6,), generator=torch.Generator().manual_seed(seed)).where(~TRUSTED, CODES)
    first, second = (fixmatch_loss(PLAIN, CHANGED, codes=codes, trusted=TRUSTED) for codes in (CODES, other))
    assert torch.equal(first, second)


def test_where_nothing_is_sure_the_loss_is_zero():
    assert fixmatch_loss(torch.zeros(4, 3), CHANGED[:4]).item() == 0


@given(st.integers(1, 6), st.integers(0, 9))
def test_each_class_finds_its_surest_rows(per_class, seed):
    proba = torch.rand(30, 4, generator=torch.Generator().manual_seed(seed)).softmax(dim=1)
    rows, codes = trusted_rows(proba, per_class)
    assert rows.tolist() == sorted(set(rows.tolist()))
    for row, code in zip(rows.tolist(), codes.tolist(), strict=True):
        assert (proba[:, code] > proba[row, code]).sum() < per_class


def test_a_tenth_of_a_class_by_default():
    rows, _ = trusted_rows(torch.rand(300, 3, generator=torch.Generator().manual_seed(0)).softmax(dim=1))
    assert 10 <= len(rows) <= 30
    with pytest.raises(InputError, match="9 trusted rows a class do not fit 4 rows; take 1 to 4"):
        trusted_rows(torch.rand(4, 2), 9)
