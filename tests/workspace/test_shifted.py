"""Class shares of the unlabelled rows: found, and answered for where that is worth it."""

from __future__ import annotations

import numpy as np
import pytest

import modicum
from modicum.core import LabelSpace
from modicum.evaluation.metrics import set_metrics
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.making import make_model
from modicum.workspace.settings import Settings

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
