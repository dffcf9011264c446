"""Rows kept for promises alone, where labels abound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modicum.evaluation.splits import hold_out
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.settings import Settings


def set_aside(problem: Problem, settings: Settings) -> Problem:
    """Where labels abound, the problem with a fifth of the labelled rows kept for sets or intervals."""
    if len(problem.rows) < settings.set_aside_from or problem.times is not None:
        return problem
    groups = None if problem.groups is None else problem.groups[problem.rows]
    split = hold_out(problem.y, 0.2, np.random.default_rng(settings.seed), groups=groups)
    aside = np.zeros(len(problem.X), dtype=bool)
    aside[problem.rows[split.test]] = True
    return replace(problem, labelled=problem.labelled & ~aside, aside=aside)
