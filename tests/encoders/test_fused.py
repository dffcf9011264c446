"""An encoder's vectors beside those of words: the cosine is the weighted mean, and the parts are found again."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.core import Encoder, InputError
from modicum.core.arrays import fuse
from modicum.encoders import FusedEncoder, HashedEncoder, encode, load_folder
from modicum.encoders.fused import WORDS

TEXTS = ["the card is lost", "where is my pin ?", "my card", "the pin is new", "unheard of"]


@pytest.fixture(scope="module")
def meaning(tiny, tmp_path_factory):
    return load_folder(tiny.save_sentence_encoder(tmp_path_factory.mktemp("fused") / "tiny"), threads=1)


@pytest.fixture(scope="module")
def fused(meaning):
    return FusedEncoder.fit(meaning, TEXTS)


def cosines(X):
    lengths = np.linalg.norm(X, axis=1)
    return X @ X.T / np.outer(lengths, lengths)


def test_the_cosine_is_the_weighted_mean_of_both(meaning, fused):
    assert isinstance(fused, Encoder)
    X, words = fused.encode(TEXTS), HashedEncoder.fit(TEXTS).encode(TEXTS)
    assert (X.shape, X.dtype) == ((5, fused.dimension), np.float32)
    expected = (1 - WORDS) * cosines(meaning.encode(TEXTS)) + WORDS * cosines(words)
    np.testing.assert_allclose(cosines(X), expected, atol=1e-6)


def test_it_is_found_again_from_its_arrays(meaning, fused):
    again = FusedEncoder.from_arrays(meaning, fused.arrays())
    assert again.fingerprint == fused.fingerprint
    np.testing.assert_array_equal(again.encode(TEXTS), fused.encode(TEXTS))
    assert FusedEncoder.fit(meaning, TEXTS[:3]).fingerprint != fused.fingerprint
    with pytest.raises(InputError, match="lacks the array 'hashed_rarity'"):
        FusedEncoder.from_arrays(meaning, {})


def test_of_a_fused_encoder_the_costly_part_is_kept(meaning, fused, tmp_path, monkeypatch):
    first = encode(TEXTS, fused, cache=tmp_path)
    np.testing.assert_allclose(first, fused.encode(TEXTS), atol=1e-6)
    monkeypatch.setattr(type(meaning), "encode", lambda *told: pytest.fail("encoded again"))
    np.testing.assert_array_equal(encode(TEXTS, fused, cache=tmp_path), first)


def test_fuse_leaves_a_row_of_zeros_shorter():
    made = fuse((np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([[2.0], [2.0]])), (0.75, 0.25))
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), [1.0, 0.5])
