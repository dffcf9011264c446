"""Whitening: parity with scikit-learn, spread as promised, rotations, few rows, wording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from modicum.core import InputError
from modicum.vectors.shape import Whitening, isotropy, whitening_map


def uneven(seed, rows=300, width=5):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, width)) * np.arange(1, width + 1) @ rng.normal(size=(width, width)) + 3


def test_parity_with_scikit_learns_principal_components():
    X = uneven(0)
    reference = PCA(3, whiten=True).fit_transform(X) * np.sqrt(300 / 299)
    found = Whitening(1.0, components=3, unit=False).fit_transform(X)
    np.testing.assert_allclose(np.abs(found), np.abs(reference), atol=1e-8)


def test_known_world_full_whitening_makes_a_ball():
    X = uneven(1, rows=20_000)
    white = Whitening(1.0, unit=False).fit_transform(X)
    np.testing.assert_allclose(np.cov(white.T, bias=True), np.eye(5), atol=1e-8)
    assert isotropy(X) < 0.6
    assert isotropy(white) == pytest.approx(1)


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_variances_are_powers_of_what_they_were(seed, power):
    X = uneven(seed, rows=50)
    before = np.linalg.eigvalsh(np.cov(X.T, bias=True))[::-1]
    after = Whitening(power, unit=False).fit_transform(X).var(axis=0)
    np.testing.assert_allclose(after, before ** (1 - power), rtol=1e-5)


@given(st.integers(0, 2**32 - 1))
def test_rotation_and_shift_change_no_similarity(seed):
    X = uneven(seed, rows=30)
    Q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(5, 5)))
    plain, turned = Whitening().fit_transform(X), Whitening().fit_transform(X @ Q + 7)
    np.testing.assert_allclose(plain @ plain.T, turned @ turned.T, atol=1e-6)


def test_fewer_rows_than_dimensions_and_the_precision_that_was_given():
    X = np.random.default_rng(2).normal(size=(4, 9)).astype(np.float32)
    found = Whitening(1.0).fit_transform(X)
    assert found.shape == (4, 3)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_isotropy_of_equal_rows_is_nothing():
    assert isotropy(np.ones((3, 2))) == 0


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="all rows are equal, so there is no spread to share"):
        whitening_map(np.full((5, 3), 0.1))
    with pytest.raises(InputError, match=r"power must lie in 0\.\.1 and components be at least 1, not 2 and None"):
        Whitening(2.0).fit(uneven(3))
    with pytest.raises(InputError, match="row 1 holds NaN"):
        isotropy([[1.0], [np.nan]])
