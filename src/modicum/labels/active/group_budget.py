"""How many labels each group should get, by its learning curve.

The question: groups (languages, customers, classes) differ in how wrong the model is on them and in how fast it
learns; how is one budget of labels split among them? Each group's error falls as a power of its labels; the split that
makes the weighted sum of powered errors least gives the next label to the group where it brings the most per cost, and
an exponent above 1 cares more for the groups that are worst off. Equal and proportional splits are what this beats.
Do not use it where a group's labels help the others much, or with slopes guessed from two or three points.

Paper: "Adaptive Sampling Strategies to Construct Equitable Training Datasets" (Cai et al. 2022). Changed: rates come
as power laws, to be estimated again after each batch; the utility is a sum of powered errors, convex, so that one price
of labels solves it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from modicum.core.card import Card
from modicum.core.errors import InputError

CARD = Card(
    name="split_budget",
    room="labels",
    question="active",
    summary="Labels for each group from its learning curve, for the mean or for the worst off",
    paper="Adaptive Sampling Strategies to Construct Equitable Training Datasets",
    year=2022,
    needs=("labels",),
    cost="O(G) a step of a root search, and O(G log G)",
    tags=("active learning", "budget", "fairness"),
    ids=("003-002",),
)


def split_budget(
    labels: ArrayLike,
    errors: ArrayLike,
    slopes: ArrayLike,
    budget: int,
    *,
    weights: ArrayLike | None = None,
    costs: ArrayLike | None = None,
    care: float = 1.0,
) -> NDArray[np.int64]:
    """Split a budget of labels over groups.

    Args:
        labels: Labels each group has (G,), above 0.
        errors: Share of wrong answers on each with them (G,), 0 to 1.
        slopes: Each group's error falls as labels ** -slope (G,), at least 0.
        budget: What may be spent, in units of `costs`, at least 0.
        weights: How much each group counts (G,), at least 0, as its share of rows to come; default equal.
        costs: Cost of one label of each group (G,), above 0; default 1.
        care: Exponent of the errors, at least 1: 1 minimises the mean error, large values the worst one.

    Returns:
        New labels of each group (G,), whose cost is at most the budget.

    Raises:
        InputError: The arrays differ in length, or a number is out of its range.

    Example:
        >>> split_budget([100, 100], [0.1, 0.4], [0.5, 0.5], 100).tolist()
        [0, 100]
    """
    n, e, s = (np.atleast_1d(np.asarray(values, dtype=np.float64)) for values in (labels, errors, slopes))
    w = np.ones(len(n)) if weights is None else np.asarray(weights, dtype=np.float64)
    c = np.ones(len(n)) if costs is None else np.asarray(costs, dtype=np.float64)
    if not n.shape == e.shape == s.shape == w.shape == c.shape or len(n) == 0:
        raise InputError("labels, errors, slopes, weights and costs must hold one number for each group")
    ranges = (n > 0) & (e >= 0) & (e <= 1) & (s >= 0) & (w >= 0) & (c > 0)
    if not ranges.all() or budget < 0 or care < 1:
        raise InputError("labels and costs must be above 0, errors 0 to 1, slopes, weights, budget at least 0, care 1")
    power = care * s
    gain = w * power * e**care / (n * c)  # fall of the sum with the first unit of cost spent on each group
    if budget == 0 or not (gain > 0).any():
        return np.zeros(len(n), dtype=np.int64)

    def wanted(log_price: float) -> NDArray[np.float64]:
        above = np.log(np.maximum(gain, np.finfo(float).tiny)) - log_price
        return np.asarray(np.where(gain > 0, n * np.expm1(np.maximum(above, 0) / (power + 1)), 0.0))

    high = float(np.log(gain.max()))
    low = high - 1.0
    while c @ wanted(low) < budget:
        low -= 2 * (high - low)
    price = brentq(lambda value: float(c @ wanted(value)) - budget, low, high)
    exact = wanted(float(price))
    whole = np.floor(exact + 1e-9).astype(np.int64)
    for group in np.argsort(whole - exact, kind="stable"):
        if exact[group] > whole[group] + 1e-9 and c @ whole + c[group] <= budget + 1e-9:
            whole[group] += 1
    return whole
