"""The hashed encoder: parity with scikit-learn's own pipeline, a world of topics, storage, edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

import modicum.encoders.hashed as hashed_module
from modicum.core import Encoder, InputError
from modicum.encoders import HashedEncoder

TOPICS = {"fruit": ["apple", "pear", "plum", "cherry"], "sky": ["cloud", "rain", "storm", "wind"]}


def world(rng, rows=120):
    kinds = rng.choice(list(TOPICS), rows)
    return [" ".join(["some", *rng.choice(TOPICS[kind], 3)]) for kind in kinds], kinds


@pytest.fixture(scope="module")
def fitted():
    return HashedEncoder.fit(world(np.random.default_rng(0))[0])


def test_parity_with_tf_idf_and_truncated_svd():
    """Without collisions hashing is only a renaming of columns, so the cosines must be those of the plain pipeline."""
    texts, _ = world(np.random.default_rng(1), 60)
    same = {"sublinear_tf": True, "smooth_idf": True}
    words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", **same).fit_transform(texts)
    letters = TfidfVectorizer(ngram_range=(3, 5), analyzer="char_wb", **same).fit_transform(texts)
    joined = np.hstack([words.toarray(), letters.toarray()])
    projected = normalize(TruncatedSVD(20, random_state=0).fit_transform(joined))
    ours = HashedEncoder.fit(texts, dimension=20).encode(texts)
    np.testing.assert_allclose(ours @ ours.T, projected @ projected.T, atol=0.02)


def test_known_world_topics_part_and_unseen_texts_find_theirs(fitted):
    texts, kinds = world(np.random.default_rng(2))
    X = fitted.encode(texts)
    cosine = X @ fitted.encode(["apple and plum", "wind and rain"]).T
    assert np.array_equal(np.where(cosine[:, 0] > cosine[:, 1], "fruit", "sky"), kinds)


def test_it_is_an_encoder_with_rows_of_length_one(fitted):
    told = []
    X = fitted.encode(["apple", "", "cloud"], lambda *step: told.append(step))
    assert isinstance(fitted, Encoder)
    assert X.shape == (3, fitted.dimension)
    assert X.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), [1, 0, 1], atol=1e-6)
    assert told == [("encode", 3, 3)]


def test_arrays_bring_it_back(fitted):
    arrays = fitted.arrays()
    again = HashedEncoder.from_arrays(arrays)
    assert again.fingerprint == fitted.fingerprint
    assert np.array_equal(again.encode(["apple rain"]), fitted.encode(["apple rain"]))
    assert all(array.dtype.kind == "f" for array in arrays.values())


def test_equal_fits_are_equal_and_other_texts_or_seeds_are_not(fitted, monkeypatch):
    texts, _ = world(np.random.default_rng(0))
    assert HashedEncoder.fit(texts).fingerprint == fitted.fingerprint
    assert HashedEncoder.fit(texts[1:]).fingerprint != fitted.fingerprint
    monkeypatch.setattr(hashed_module, "SAMPLE", 50)
    one, same, other = (HashedEncoder.fit(texts, seed=seed) for seed in (0, 0, 1))
    assert one.fingerprint == same.fingerprint != other.fingerprint


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(12)))
def test_a_vector_depends_on_its_own_text_alone(fitted, order):
    texts, _ = world(np.random.default_rng(4), 12)
    np.testing.assert_allclose(fitted.encode([texts[i] for i in order]), fitted.encode(texts)[order], atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text(st.characters(), max_size=20), min_size=1, max_size=8))
def test_any_texts_can_be_fitted_and_encoded(texts):
    encoder = HashedEncoder.fit(texts)
    assert encoder.dimension <= len(texts)
    assert np.isfinite(encoder.encode([*texts, "another"])).all()


def test_chunks_change_nothing(fitted, monkeypatch):
    texts, _ = world(np.random.default_rng(5), 30)
    expected = fitted.encode(texts)
    monkeypatch.setattr(hashed_module, "ROWS", 7)
    np.testing.assert_allclose(fitted.encode(texts), expected, atol=1e-6)
    assert HashedEncoder.fit(world(np.random.default_rng(0))[0]).fingerprint == fitted.fingerprint


def test_errors_name_what_is_wrong(fitted):
    with pytest.raises(InputError, match="cannot be fitted on no texts; give at least one"):
        HashedEncoder.fit([])
    arrays = fitted.arrays()
    with pytest.raises(InputError, match="lacks the array 'hashed_components'; fit it again"):
        HashedEncoder.from_arrays({"hashed_rarity": arrays["hashed_rarity"]})
    with pytest.raises(InputError, match="other shapes than this version makes"):
        HashedEncoder.from_arrays(arrays | {"hashed_rarity": np.ones(3)})
