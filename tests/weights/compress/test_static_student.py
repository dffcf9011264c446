"""Static students: the ridge of a library, worlds a table can hold, tables that encoders load."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from hypothesis.extra.numpy import arrays  # noqa: E402
from scipy.sparse import csr_array  # noqa: E402
from sklearn.linear_model import Ridge  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.encoders import StaticEncoder, load_encoder, write_table  # noqa: E402
from modicum.weights.compress import ridge, score_vectors, static_student  # noqa: E402
from tests.weights.compress.worlds import TEXTS, encoder  # noqa: E402

MATRICES = arrays(np.float64, (6, 4), elements=st.integers(0, 3).map(float))


@pytest.fixture
def static(tmp_path):
    return StaticEncoder(encoder(tmp_path)[0], tmp_path / "tables")


@pytest.mark.parametrize("penalty", [0.01, 1.0, 50.0])
def test_parity_with_the_ridge_of_scikit_learn(penalty):
    rng = np.random.default_rng(0)
    A = rng.poisson(0.4, (60, 30)).astype(float)
    Y = rng.normal(size=(60, 3))
    expected = Ridge(alpha=penalty, fit_intercept=False, solver="cholesky").fit(A, Y).coef_.T
    np.testing.assert_allclose(ridge(csr_array(A), Y, penalty), expected, atol=1e-6)


@settings(max_examples=25)
@given(MATRICES, st.floats(0.05, 5))
def test_ridge_is_where_the_gradient_ends(A, penalty):
    Y = np.linspace(-1, 1, 12).reshape(6, 2)
    W = ridge(csr_array(A), Y, penalty)
    np.testing.assert_allclose(A.T @ (A @ W - Y) + penalty * W, 0, atol=1e-5)


def test_known_world_a_teacher_that_is_a_table_is_found(static):
    """Its vectors are means of pieces' vectors, so that the student can have them exactly."""
    rng = np.random.default_rng(1)
    words = ["the", "a", "card", "is", "lost", "where", "my", "pin", "new", "?"]
    texts = [" ".join(rng.choice(words, rng.integers(2, 6))) for _ in range(200)]
    truth = rng.normal(size=(static.base.vocabulary, 5))
    counts = static.counts(texts).toarray()
    table = static_student(static, texts, counts @ truth / counts.sum(axis=1, keepdims=True), penalty=1e-6)
    seen = counts.any(axis=0)
    assert 9 <= seen.sum() < static.base.vocabulary
    np.testing.assert_allclose(table[seen], truth[seen], atol=1e-3)


def test_pieces_that_no_text_holds_stay_and_a_heavy_penalty_holds_all(static):
    vectors = static.encode(TEXTS)[:, :5]
    unseen = np.flatnonzero(~static.counts(TEXTS).toarray().any(axis=0))
    held, free = (static_student(static, TEXTS, vectors, penalty=p) for p in (1e9, 1e-3))
    np.testing.assert_allclose(held[unseen], free[unseen], atol=1e-6)
    means = static.counts(TEXTS).toarray()
    means /= means.sum(axis=1, keepdims=True)
    turned = static.table @ np.linalg.lstsq(means @ static.table, vectors, rcond=None)[0]
    np.testing.assert_allclose(held, turned, atol=1e-5)


def test_a_table_in_the_folder_is_the_static_mode(static, tmp_path):
    folder, before = static.base.layout.root, static.fingerprint
    table = static_student(static, TEXTS, static.base.encode(TEXTS))
    write_table(folder, table)
    found = load_encoder(folder, threads=1, mode="static")
    assert found.dimension == table.shape[1] == static.base.dimension
    assert found.fingerprint != before
    assert load_encoder(folder, threads=1).fingerprint == static.base.fingerprint
    pieces = found.base.tokenize(["the card"], marks=False)[0]
    mean = table[pieces].mean(axis=0)
    np.testing.assert_allclose(found.encode(["the card"])[0], mean / np.linalg.norm(mean), atol=1e-6)
    assert found.encode([""]).shape == (1, table.shape[1])


def test_scores_of_pairs_become_vectors_and_then_a_table(static):
    teacher = static.base.encode(TEXTS)
    scores = teacher @ teacher[[0, 1, 2]].T
    vectors = score_vectors(scores, [0, 1, 2])
    np.testing.assert_allclose(vectors @ vectors[[0, 1, 2]].T, scores, atol=1e-5)
    assert static_student(static, TEXTS, vectors).shape == (static.base.vocabulary, vectors.shape[1])


@settings(max_examples=25)
@given(arrays(np.float64, (5, 3), elements=st.floats(-1, 1)))
def test_scores_with_landmarks_are_kept(X):
    X[:3] += np.eye(3) * 3
    scores = X @ X[:3].T
    vectors = score_vectors(scores, np.arange(3))
    np.testing.assert_allclose(vectors @ vectors[:3].T, scores, atol=1e-6)


def test_errors(static, tmp_path):
    with pytest.raises(InputError, match="vectors have 1 rows where the table has 4"):
        static_student(static, TEXTS, np.ones((1, 2)))
    with pytest.raises(InputError, match="a table is learnt from texts; there is none"):
        static_student(static, [], np.ones((0, 2)))
    with pytest.raises(InputError, match="the penalty must be above 0, not 0"):
        static_student(static, TEXTS, np.ones((4, 2)), penalty=0)
    with pytest.raises(InputError, match="the scores say of no two texts that they are alike"):
        score_vectors(-np.eye(2), [0, 1])
    with pytest.raises(InputError, match="2 landmarks for 3 rows"):
        score_vectors(np.ones((4, 3)), [0, 1])
    with pytest.raises(InputError, match=r"there is no encoder folder .*; write the encoder before its table"):
        write_table(tmp_path / "none", np.ones((2, 2)))
    write_table(static.base.layout.root, np.ones((2, 2)))
    with pytest.raises(InputError, match="holds vectors of 2 word pieces where the tokenizer has 15; remove it"):
        load_encoder(static.base.layout.root, threads=1, mode="static").encode(TEXTS)
