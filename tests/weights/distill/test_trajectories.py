"""Distillation by trajectories: parity with torch's own descent, a world taught by a row a class, windows, wording."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import nn  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.distill import TrajectoryMatching, expert_trajectory, match_trajectories  # noqa: E402
from modicum.weights.distill.trajectories import descended  # noqa: E402

SHORT = TrajectoryMatching(epochs=6, inner=5, steps=30, rate=2.0, batch=16)


def world(seed=0, rows=120, width=6, classes=4, spread=0.3):
    rng = np.random.default_rng(seed)
    codes = np.arange(rows) % classes
    X = np.eye(width)[codes] + spread * rng.normal(size=(rows, width))
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32), codes


def right(head, X, codes):
    weights, biases = head
    return float(((X @ weights + biases).argmax(axis=1) == codes).mean())


def test_parity_of_experts_with_torch():
    """The same batches, through a linear layer, its cross-entropy and torch's own stochastic gradient descent."""
    X, codes = world()
    rows = torch.cat([torch.from_numpy(X), torch.ones(len(X), 1)], dim=1)
    found = expert_trajectory(rows, torch.eye(4)[codes], SHORT, torch.Generator().manual_seed(3))
    layer, generator = nn.Linear(6, 4), torch.Generator().manual_seed(3)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    descent = torch.optim.SGD(layer.parameters(), lr=2.0)
    for epoch in range(6):
        for part in torch.randperm(120, generator=generator).split(16):
            descent.zero_grad()
            nn.functional.cross_entropy(layer(rows[part, :-1]), torch.from_numpy(codes)[part]).backward()
            descent.step()
        torch.testing.assert_close(found[epoch + 1, :-1], layer.weight.T.detach(), atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(found[epoch + 1, -1], layer.bias.detach(), atol=1e-5, rtol=1e-5)


def test_a_step_can_be_differentiated_by_all_that_it_is_given():
    generator = torch.Generator().manual_seed(0)
    sizes = (3, 2), (4, 3), (4, 2), ()
    given_ = [torch.rand(size, generator=generator, dtype=torch.float64, requires_grad=True) for size in sizes]
    assert torch.autograd.gradcheck(descended, given_)


def test_known_world_a_row_a_class_teaches_what_all_rows_do():
    X, codes = world(spread=0.2)
    made = match_trajectories(X[:80], codes[:80], 4, SHORT)
    assert made.vectors.shape == (4, 6)
    assert made.targets.shape == (4, 4)
    assert right(made.head(), X[80:], codes[80:]) > 0.95
    assert np.mean(made.losses[-5:]) < 0.5 * made.losses[0]


def test_what_is_moved_beats_the_rows_it_started_from():
    X, codes = world(seed=2, spread=0.5, rows=400)
    settings = TrajectoryMatching(epochs=6, inner=5, steps=120, rate=2.0, batch=16)
    moved = match_trajectories(X[:200], codes[:200], 4, settings)
    start = match_trajectories(X[:200], codes[:200], 4, TrajectoryMatching(epochs=6, inner=5, steps=1, rate=2.0))
    assert right(moved.head(), X[200:], codes[200:]) > right(start.head(), X[200:], codes[200:])


@given(st.integers(1, 64), st.integers(2, 60), st.integers(1, 2))
def test_windows_hold_later_epochs_the_more_rows_there_are(points, epochs, span):
    few, many = (TrajectoryMatching(points=p, epochs=epochs, span=span).window for p in (points, 4 * points))
    assert 0 <= few[0] <= few[1] <= epochs - span
    assert few[0] <= many[0]
    assert few[1] <= many[1]


@given(st.integers(1, 3), st.integers(0, 5))
def test_as_many_rows_as_wanted_and_their_targets_are_probabilities(points, seed):
    X, codes = world(seed, rows=9)
    settings = TrajectoryMatching(points=points, epochs=3, inner=2, steps=2, experts=1, rate=2.0)
    first, second = (match_trajectories(X, codes, 4, settings, seed=seed) for _ in range(2))
    assert first.vectors.shape == (4 * points, 6)
    np.testing.assert_allclose(first.targets.sum(axis=1), 1, rtol=1e-5)
    assert first.losses == second.losses
    np.testing.assert_array_equal(first.vectors, second.vectors)


def test_arguments_are_not_changed():
    X, codes = world(rows=20)
    before = X.copy()
    X.flags.writeable = codes.flags.writeable = False  # as the cache gives them
    match_trajectories(X, codes, 4, TrajectoryMatching(epochs=3, inner=2, steps=2))
    np.testing.assert_array_equal(X, before)


def test_errors():
    X, codes = world(rows=20)
    with pytest.raises(InputError, match="a class has no row to learn from; leave such classes out"):
        match_trajectories(X, codes, 5)
    with pytest.raises(InputError, match="epochs at least the span"):
        TrajectoryMatching(epochs=2, span=3)
    with pytest.raises(InputError, match="counts must be at least 1"):
        TrajectoryMatching(points=0)
    with pytest.raises(InputError, match="the rate above 0"):
        TrajectoryMatching(rate=0)
