"""Future teacher: the published training loop, what looking ahead is, what a pool teaches, seeds and errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.core.softmax import fit_softmax
from modicum.labels.weak import FutureTeacher, learn_from_future
from modicum.labels.weak.future_teacher import Walk

# Frozen from the authors' training steps (github.com/usr922/FST, mmseg/models/uda/fst_d.py and fst_w.py): theirs were
# run with torch in double precision on the linear student, batches and losses of `toy`: five steps, three ahead, the
# schedule of the momentum counting real steps only.
DEEP_STUDENT = [
    [-1.366013404718063, -0.2148840538986324, -0.8510491010444249, -0.5334719453635236],
    [0.7316827939342242, -1.2254822988910261, -0.04506093967346786, 0.8522735701986026],
    [-0.342785452862616, 0.14384986671323688, 0.06030409851269068, -0.17946722262244227],
]
DEEP_TEACHER = [
    [-1.3297451505108846, -0.1739914945756281, -0.8255530275323446, -0.480685953225843],
    [0.6671629136736557, -1.2937631468225455, -0.04381878571376807, 0.841322013864717],
    [-0.29728660115691885, 0.19412316686669268, 0.0483188100448569, -0.2213016584262374],
]
WIDE_STUDENT = [
    [-1.3785993438847348, -0.214119140320286, -0.863620522801338, -0.5206287971242969],
    [0.7519855196596521, -1.233781135272521, -0.038826886835668616, 0.834700372346738],
    [-0.35050223942137215, 0.15138378951638545, 0.06664146743180463, -0.17473717300980454],
]


def toy(**settings):
    """Student and teacher (3, 4), intercept last."""
    rng = np.random.default_rng(7)
    X, y, pool = rng.normal(size=(4, 3)), np.array([0, 1, 2, 0]), rng.normal(size=(6, 3))
    start = rng.normal(size=(3, 4))
    walk = Walk(steps=5, momentum=0.5, threshold=0.6, C=5.0, **settings)
    rng = np.random.default_rng(3)
    both = learn_from_future(X, np.eye(3)[y], pool, (start[:, :3], start[:, 3]), walk, rng=rng)
    return [np.column_stack(rule) for rule in both]


def world(rng, per_class=100, spread=0.35):
    centres = np.array([[2.0, 0.0], [-1.0, 1.8], [-1.0, -1.8]])
    y = np.repeat(np.arange(3), per_class)
    return centres[y] + 2 * spread * rng.normal(size=(len(y), 2)), y


def test_parity_with_the_authors_deep_steps():
    student, teacher = toy(depth=3, batch_size=None)
    np.testing.assert_allclose(student, DEEP_STUDENT, atol=1e-12)
    np.testing.assert_allclose(teacher, DEEP_TEACHER, atol=1e-12)


def test_parity_with_the_authors_wide_steps():
    student, _ = toy(depth=1, width=3, batch_size=4)
    np.testing.assert_allclose(student, WIDE_STUDENT, atol=1e-12)


def test_known_world_the_pool_mends_unlucky_labels():
    """One label a class, taken from the edge of its cloud; the clouds themselves show where the classes are."""
    pool, y = world(np.random.default_rng(1))
    unlucky = np.array([[0.6, 0.9], [-1.5, 0.6], [0.2, -1.0]])
    first = FutureTeacher(steps=0).fit(unlucky, np.arange(3), X_unlabelled=pool).score(pool, y)
    taught = FutureTeacher(threshold=0.8).fit(unlucky, np.arange(3), X_unlabelled=pool).score(pool, y)
    assert taught > first + 0.02


def test_known_world_the_teacher_looks_ahead():
    """Where every step leads the same way, a deeper teacher is farther along it."""
    X, Y = np.array([[-1.0], [1.0]]), np.eye(2)
    start = np.zeros((2, 1)), np.zeros(2)

    def lead(depth):
        walk = Walk(steps=5, depth=depth, momentum=0.5, threshold=1.1, batch_size=None)
        student, teacher = learn_from_future(X, Y, X, start, walk)
        return (teacher[0][1] - teacher[0][0])[0], (student[0][1] - student[0][0])[0]

    leads = [lead(depth) for depth in (0, 1, 3)]
    assert leads[0][0] < leads[1][0] < leads[2][0]
    assert leads[0][1] == leads[1][1] == leads[2][1], "without a sure pseudo-label the student is not led"


@given(st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_a_walk_from_the_optimum_stays_there_without_sure_labels(seed, depth):
    rng = np.random.default_rng(seed)
    X, pool = rng.normal(size=(9, 3)), rng.normal(size=(20, 3))
    Y = np.eye(3)[np.arange(9) % 3]
    best = fit_softmax(X, Y, C=1.0, max_iter=2000)
    walk = Walk(C=1.0, steps=20, depth=depth, threshold=1.1)
    for rule in learn_from_future(X, Y, pool, best, walk):
        np.testing.assert_allclose(rule[0], best[0], atol=1e-2)


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 100))
def test_steps_are_safe_at_any_scale(seed, scale):
    """Steps are in units of the curvature, so the labelled loss never rises, however long the vectors are."""
    rng = np.random.default_rng(seed)
    X, Y = scale * rng.normal(size=(9, 3)), np.eye(3)[np.arange(9) % 3]
    start = np.zeros((3, 3)), np.zeros(3)

    def loss(steps):
        walk = Walk(steps=steps, threshold=1.1, batch_size=None, C=10.0)
        (W, b), _ = learn_from_future(X, Y, X, start, walk)
        Z = X @ W.T + b
        return (
            np.log(np.exp(Z - Z.max(axis=1, keepdims=True)).sum(axis=1)) + Z.max(axis=1) - (Y * Z).sum(axis=1)
        ).mean()

    losses = [loss(steps) for steps in (0, 3, 10)]
    assert losses[0] >= losses[1] - 1e-9
    assert losses[1] >= losses[2] - 1e-3


def test_batches_are_drawn_by_the_seed():
    pool, _ = world(np.random.default_rng(2))
    X = np.array([[2.0, 0.0], [-1.0, 1.8], [-1.0, -1.8]])
    rules = [
        FutureTeacher(batch_size=30, width=2, random_state=s).fit(X, np.arange(3), X_unlabelled=pool).coef_
        for s in (0, 0, 1)
    ]
    assert np.array_equal(rules[0], rules[1])
    assert not np.array_equal(rules[0], rules[2])


def test_without_a_pool_it_is_the_first_rule():
    X, y = np.eye(3), np.arange(3)
    plain = FutureTeacher().fit(X, y).coef_
    np.testing.assert_array_equal(FutureTeacher().fit(X, y, X_unlabelled=np.empty((0, 3))).coef_, plain)
    np.testing.assert_array_equal(plain, fit_softmax(X, np.eye(3), C=30.0)[0])


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="a width above 1 needs a batch_size: on all rows every direction is the same"):
        FutureTeacher(width=2, batch_size=None).fit(np.eye(2), [0, 1])
    with pytest.raises(InputError, match=r"momentum must lie in 0\.\.1, not 1.5"):
        Walk(momentum=1.5)
    with pytest.raises(InputError, match="a walk takes a width of at least 1"):
        Walk(depth=-1)
