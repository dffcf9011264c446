"""Cuts in width: parity with scikit-learn, losses by hand, flat worlds, properties, wording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import TruncatedSVD
from sklearn.neighbors import NearestNeighbors

from modicum.core import InputError, nearest
from modicum.core.arrays import normalize_rows
from modicum.vectors.shape import CutLoss, WidthCut, cut_losses, enough


def test_parity_with_scikit_learns_truncated_svd():
    X = normalize_rows(np.random.default_rng(0).normal(size=(40, 6)) * np.arange(1, 7))
    expected = normalize_rows(TruncatedSVD(3, algorithm="arpack", random_state=0).fit_transform(X))
    np.testing.assert_allclose(np.abs(WidthCut(3).fit_transform(X)), np.abs(expected), atol=1e-8)


def test_parity_with_scikit_learns_neighbours():
    rng = np.random.default_rng(1)
    X, cut = rng.normal(size=(60, 5)), rng.normal(size=(60, 2))
    near, other = (NearestNeighbors(n_neighbors=4, metric="cosine").fit(V).kneighbors()[1] for V in (X, cut))
    cosines = [normalize_rows(V) @ normalize_rows(V).T for V in (X, cut)]
    rows = np.arange(60)[:, None]
    (loss,) = cut_losses(X, {"cut": cut}, neighbours=4)
    shared = np.mean([len(set(a) & set(b)) / 4 for a, b in zip(near, other, strict=True)])
    assert loss.neighbours_kept == pytest.approx(shared)
    assert loss.cosine_error == pytest.approx(np.abs(cosines[0][rows, near] - cosines[1][rows, near]).mean())


def test_known_world_a_flat_table_loses_nothing_at_its_own_width():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(80, 3)) @ np.linalg.qr(rng.normal(size=(12, 3)))[0].T
    losses = cut_losses(X, {str(width): WidthCut(width).fit_transform(X) for width in (12, 1, 2, 3)})
    assert [loss.width for loss in losses] == [1, 2, 3, 12]
    assert enough(losses, kept=0.999).name == "3"
    assert losses[2].cosine_error == pytest.approx(0, abs=1e-9)
    assert losses[0].neighbours_kept < 0.7


@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_cuts_have_their_width_and_length_one(seed, width):
    X = np.random.default_rng(seed).normal(size=(12, 6))
    for kind in ("components", "first"):
        found = WidthCut(width, kind).fit_transform(X)
        assert found.shape == (12, min(width, 6))
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)


@given(st.integers(0, 2**32 - 1))
def test_rotation_and_length_lose_nothing(seed):
    rng = np.random.default_rng(seed)
    X, (Q, _) = rng.normal(size=(15, 4)), np.linalg.qr(rng.normal(size=(4, 4)))
    (loss,) = cut_losses(X, {"turned": 3 * X @ Q}, neighbours=2)
    assert loss.neighbours_kept == 1
    assert loss.cosine_error == pytest.approx(0, abs=1e-9)


def test_first_coordinates_and_chunks(monkeypatch):
    X = np.random.default_rng(3).normal(size=(30, 5))
    np.testing.assert_allclose(WidthCut(2, "first").fit_transform(X), normalize_rows(X[:, :2]))
    whole = cut_losses(X, {"two": X[:, :2]})
    monkeypatch.setattr(nearest, "BLOCK", 8)
    monkeypatch.setattr(nearest, "QUERIES", 4)
    assert cut_losses(X, {"two": X[:, :2]}) == whole
    assert cut_losses(X, {"two": X[:, :2]}, queries=7, rng=np.random.default_rng(5)) != whole


def test_errors_name_what_is_wrong():
    X = np.random.default_rng(4).normal(size=(8, 3))
    with pytest.raises(InputError, match="kind of cut 'last' is not known"):
        WidthCut(2, "last").fit(X)
    with pytest.raises(InputError, match="a vector has at least 1 column, not 0"):
        WidthCut(0).fit(X)
    with pytest.raises(InputError, match="8 neighbours are asked for among 8 rows; ask for 1 to 7"):
        cut_losses(X, {}, neighbours=8)
    with pytest.raises(InputError, match="queries must be at least 1, not 0"):
        cut_losses(X, {}, neighbours=2, queries=0)
    with pytest.raises(InputError, match="vectors of the cut 'short' have 7 rows where the table has 8"):
        cut_losses(X, {"short": X[1:]}, neighbours=2)
    with pytest.raises(InputError, match=r"no cut keeps 0\.9 of the nearest rows, the best keeps 0\.5; ask for less"):
        enough([CutLoss("half", 2, 0.5, 0.1)])
