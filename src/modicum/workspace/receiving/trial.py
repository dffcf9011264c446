"""A bundle is tried before it is handed out, so that parts that do not fit one another are refused when it is read."""

from __future__ import annotations

import numpy as np

from modicum.core.errors import InputError
from modicum.workspace.bundle import Bundle
from modicum.workspace.model import Model

WIDEST = 1 << 17
"""Numbers of a vector."""


def try_bundle(bundle: Bundle) -> None:
    """Have a bundle answer for two vectors.

    Raises:
        ValueError: Its parts contradict one another; or whatever its methods raise where arrays do not fit.
    """
    width, names = bundle.model.width, bundle.model.space.names
    if not 0 < width <= WIDEST or bundle.encoder.dimension != width:
        raise ValueError(f"vectors of {bundle.encoder.dimension} numbers for a model of {width}")
    if not all(isinstance(name, str) for name in names):
        raise ValueError("a class has a name that is no text")
    column, kind = bundle.text_column, bundle.kind
    if not isinstance(column, str | None) or kind not in ("texts", "images"):
        raise ValueError("the report tells no table")
    _check_parts(bundle, width, len(names))
    answers = bundle.model.predict(np.eye(2, width, dtype=np.float32))
    proba = getattr(answers, "probabilities", None)
    if proba is not None and (proba.shape != (2, len(names)) or not np.isfinite(proba).all()):
        raise ValueError("answers are no probabilities of the classes")
    if any(len(column) != 2 for column in answers.columns(names).values()):
        raise ValueError("there is not one answer for each item")


def _check_parts(bundle: Bundle, width: int, classes: int) -> None:
    """What the model itself does not need for an answer."""
    cascade, kept = bundle.cascade, bundle.exemplars
    if cascade is not None:
        if cascade.coef.ndim != 2 or len(cascade.coef) != classes or cascade.intercept.shape != (classes,):
            raise ValueError("the cascade is one of other classes")
        if cascade.conformal is not None:
            cascade.conformal.sets(np.full((1, classes), 1 / classes))
    if kept is not None and (kept.vectors.shape != (*kept.codes.shape, width) or not _are_codes(kept.codes, classes)):
        raise ValueError("the exemplars are rows of another table")
    rule = bundle.model.unknown if isinstance(bundle.model, Model) else None
    if rule is not None and not _are_codes(rule.known.codes, classes):
        raise ValueError("the rule for unknown rows is one of other classes")


def _are_codes(codes: np.ndarray, classes: int) -> bool:
    return codes.dtype.kind in "iu" and (codes.size == 0 or bool(codes.min() >= 0 and codes.max() < classes))


def refused(folder: object, error: Exception) -> InputError:
    """What is told of a bundle that could not be put together or tried."""
    said = " ".join(str(error).split())[:200] or type(error).__name__
    return InputError(f"{folder} cannot be read as a bundle ({said}); fit again")
