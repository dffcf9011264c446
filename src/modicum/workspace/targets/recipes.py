"""The ladders of tables whose rows have several labels, or a number; cheapest first."""

from __future__ import annotations

from modicum.workspace.ladder.recipes import Recipe, Step

_SMOOTHING = Step("vectors.NeighbourSmoothing")
_NAMES = {"C": 0.0, "prior_scale": 20.0}

LABELS: tuple[Recipe, ...] = (
    Recipe("label names", 0, (Step("heads.OneVsRest", _NAMES),)),
    Recipe("nearest rows", 1, (Step("heads.KNNVoteMultilabel"),), pooled=True),
    Recipe("one-vs-rest", 1, (Step("heads.OneVsRest", {"name_weight": 0.0, "prior_scale": 0.0}),)),
    Recipe("names + shots", 1, (Step("heads.OneVsRest"),), pooled=True),
    Recipe("smoothed, names + shots", 3, (_SMOOTHING, Step("heads.OneVsRest")), pooled=True),
)
"""The baseline of every figure is `one-vs-rest`; without names that say something, the names' parts fall away."""
LABELS_BASELINE = "one-vs-rest"
NAMES_ALONE = "label names"
WITH_NAMES = ("names + shots", "smoothed, names + shots")

NUMBER: tuple[Recipe, ...] = (
    Recipe("mean", 0, (Step("heads.Ridge", {"strengths": ()}),)),
    Recipe("ridge", 1, (Step("heads.Ridge"),), pooled=True),
    Recipe("nearest rows", 1, (Step("heads.KNNRegression"),), pooled=True),
    Recipe("smoothed, ridge", 3, (_SMOOTHING, Step("heads.Ridge")), pooled=True),
)
NUMBER_BASELINE = "ridge"
