"""The cascade: cheap answers where they cost nothing, the encoder's elsewhere."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import modicum
from modicum.core import InputError, LabelSpace
from modicum.core.arrays import softmax
from modicum.core.softmax import fit_softmax
from modicum.encoders import static
from modicum.labels.conformal import split_conformal
from modicum.workspace import Settings, add_class, predict_stream, predicting, remove_classes
from modicum.workspace.cascade import fit_cascade, sure_from
from modicum.workspace.fitting import with_sets
from modicum.workspace.ladder.climb import Plan
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import RECIPES
from modicum.workspace.making import make_model
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


def test_what_is_sent_out_and_held_out_answers():
    rng = np.random.default_rng(2)
    X, teacher = rng.normal(size=(50, 4)), proba(rng, 50)
    fitted = fit_cascade(X, teacher, tolerance=0.1, rng=rng)
    np.testing.assert_array_equal(fitted.held_out(fitted.rows, X), fitted.proba)
    some = replace(fitted, rows=fitted.rows[:30], proba=fitted.proba[:30])
    both = some.held_out(np.array([1, 40]), X)
    np.testing.assert_array_equal(both[0], fitted.proba[1])
    np.testing.assert_allclose(both[1], fitted.cascade.proba(X[40:41])[0])
    cascade = replace(fitted.cascade, threshold=0.5)
    student, exact = np.array([[0.6, 0.4], [0.45, 0.55], [0.5, 0.5]]), np.tile([0.1, 0.9], (3, 1))
    assert replace(cascade, threshold=0.52).mixed(student, exact).tolist() == [[0.6, 0.4], [0.45, 0.55], [0.1, 0.9]]


def clouds(rng, n, classes=6):
    """Exact vectors, static ones that say less, and classes."""
    codes = rng.integers(0, classes, n)
    centres = 2 * np.random.default_rng(0).normal(size=(classes, 5))
    X = centres[codes] + rng.normal(size=(n, 5))
    return X.astype(np.float32), (X + rng.normal(size=X.shape)).astype(np.float32), codes


def test_known_world_sets_of_what_is_sent_out_keep_the_promise():
    """Calibrated on held-out answers of whichever stage answers: mean coverage over draws, on new rows."""
    covered, shares = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        X, vague, codes = clouds(rng, 1_200)
        W, b = fit_softmax(X[:300], np.eye(6)[codes[:300]], C=1.0)
        teacher = softmax(X @ W.T + b)
        fitted = fit_cascade(vague, teacher, tolerance=0.03, rng=rng)
        aside = np.arange(300, 1_200)
        sent = fitted.cascade.mixed(fitted.held_out(aside, vague), teacher[aside])
        rule = split_conformal(sent, codes[aside], alpha=0.1)
        new, other, truth = clouds(rng, 4_000)
        student = fitted.cascade.proba(other)
        sets = rule.sets(fitted.cascade.mixed(student, softmax(new @ W.T + b)))
        covered.append(sets[np.arange(len(truth)), truth].mean())
        shares.append(fitted.cascade.sure(student).mean())
    assert 0.2 < np.mean(shares) < 0.9, "both stages must answer for the mixture to be tested"
    assert np.mean(covered) == pytest.approx(0.9, abs=0.012)


@pytest.mark.parametrize(("set_aside_from", "rows"), [(100, 40), (1_000, 200)])
def test_sets_are_calibrated_on_rows_set_aside_or_cross_fitted(set_aside_from, rows):
    X, vague, codes = clouds(np.random.default_rng(0), 400)
    space = LabelSpace(tuple(f"theme {k}" for k in "abcdef"))
    problem = Problem(X, codes, np.arange(400) < 200, space, None)
    recipes = tuple(recipe for recipe in RECIPES if recipe.name == "linear")
    settings = Settings(recipes=recipes, plan=Plan(repeats=1), set_aside_from=set_aside_from)
    made = make_model(problem, settings)
    fitted = fit_cascade(vague, made.model.proba(X), tolerance=0.05, rng=np.random.default_rng(0))
    fitted = with_sets(fitted, made, vague, settings)
    rule = fitted.cascade.conformal
    assert rule.calibrated_on == len(fitted.codes) == rows
    assert ("a model that knew these labels" in rule.guarantee) == (rows == 200)
    assert ("nothing else was learnt from" in rule.guarantee) == (rows == 40)


def test_a_cascade_survives_saving_and_asks_the_encoder_only_where_unsure(table, sentence_folder, tmp_path):
    result = modicum.fit(table, encoder=str(sentence_folder), encoder_mode="cascade", tolerance=0.2, **QUICK)
    told = result.report["cascade"]
    assert 0 <= told["expected_loss"] <= 0.2
    assert told["speedup"] > 0
    assert any("Static vectors answer" in sentence for sentence in result.report["grounds"])
    assert any("cascade's prediction sets are calibrated" in sentence for sentence in result.report["grounds"])
    assert "stage of the cascade that would answer it" in told["conformal"]["guarantee"]
    bundle = modicum.load(result.save(tmp_path / "b"))
    texts = list(table.texts)
    ours, theirs = result.bundle.predict(texts), bundle.predict(texts)
    np.testing.assert_array_equal(ours.probabilities, theirs.probabilities)
    np.testing.assert_array_equal(ours.sets, theirs.sets)
    assert bundle.cascade.conformal == result.bundle.cascade.conformal
    rule = bundle.cascade.conformal.sets(theirs.probabilities)
    rule[np.arange(len(texts)), theirs.codes] = True
    np.testing.assert_array_equal(theirs.sets, rule)
    smaller = remove_classes(bundle, [bundle.classes[0]])
    assert "Classes were removed" in smaller.cascade.conformal.guarantee
    larger = add_class(bundle, "music", examples=["song and piano", "violin song"])
    assert larger.cascade is None
    assert "the cascade was given up" in larger.report["grounds"][-1]
    X = modicum.encode(texts, str(sentence_folder))
    exact = bundle.predict(vectors=X)
    static = bundle.cascade.proba(modicum.encode(texts, modicum.encoders.load_encoder(sentence_folder, mode="static")))
    sure = bundle.cascade.sure(static)
    np.testing.assert_allclose(theirs.probabilities[sure], static[sure], atol=1e-6)
    np.testing.assert_allclose(theirs.probabilities[~sure], exact.probabilities[~sure], atol=1e-6)


def test_the_static_table_is_read_once_for_all_chunks(table, sentence_folder, tmp_path, monkeypatch):
    result = modicum.fit(table, encoder=str(sentence_folder), encoder_mode="cascade", tolerance=0.2, **QUICK)
    path, rows = result.save(tmp_path / "b"), tmp_path / "rows.parquet"
    modicum.data.write_table(rows, {"text": list(table.texts)})
    whole = [answer for part in predict_stream(path, str(rows)) for answer in part["prediction"]]
    made = []
    make = static.load_file
    monkeypatch.setattr(static, "load_file", lambda file: made.append(file) or make(file))
    monkeypatch.setattr(predicting, "TEXTS", 5)
    parts = list(predict_stream(path, str(rows)))
    assert len(parts) > 5
    assert [answer for part in parts for answer in part["prediction"]] == whole
    assert len(made) == 1


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


def test_a_bundle_of_fused_vectors_brings_its_words_along(table, sentence_folder, tmp_path):
    result = modicum.fit(table, encoder=str(sentence_folder), encoder_mode="fused", **QUICK)
    assert result.report["encoder"]["mode"] == "fused"
    assert result.bundle.model.width == result.bundle.encoder.dimension
    again = modicum.load(result.save(tmp_path / "b")).predict(list(table.texts))
    np.testing.assert_allclose(again.probabilities, result.predictions.probabilities, atol=1e-6)
    with pytest.raises(InputError, match="encoder mode 'fused' is for encoders by name or folder, not for"):
        modicum.fit(table, encoder=result.bundle.find_encoder(), encoder_mode="fused", **QUICK)


def test_modes_are_for_texts_and_for_encoders_by_name(table):
    with pytest.raises(InputError, match="encoder mode 'static' is for texts"):
        modicum.fit(table, vectors=np.ones((len(table), 2)), encoder_mode="static")
    with pytest.raises(InputError, match="encoder mode 'quick' is not known"):
        modicum.fit(table, encoder_mode="quick")
