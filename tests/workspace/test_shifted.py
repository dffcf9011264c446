"""Class shares of the unlabelled rows: found, and answered for where that is worth it."""

from __future__ import annotations

import numpy as np
import pytest

import modicum
from modicum.core import LabelSpace, Table
from modicum.evaluation.metrics import set_metrics
from modicum.workspace import fitting
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.making import make_model
from modicum.workspace.settings import Settings
from modicum.workspace.shifted import find_shift

SHARES = (0.75, 0.15, 0.1)


def world(shares, seed=0, n=1_500, shots=25, spread=2.0):
    """Overlapping clouds; labels picked evenly, all other rows with the given shares of classes."""
    rng = np.random.default_rng(seed)
    even = np.repeat(np.arange(len(shares)), shots)
    codes = np.concatenate([even, rng.choice(len(shares), size=n, p=shares)])
    X = (3 * np.eye(len(shares), 6)[codes] + rng.normal(0, spread, (len(codes), 6))).astype(np.float32)
    labelled = np.arange(len(codes)) < len(even)
    return Problem(X, codes, labelled, LabelSpace(tuple("abc"[: len(shares)])), None)


def answered(problem, **settings):
    made = make_model(problem, Settings(budget="20s", **settings))
    rows = problem.unlabelled_rows
    return made, made.model.predict(problem.X[rows]), problem.codes[rows]


def test_skewed_shares_are_found_and_answers_gain():
    problem = world(SHARES)
    made, corrected, truth = answered(problem)
    _, plain, _ = answered(problem, shift=False)
    np.testing.assert_allclose(made.shift.estimated, SHARES, atol=0.15)
    assert (corrected.codes == truth).mean() > (plain.codes == truth).mean() + 0.03


def test_even_shares_cost_nothing():
    problem = world((1 / 3, 1 / 3, 1 / 3), shots=60)
    made, corrected, truth = answered(problem)
    _, plain, _ = answered(problem, shift=False)
    assert made.shift.gain < 0.005
    assert (corrected.codes == truth).mean() > (plain.codes == truth).mean() - 0.01


def test_sets_hold_on_the_unlabelled_rows():
    found = []
    for seed in range(5):
        _, answers, truth = answered(world(SHARES, seed, shots=60))
        found.append(set_metrics(answers.sets, truth).coverage)
    assert np.mean(found) == pytest.approx(0.9, abs=0.04)


def test_the_sets_that_are_told_are_those_that_are_answered(monkeypatch):
    """The class forced into a set is that of corrected probabilities, where the shares of classes are others."""
    problem, kept = world((0.95, 0.05), n=600, shots=30, spread=1.5), []
    told = fitting.write_report
    monkeypatch.setattr(fitting, "write_report", lambda facts: kept.append(facts) or told(facts))
    labels = tuple("ab"[k] if known else None for k, known in zip(problem.codes, problem.labelled, strict=True))
    table = Table(tuple(map(str, range(660))), tuple(f"t{i} u{i * 7}" for i in range(660)), labels)
    report = modicum.fit(table, vectors=problem.X, budget=1, map_points=0, alpha=0.4).report
    model, found = kept[0].made.model, kept[0].made.found
    answers = model.answer(model.corrected(found.after))
    assert (answers.codes != model.decide(found.after)).any()
    expected = set_metrics(answers.sets, found.codes)
    assert report["conformal"]["coverage"] == pytest.approx(expected.coverage)
    assert report["conformal"]["mean_size"] == pytest.approx(expected.mean_size)


