"""Whether models come from one start, without which the mean of their weights means nothing."""

from __future__ import annotations

import statistics

from modicum.core.errors import InputError
from modicum.weights.states import State, check_alike, matrices

ALIKE = 0.5
"""Median cosine of matrices: tuning leaves it near 1, and models of unlike starts are near 0."""


def check_one_start(first: State, other: State) -> None:
    """Let two models pass that were tuned from one start.

    Raises:
        InputError: Names or shapes differ, or most matrices of one point elsewhere than those of the other.

    Example:
        >>> import torch
        >>> check_one_start({"w": torch.eye(2)}, {"w": torch.eye(2) + 0.1})
    """
    check_alike(first, other)
    own = matrices(other)
    cosines = []
    for name, matrix in matrices(first).items():
        a, b = matrix.flatten().double(), own[name].flatten().double()
        cosines.append(float(a @ b / (a.norm() * b.norm()).clamp(min=1e-12)))
    if statistics.median(cosines) < ALIKE:
        raise InputError(
            f"the models are of unlike starts: the median cosine of their matrices is {statistics.median(cosines):.2f};"
            " merge models tuned from one, or align them with matched_soup of modicum.weights.merge"
        )
