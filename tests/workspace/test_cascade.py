"""The cascade: cheap answers where they cost nothing, the encoder's elsewhere."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import modicum
from modicum.core import InputError
from modicum.workspace.cascade import fit_cascade, sure_from
from tests.cli.conftest import THEMES
from tests.encoders.tiny import save_sentence_encoder


def proba(rng, n, k=3):
    return rng.dirichlet(np.ones(k), size=n)


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.3))
def test_what_is_answered_costs_no_more_than_allowed(seed, tolerance):
    rng = np.random.default_rng(seed)
    student, teacher = proba(rng, 30), proba(rng, 30)
    threshold, share, loss = sure_from(student, teacher, tolerance)
    sure = student.max(axis=1) >= threshold
    assert sure.mean() == pytest.approx(share)
    lost = teacher.max(axis=1) - teacher[np.arange(30), student.argmax(axis=1)]
    assert lost[sure].sum() / 30 == pytest.approx(loss)
    assert loss <= tolerance


@given(st.integers(0, 2**32 - 1))
def test_more_tolerance_answers_more(seed):
    rng = np.random.default_rng(seed)
    student, teacher = proba(rng, 30), proba(rng, 30)
    shares = [sure_from(student, teacher, tolerance)[1] for tolerance in (0.0, 0.01, 0.1, 1.0)]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_student_that_knows_nothing_answers_nothing():
    teacher = np.array([[0.9, 0.1], [0.1, 0.9]] * 50)
    threshold, share, _ = sure_from(np.tile([0.6, 0.4], (100, 1)), teacher, 0.005)
    assert threshold > 1
    assert share == 0


def test_static_vectors_that_say_all_answer_all():
    rng = np.random.default_rng(0)
    codes = np.arange(200) % 2
    X = np.where(codes[:, None] == 0, -1.0, 1.0) + 0.1 * rng.normal(size=(200, 3))
    teacher = np.where(codes[:, None] == [0, 1], 0.95, 0.05)
    fitted = fit_cascade(X, teacher, tolerance=0.001, rng=rng)
    assert fitted.cascade.share == 1
    np.testing.assert_array_equal(fitted.proba.argmax(axis=1), codes[fitted.rows])
    np.testing.assert_allclose(fitted.cascade.proba(X)[:, 1], teacher[:, 1], atol=0.05)


@pytest.fixture
def table():
    texts, labels = [], []
    for theme, words in THEMES.items():
        for n in range(16):
            texts.append(f"{words[n % 8]} {words[(n + 1) % 8]} {words[(n * 3) % 8]}")
            labels.append(theme if n < 8 else None)
    return modicum.read({"text": texts, "label": labels}, text="text", label="label")


@pytest.fixture
def sentence_folder(tmp_path):
    return save_sentence_encoder(tmp_path / "tiny")


QUICK = {"budget": "20s", "map_points": 0}


def test_a_cascade_survives_saving_and_asks_the_encoder_only_where_unsure(table, sentence_folder, tmp_path):
    result = modicum.fit(table, encoder=str(sentence_folder), encoder_mode="cascade", tolerance=0.2, **QUICK)
    told = result.report["cascade"]
    assert 0 <= told["expected_loss"] <= 0.2
    assert told["speedup"] > 0
    assert any("Static vectors answer" in sentence for sentence in result.report["grounds"])
    bundle = modicum.load(result.save(tmp_path / "b"))
    texts = list(table.texts)
    ours, theirs = result.bundle.predict(texts), bundle.predict(texts)
    np.testing.assert_array_equal(ours.probabilities, theirs.probabilities)
    X = modicum.encode(texts, str(sentence_folder))
    exact = bundle.predict(vectors=X)
    static = bundle.cascade.proba(modicum.encode(texts, modicum.encoders.load_encoder(sentence_folder, mode="static")))
    sure = bundle.cascade.sure(static)
    np.testing.assert_allclose(theirs.probabilities[sure], static[sure], atol=1e-6)
    np.testing.assert_allclose(theirs.probabilities[~sure], exact.probabilities[~sure], atol=1e-6)


@pytest.mark.parametrize("mode", ["fast", "static"])
def test_a_bundle_answers_in_the_mode_it_was_made_in(mode, table, sentence_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("modicum.encoders.modes.WORTH", 0.0)
    result = modicum.fit(table, encoder=str(sentence_folder), encoder_mode=mode, **QUICK)
    told = result.report["encoder"]
    assert told["mode"] == mode
    assert told["agreement"]["speedup"] > 0
    json.dumps(result.report, allow_nan=False)
    again = modicum.load(result.save(tmp_path / "b")).predict(list(table.texts))
    np.testing.assert_allclose(again.probabilities, result.predictions.probabilities, atol=1e-6)


def test_modes_are_for_texts_and_for_encoders_by_name(table):
    with pytest.raises(InputError, match="encoder mode 'static' is for texts"):
        modicum.fit(table, vectors=np.ones((len(table), 2)), encoder_mode="static")
    with pytest.raises(InputError, match="encoder mode 'quick' is not known"):
        modicum.fit(table, encoder_mode="quick")
