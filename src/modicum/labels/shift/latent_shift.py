"""Latent label shift: classes found from domains alone, because what shifts together belongs together.

The question: no row has a label, but rows come from several domains whose class shares differ; what are the classes?
A discriminator tells how likely each domain is for a row, and rows are cut into clusters of alike answers. A row's
answer is a mixture of its classes' answers, so pure clusters are the corners of the cloud of clusters, as anchor words
are in topic models. From the corners follow each domain's class shares and each row's class. It sees classes that cut
through clouds of vectors. Do not use it with fewer domains than classes, where domains differ in more than class
shares, or where no region of each class is free of the others; classes come without names and in no order.

Paper: "Unsupervised Learning under Latent Label Shift" (Roberts et al. 2022). Changed: the factors come from corners
found by successive projection, on which the paper's proof of identification rests, not from a factorisation with
random starts, which has other solutions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from modicum.core.card import Card
from modicum.core.checks import check_codes, check_probabilities
from modicum.core.errors import InputError
from modicum.labels.shift.em_priors import reweighted
from modicum.labels.shift.mixture import mixing_shares

CARD = Card(
    name="latent_classes",
    room="labels",
    question="shift",
    summary="Classes without any label, from rows of several domains whose class shares differ",
    paper="Unsupervised Learning under Latent Label Shift",
    year=2022,
    needs=("probabilities", "unlabelled"),
    cost="O(N R (M + K)) per step for R domains, M clusters and K classes, at most 500 steps",
    tags=("label shift", "clustering", "unsupervised"),
    ids=("000-001",),
)

Floats = NDArray[np.floating]

SMALL = 0.25
"""Clusters under this share of the mean size cannot be corners: their answers are noise."""


@dataclass(frozen=True, eq=False)
class LatentClasses:
    """Classes found from domains: their shares in each domain, and each row's probabilities."""

    shares: NDArray[np.float64]
    """Class shares (R, K) of each domain."""
    proba: NDArray[np.float64]
    """Class probabilities (N, K) of each row, given its vector and its domain."""


def latent_classes(
    domain_proba: Floats,
    domains: NDArray[np.int64],
    classes: int,
    *,
    clusters: int | None = None,
    random_state: int | None = 0,
) -> LatentClasses:
    """Find classes among rows of several domains.

    Args:
        domain_proba: Calibrated probability (N, R) of each domain for each row, from a classifier of domains that had
            not seen the row.
        domains: The domain (N,) each row came from, in 0..R-1.
        classes: How many classes K to find, from 2 to R.
        clusters: Cells that rows are cut into by `domain_proba`; default 10 per class.
        random_state: Seed of the clusters.

    Raises:
        InputError: Arrays of wrong shape, more classes than domains, or fewer kinds of rows than classes.

    Example:
        >>> import numpy as np
        >>> domain_proba = np.repeat([[0.9, 0.1], [0.1, 0.9]], 50, axis=0)
        >>> domains = np.repeat([0, 1, 0, 1], [45, 5, 5, 45])
        >>> np.sort(latent_classes(domain_proba, domains, 2).shares).round(1).tolist()
        [[0.1, 0.9], [0.1, 0.9]]
    """
    domain_proba = check_probabilities(domain_proba, what="domain probabilities")
    rows, kinds = domain_proba.shape
    domains = check_codes(domains, classes=kinds, rows=rows)
    if not 2 <= classes <= kinds:
        raise InputError(f"{kinds} domains can tell 2 to {kinds} classes apart, not {classes}; give more domains")
    distinct = len(np.unique(domain_proba.round(6), axis=0))
    if distinct < classes:
        raise InputError(f"rows have only {distinct} different domain probabilities for {classes} classes")
    cells = min(clusters or 10 * classes, distinct)
    found = KMeans(cells, n_init=3, random_state=random_state).fit(domain_proba)
    large = np.bincount(found.labels_, minlength=cells) >= SMALL * rows / cells
    candidates = found.cluster_centers_[large] if large.sum() >= classes else found.cluster_centers_
    parts = candidates[corners(candidates, classes)]
    mixed = mixing_shares(domain_proba, np.maximum(parts, 0) / parts.sum(axis=1, keepdims=True))
    overall = np.maximum(mixed.mean(axis=0), 1e-12)
    shares = (parts * overall[:, None]).T
    shares /= shares.sum(axis=1, keepdims=True)
    return LatentClasses(shares, reweighted(mixed, shares[domains], overall))


def corners(points: Floats, count: int) -> NDArray[np.int64]:
    """Numbers (count,) of points (N, D) that span the cloud: farthest from the span of those before, in turn.

    Example:
        >>> import numpy as np
        >>> corners(np.array([[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]]), 2).tolist()
        [1, 2]
    """
    left, chosen = np.array(points, dtype=np.float64), []
    for _ in range(count):
        far = int((left**2).sum(axis=1).argmax())
        chosen.append(far)
        axis = left[far] / max(float(np.linalg.norm(left[far])), 1e-12)
        left = left - np.outer(left @ axis, axis)
    return np.array(chosen)
