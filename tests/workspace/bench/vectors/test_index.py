"""The benchmark of search on small worlds: figures that are known, with peers and without."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.core.progress import silent
from modicum.vectors.index import local_dimensionality
from modicum.workspace.bench.vectors import index as bench


@pytest.fixture(autouse=True)
def small(monkeypatch):
    for name, value in {"FLAT": 2_000, "MIXED": 3_000, "QUERIES": 50, "ROUNDS": 1, "COMPONENTS": 12}.items():
        monkeypatch.setattr(bench, name, value)
    monkeypatch.setattr(bench, "_memory", lambda X, queries: 1.1)
    monkeypatch.setattr(bench, "ask_peer", lambda script, cells: None)


def run(name, seeds=2):
    return {row.measure + ", " + row.unit: row for row in bench.run(None, [name], seeds, silent)}


def test_without_a_peer_there_is_no_ratio_and_no_baseline():
    exact, mixed = run("unstructured"), run("mixture")
    assert "time, exact top-10, times faiss flat" not in exact
    assert exact["recall, 8-bit codes, share"].value > 0.9
    assert 0 < exact["most a score is off, 8-bit codes, cosine"].value < 0.02
    assert mixed["recall, approximate top-10, share"].value == 1.0  # few rows are searched exactly
    assert mixed["queries answered, queries/s"].baseline is None
    assert mixed["recall predicted by the audit, off by, share"].value == 0.0


def test_with_a_peer_ratios_and_baselines_are_told(monkeypatch):
    told = {"flat": {"seconds": 1e9}, "mixture": {"built": 7.0, "curve": [[0.9, 100.0], [1.0, 50.0]]}}
    monkeypatch.setattr(bench, "ask_peer", lambda script, cells: {name: told[name] for name in cells})
    assert run("unstructured")["time, exact top-10, times faiss flat"].value == pytest.approx(0, abs=1e-3)
    mixed = run("mixture")
    assert mixed["queries answered, queries/s"].baseline == mixed["queries answered, queries/s"].target == 50
    assert mixed["time to build, s"].baseline == 7


def test_recalls_between_those_measured_and_beyond():
    curve = [(1.0, 1.0), (0.9, 100.0)]
    assert bench.at_recall(curve, 0.95) == pytest.approx(10)
    assert bench.at_recall(curve, 0.5) == pytest.approx(100)


def test_recall_counts_true_neighbours():
    assert bench.recall(np.array([[1, 2], [3, 4]]), np.array([[2, 1], [3, 9]])) == 0.75


def test_the_mixture_has_the_dimensions_it_states(monkeypatch):
    monkeypatch.setattr(bench, "DIMENSIONS", (4,))
    X = bench.mixture(6_000, np.random.default_rng(0))
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1, rtol=1e-5)
    far = np.sqrt(np.maximum(2 - 2 * np.sort(X[:50] @ X.T, axis=1)[:, -40:-1], 0))
    assert local_dimensionality(far).mean() == pytest.approx(4, rel=0.15)
