"""Classes renamed and removed: answers stay, odds stay, and the bundle remembers."""

from __future__ import annotations

import numpy as np
import pytest

import modicum
from modicum.core import InputError
from modicum.workspace import remove_classes, rename_classes
from tests.workspace.test_fitting import QUICK, world


@pytest.fixture(scope="module")
def fitted():
    table, X = world(spread=1.0)
    return modicum.fit(table, vectors=X, sets="lac-per-class", **QUICK).bundle, X


def test_renamed_classes_answer_as_before(fitted, tmp_path):
    bundle, X = fitted
    other = rename_classes(bundle, {"theme b": "cash"})
    assert other.classes == ("theme a", "cash", "theme c", "theme d")
    np.testing.assert_array_equal(other.predict(vectors=X).probabilities, bundle.predict(vectors=X).probabilities)
    assert modicum.load(other.save(tmp_path / "b")).report["changed_classes"] == ["theme b → cash"]
    assert bundle.classes[1] == "theme b"


def test_removed_classes_leave_the_odds_of_the_others(fitted, tmp_path):
    bundle, X = fitted
    smaller = modicum.load(remove_classes(bundle, ["theme b"]).save(tmp_path / "b"))
    before, after = bundle.predict(vectors=X), smaller.predict(vectors=X)
    assert smaller.classes == ("theme a", "theme c", "theme d")
    kept = before.probabilities[:, [0, 2, 3]]
    np.testing.assert_allclose(after.probabilities, kept / kept.sum(axis=1, keepdims=True), rtol=1e-6)
    assert after.sets.shape == (len(X), 3)
    assert "Classes were removed" in smaller.model.conformal.guarantee


def test_errors(fitted):
    bundle, _ = fitted
    with pytest.raises(InputError, match="class 'theme x' is not known; did you mean 'theme"):
        remove_classes(bundle, ["theme x"])
    with pytest.raises(InputError, match="only 1 classes would be left"):
        remove_classes(bundle, ["theme a", "theme b", "theme c"])
    with pytest.raises(InputError, match="'theme a' is named twice"):
        rename_classes(bundle, {"theme b": "theme a"})
