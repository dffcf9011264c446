"""Roles are told by signature: who plays which, and what is handed over."""

from __future__ import annotations

import inspect

import pytest

from modicum.core.card import Card
from modicum.workspace.bench import roles
from modicum.workspace.bench.roles import call, classifiers, functions, required, transformers
from modicum.workspace.registry import methods


def bayes(proba, codes, *, strength=1.0):
    return proba, codes, strength


def test_every_head_with_unlabelled_rows_in_its_fit_is_found():
    found = classifiers()
    assert {"heads.Linear", "labels.PseudoPrototypes"} <= set(found)
    assert "vectors.NeighbourSmoothing" in transformers()
    assert not set(found) & set(transformers())
    heads = [m for m in methods() if m.card.room == "heads" and inspect.isclass(m.load())]
    one_class_a_row = [m for m in heads if not {"multi-label", "regression"} & set(m.card.tags)]
    assert len(one_class_a_row) > 5
    assert {m.key for m in one_class_a_row} <= set(found)


def test_functions_need_no_more_than_is_given():
    assert "labels.lac_scores" in functions("conformal", {"proba"})
    assert "labels.class_thresholds" not in functions("conformal", {"proba"})
    assert "labels.class_thresholds" in functions("conformal", {"proba", "scores", "codes", "classes", "alpha"})
    assert functions("conformal", ()) == {}


def test_a_function_gets_what_it_must_have_and_keeps_its_defaults():
    assert required(bayes) == {"proba", "codes"}
    assert call(bayes, {"proba": 1, "codes": 2, "strength": 5, "other": 3}) == (1, 2, 1.0)
    with pytest.raises(KeyError):
        call(bayes, {"proba": 1})


def test_a_new_method_is_measured_without_being_listed(monkeypatch):
    class Added:
        def __init__(self, scale=1.0): ...
        def fit(self, X, y, *, classes=None, class_vectors=None, X_unlabelled=None): ...
        def predict_proba(self, X): ...

    class Found:
        key = "heads.Added"
        card = Card("Added", "heads", "heads", "s", "p", 2020, ("labels",), "O(N)")

        def load(self):
            return Added

    monkeypatch.setattr(roles, "methods", lambda: (Found(),))
    assert classifiers() == {"heads.Added": Added}
    assert transformers() == {}
