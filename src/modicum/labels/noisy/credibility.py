"""Credibility of labels: is a row's label what its neighbourhood and a held-out model expect?

The question: which labels are probably wrong, and what should they rather be? Two witnesses that never saw the row's
label are heard, a classifier from cross-validation and a kernel regression on all other rows, which is a vote of the
neighbourhood; their pooled probabilities meet a model of how labels go wrong, evenly or from one class to another,
that is estimated from the same table. The outcome is the probability that the label is right, and of every other
class. Do not use it with fewer than a handful of labels a class, and do not take a rare kind of item for an error:
what nobody resembles is not believed either.

Paper: "Pre-trained Language Models as Re-Annotators" (2023): credibility from neighbouring consistency, correction by a
cross-validated classifier with kernel-smoothed soft labels. Changed: on frozen vectors; neighbours vote by kernel ridge
regression with the row left out in closed form; the two witnesses are pooled at one scale; the rates of mistakes
are learnt, so that credibility is a probability; no contrastive training.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import log_probabilities, one_hot
from modicum.core.card import Card
from modicum.core.checks import check_codes, check_probabilities, check_share, check_vectors
from modicum.labels.noisy.leave_one_out import leave_one_out
from modicum.labels.noisy.noise_model import calibrated, fit_noise

CARD = Card(
    name="credibility",
    room="labels",
    question="noisy",
    summary="Probability that each label is right, from neighbours, a held-out model and learnt mistakes",
    paper="Pre-trained Language Models as Re-Annotators",
    year=2023,
    needs=("labels", "probabilities", "vectors"),
    cost="O(N M (D + M + K)) for M = 1,000 landmarks",
    tags=("label errors", "label noise"),
    ids=("001-097",),
)


@dataclass(frozen=True, eq=False)
class Credibility:
    """What is to be believed of N labels."""

    values: NDArray[np.float64]
    """Probability that each label is right (N,), 0 to 1."""
    posterior: NDArray[np.float64]
    """Probability of each class (N, K), the label taken into account; `values` is its column of the label."""
    noise: NDArray[np.float64]
    """Probability of each written class (columns) for each true one (rows), (K, K)."""
    structured: bool
    """Whether some classes are mistaken for certain others, or mistakes are even."""

    @property
    def suspects(self) -> NDArray[np.int64]:
        """Rows whose label is probably wrong, least credible first."""
        rows = np.flatnonzero(self.values < self.posterior.max(axis=1))
        return rows[np.argsort(self.values[rows], kind="stable")]

    @property
    def suggested(self) -> NDArray[np.int64]:
        """Most probable class of each row (N,)."""
        return np.asarray(self.posterior.argmax(axis=1))


def credibility(
    X: NDArray[np.floating],
    proba: NDArray[np.floating],
    codes: NDArray[np.int64],
    *,
    neighbours: float = 0.5,
    rng: np.random.Generator,
) -> Credibility:
    """Judge the labels of a table.

    Args:
        X: Vectors (N, D).
        proba: Held-out probabilities (N, K), from models that never saw the row.
        codes: Given labels (N,), in 0..K-1.
        neighbours: Share of the neighbourhood's word beside the model's, 0 to 1.
        rng: Draws the rows that span the kernel, and halves.

    Returns:
        What is to be believed. The only row of a class is always believed: nobody could vouch for it.

    Raises:
        InputError: The arrays do not belong together, or hold what they must not; `neighbours` is not in 0..1.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> truth = np.arange(60) % 3
        >>> given = truth.copy()
        >>> given[[4, 11]] = 0
        >>> X = np.eye(3)[truth] + 0.1 * rng.normal(size=(60, 3))
        >>> credibility(X, 0.05 + 0.85 * np.eye(3)[truth], given, rng=rng).suspects
        array([ 4, 11])
    """
    check_share(neighbours, "neighbours")
    proba = check_probabilities(proba)
    X = check_vectors(X, rows=len(proba))
    classes = proba.shape[1]
    codes = check_codes(codes, classes=classes, rows=len(proba))
    if len(codes) == 0:
        return Credibility(np.empty(0), proba, np.eye(classes), False)
    logs = (1 - neighbours) * calibrated(log_probabilities(proba, 1e-9), codes)
    if neighbours:
        logs = logs + neighbours * calibrated(leave_one_out(X, codes, classes, rng=rng), codes)
    found = fit_noise(logs, codes, rng=rng)
    alone = np.bincount(codes, minlength=classes)[codes] < 2
    posterior = np.where(alone[:, None], one_hot(codes, classes), found.posterior)
    return Credibility(posterior[np.arange(len(codes)), codes], posterior, found.matrix, found.structured)