def test_a_corrected_model_is_saved_and_told(tmp_path):
    problem = world(SHARES)
    texts = [f"row {i}" for i in range(len(problem.X))]
    labels = [
        problem.space.names[c] if known else None for c, known in zip(problem.codes, problem.labelled, strict=True)
    ]
    result = modicum.fit(
        modicum.read({"text": texts, "label": labels}, text="text", label="label"), vectors=problem.X, budget="20s"
    )
    again = modicum.load(result.save(tmp_path / "b"))
    np.testing.assert_allclose(again.model.factors, result.bundle.model.factors)
    np.testing.assert_allclose(
        again.predict(vectors=problem.X).probabilities, result.predictions.probabilities, rtol=1e-5
    )
    assert result.report["shift"]["corrected"]
    assert any("corrected for that" in sentence for sentence in result.report["grounds"])


class Exact:
    """A model whose vectors are the exact probabilities under even shares."""

    def proba(self, X):
        return X

    def decide(self, proba):
        return proba.argmax(axis=1)


def exact(codes, rng):
    """Probabilities (N, 2), under even shares, of rows drawn about -1 and 1."""
    x = rng.normal(size=len(codes)) + 2 * codes - 1
    second = 1 / (1 + np.exp(-2 * x))
    return np.stack([1 - second, second], axis=1)


def task(unlabelled, labelled=(10, 10), share=0.9, seed=0):
    """A problem of rows with exact probabilities: those without a label are of the first class by a share."""
    rng = np.random.default_rng(seed)
    own = np.repeat([0, 1], labelled)
    codes = np.concatenate([own, np.arange(unlabelled) >= share * unlabelled]).astype(np.int64)
    known = np.arange(len(codes)) < len(own)
    return Problem(exact(codes, rng), codes, known, LabelSpace(("a", "b")), None)


def judged(n=600, seed=1):
    codes = np.arange(n) % 2
    return exact(codes, np.random.default_rng(seed)), codes


def test_shares_factors_and_gain_are_those_of_their_definitions():
    problem = task(1_000)
    found = find_shift(Exact(), problem, judged(), 0)
    assert found.labelled.tolist() == [0.5, 0.5]
    assert found.estimated[0] == pytest.approx(0.9, abs=0.04)
    assert 0.75 < found.held[0] < found.estimated[0], "200 rows of even shares hold it back"
    np.testing.assert_allclose(found.factors, np.sqrt(found.held / 0.5))
    proba = problem.X[problem.unlabelled_rows]
    odds = proba * found.factors
    corrected = odds / odds.sum(axis=1, keepdims=True)
    kept = np.where(proba[:, 0] >= 0.5, corrected[:, 0], corrected[:, 1])
    assert found.gain == pytest.approx((corrected.max(axis=1) - kept).mean())
    assert found.gain > 0.01


def test_labelled_rows_count_with_one_more_of_each_class():
    found = find_shift(Exact(), task(1_000, labelled=(2, 8)), judged(), 0)
    assert found.labelled.tolist() == [0.2, 0.8]
    np.testing.assert_allclose(found.factors, np.sqrt(found.held / [3 / 12, 9 / 12]))


def test_few_rows_or_little_gain_correct_nothing():
    assert find_shift(Exact(), task(100, share=0.95), judged(), 0).factors is not None
    few = find_shift(Exact(), task(99, share=0.95), judged(), 0)
    assert few.factors is None
    assert few.gain > 0.001, "it would be worth it, had a hundred rows said so"
    even = find_shift(Exact(), task(1_000, share=0.5), judged(), 0)
    assert even.factors is None
    assert 0 <= even.gain < 0.001


def test_what_no_row_can_judge_is_estimated_and_not_corrected():
    found = find_shift(Exact(), task(1_000), None, 0)
    assert found.estimated[0] == pytest.approx(0.9, abs=0.04)
    np.testing.assert_array_equal(found.held, found.estimated)
    assert found.labelled.tolist() == [0.5, 0.5]
    assert (found.gain, found.factors) == (0.0, None)


def test_without_rows_on_either_side_there_is_nothing_to_compare():
    assert find_shift(Exact(), task(0), judged(), 0) is None
    assert find_shift(Exact(), task(50, labelled=(0, 0)), judged(), 0) is None
