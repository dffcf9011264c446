"""What the model of the moment can say: suggestions, the next rows to ask for, groups that look alike."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from modicum.core.checks import check_choice
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import FittedRecipe
from modicum.workspace.loop.forms import Form
from modicum.workspace.loop.groups import Group, alike
from modicum.workspace.loop.measured import Scale
from modicum.workspace.registry import method, methods

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]

AHEAD = 64
"""Rows that are picked for asking with each refit."""
POOL = 20_000
"""Most unlabelled rows that are scored with each refit; of larger tables a random part."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """A fitted model with what it says of the rows that wait."""

    version: int
    numbers: tuple[int, ...]
    """Number of the class of each column."""
    labels: int
    """Rows it learnt from."""
    fitted: FittedRecipe | None
    """None where there is nothing to learn from: too few classes, or neither a label nor a telling name."""
    scale: Scale
    """What makes probabilities of its scores."""
    asked: Ints
    """Rows to ask for, most helpful first."""
    groups: tuple[Group, ...]
    seconds: float
    """Processor time that it took."""
    recipe: str = ""
    elapsed: float = 0.0
    """Wall time that it took."""

    def proba(self, X: Floats) -> Floats:
        """Probabilities (N, K) of vectors (N, D); equal ones where there is no model."""
        if self.fitted is None:
            return np.full((len(X), len(self.numbers)), 1 / max(len(self.numbers), 1))
        return self.scale.proba(self.fitted.scores(np.asarray(X)), self.numbers)


@dataclass(frozen=True)
class Teaching:
    """Settings of a refit."""

    query: str = "labels.margin_query"
    """Key of the method that picks the rows to ask for."""
    seconds: float = 3.0
    """Processor time above which the next refit takes a cheaper recipe."""
    pool: int = POOL
    ahead: int = AHEAD
    seed: int = 0


def learn(
    problem: Problem, numbers: tuple[int, ...], version: int, scale: Scale, start: int, form: Form, plan: Teaching
) -> Lesson:
    """Fit, pick the next rows, and group rows that look alike.

    Args:
        problem: All rows, with the labels of the moment; its space may have fewer than two classes.
        numbers: Number of the class of each column.
        version: Number of this model.
        scale: What makes probabilities of the scores, from earlier held-out rows where there are some.
        start: Place in `form.cheaper` of the first recipe to consider.
        form: Form of the answers.
        plan: Settings.

    Returns:
        The lesson. Cost: that of the recipe, O(P K D) for P rows of the pool, and the query's.
    """
    began, start_at, rng = time.thread_time(), time.perf_counter(), np.random.default_rng((plan.seed, version))
    pool = problem.unlabelled_rows
    if len(pool) > plan.pool:
        pool = np.sort(rng.choice(pool, plan.pool, replace=False))
    with threadpool_limits(1):
        thin = problem.only(np.concatenate([problem.rows, pool]))
        recipe = form.recipe(thin, start)
        fitted = form.fit(recipe, thin, plan.seed) if recipe is not None else None
        name = recipe.name if recipe is not None else ""
        lesson = Lesson(version, numbers, len(problem.rows), fitted, scale, pool, (), 0.0, name)
        X = np.asarray(problem.X[pool])
        proba = lesson.proba(X)
        asked = rng.permutation(len(pool))[: plan.ahead] if fitted is None else _query(plan, X, form.doubt(proba), rng)
        groups = tuple(Group(pool[group.rows], group.tightness) for group in alike(X, proba, rng))
    return replace(
        lesson,
        asked=pool[asked],
        groups=groups,
        seconds=time.thread_time() - began,
        elapsed=time.perf_counter() - start_at,
    )


def check_query(key: str) -> str:
    """Return the key of a query if it is one.

    Raises:
        InputError: No method has this key, or it does not pick rows.
    """
    active = (one for one in methods() if one.card.question == "active" and "probabilities" in one.card.needs)
    # Others of that question divide rows or label them; all queries are named so, and are held to one signature.
    return check_choice(key, [one.key for one in active if one.key.endswith("_query")], "--query")


def _query(plan: Teaching, X: Floats, proba: Floats, rng: np.random.Generator) -> Ints:
    budget = min(plan.ahead, len(X))
    if budget == 0:
        return np.empty(0, dtype=np.int64)
    pick = method(plan.query).load()
    rows = pick(X=X, proba=proba, labelled=np.zeros(len(X), dtype=bool), budget=budget, rng=rng)
    return np.asarray(rows, dtype=np.int64)
