"""Checks of what users hand in, and the one wording for each way it can be wrong."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modicum.core.arrays import chunks
from modicum.core.errors import InputError

CHUNK = 16_384
"""Rows that are looked at together, so that a check of many takes little memory."""


def nearest_name(name: str, options: Iterable[str]) -> str:
    """A clause that suggests the most similar option, or lists the first few: `; did you mean 'text'?`."""
    known = list(options)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if not close:
        lowered = {option.lower(): option for option in known}
        close = [lowered[m] for m in difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.5)]
    if close:
        return f"; did you mean {close[0]!r}?"
    shown = ", ".join(repr(option) for option in known[:8])
    return f"; there are: {shown}{', ...' if len(known) > 8 else ''}" if known else ""


def check_choice(value: str, options: Iterable[str], what: str) -> str:
    """Return `value` if it is one of `options`.

    Raises:
        InputError: It is not; the nearest option is suggested.
    """
    known = list(options)
    if value not in known:
        raise InputError(f"{what} {value!r} is not known{nearest_name(value, known)}")
    return value


def check_once(columns: Iterable[str], source: str) -> None:
    """Let names of columns pass of which none is there twice.

    Raises:
        InputError: One is.
    """
    twice = next((column for column, count in Counter(columns).items() if count > 1), None)
    if twice is not None:
        raise InputError(f"{source}: the column {twice!r} is there twice; rename one of them")


def check_column(name: str, columns: Iterable[str], *, source: str, option: str) -> str:
    """Return `name` if it is one of a table's columns.

    Raises:
        InputError: It is not; the nearest column is suggested.
    """
    known = list(columns)
    if name not in known:
        raise InputError(f"{source} has no column {name!r} ({option}){nearest_name(name, known)}")
    return name


def as_array(X: ArrayLike, *, what: str = "vectors") -> NDArray[Any]:
    """Return X as an array, itself where it is one.

    Raises:
        InputError: Its rows are not of one width.
    """
    try:
        return X if isinstance(X, np.ndarray) else np.asarray(X)
    except ValueError as error:
        raise InputError(f"{what} must be rows of one width; make them all by the same encoder") from error


def check_vectors(
    X: ArrayLike, *, width: int | None = None, rows: int | None = None, what: str = "vectors"
) -> NDArray[Any]:
    """Return X as a float array (N, D), memory-mapped arrays untouched.

    Raises:
        InputError: X is ragged, not two-dimensional, not numeric or of another shape, or holds NaN, infinity or numbers
            too large to be squared.
    """
    array = as_array(X, what=what)
    if array.ndim != 2:
        raise InputError(f"{what} must have two dimensions (rows, width), not shape {array.shape}")
    if array.dtype.kind not in "fiu":
        raise InputError(f"{what} must be numbers, not {array.dtype}")
    if width is not None and array.shape[1] != width:
        raise InputError(f"{what} are {array.shape[1]} wide where {width} is expected; make them by the same encoder")
    if rows is not None and array.shape[0] != rows:
        raise InputError(f"{what} have {array.shape[0]} rows where the table has {rows}; give one vector per row")
    if array.dtype.kind != "f":
        array = array.astype(np.float64)
    bad = np.concatenate([np.empty(0, dtype=np.int64), *_without_length(array)])
    if len(bad):
        large = np.isfinite(array[bad[0]]).all()
        said = "numbers too large to be squared" if large else "NaN or infinity"
        raise InputError(
            f"{what}: row {bad[0]} holds {said} ({len(bad)} such rows); "
            f"{'scale all down' if large else 'remove or re-encode them'}"
        )
    return array


def _without_length(X: NDArray[np.floating]) -> Iterator[NDArray[np.int64]]:
    """Numbers of the rows that hold what is no number, or whose squared length is beyond what 32 bits hold."""
    for part in chunks(len(X), CHUNK):
        rows = X[part].astype(np.float32) if X.dtype == np.float16 else X[part]
        squares = np.einsum("ij,ij->i", rows, rows)
        yield np.flatnonzero(~(squares <= np.finfo(np.float32).max)) + part.start


def check_probabilities(proba: ArrayLike, *, what: str = "probabilities") -> NDArray[np.float64]:
    """Return probabilities as a float array (N, K).

    Raises:
        InputError: A value lies outside 0..1 or a row does not sum to 1 within 1e-3.
    """
    array = check_vectors(proba, what=what).astype(np.float64, copy=False)
    if array.size and (array.min() < -1e-9 or array.max() > 1 + 1e-6):
        raise InputError(f"{what} must lie between 0 and 1; found {array.min():.3g} to {array.max():.3g}")
    sums = array.sum(axis=1)
    off = np.abs(sums - 1) > 1e-3
    if off.any():
        bad = int(np.flatnonzero(off)[0])
        raise InputError(f"{what}: row {bad} sums to {sums[bad]:.4g}, not 1")
    return array


def check_codes(y: ArrayLike, *, classes: int, rows: int | None = None, what: str = "class codes") -> NDArray[np.int64]:
    """Return codes (N,) of classes, or of other things, as integers.

    Raises:
        InputError: They are not integers in 0..classes-1, or their number differs from `rows`.
    """
    array = np.asarray(y)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise InputError(f"{what} must be a flat array of integers, not {array.dtype} of shape {array.shape}")
    if rows is not None and len(array) != rows:
        raise InputError(f"{len(array)} {what} for {rows} rows; give one per row")
    if array.size and (array.min() < 0 or array.max() >= classes):
        raise InputError(f"{what} must lie in 0..{classes - 1}; found {array.min()}..{array.max()}")
    return array.astype(np.int64, copy=False)


def check_several(classes: NDArray[Any]) -> None:
    """Let the classes (K,) of a task pass if there is something to tell apart.

    Raises:
        InputError: There is one alone, or none.
    """
    if len(classes) < 2:
        only = f"only one class, {str(classes[0])!r}" if len(classes) else "no class"
        raise InputError(f"there is {only}; a classifier needs at least two classes")


def check_fraction(value: float, what: str) -> float:
    """Return a number strictly between 0 and 1.

    Raises:
        InputError: It is outside, or not a number.
    """
    if not isinstance(value, (int, float)) or not 0 < float(value) < 1:
        raise InputError(f"{what} must lie strictly between 0 and 1, not {value!r}")
    return float(value)


def check_share(value: float, what: str) -> float:
    """Return a number from 0 to 1, both included.

    Raises:
        InputError: It is outside, or not a number.
    """
    if not isinstance(value, (int, float)) or not 0 <= float(value) <= 1:
        raise InputError(f"{what} must lie from 0 to 1, not {value!r}")
    return float(value)


def check_indicators(Y: ArrayLike, *, rows: int | None = None) -> NDArray[np.uint8]:
    """Return the labels of rows that may have several as an indicator matrix (N, K) of 0 and 1.

    Raises:
        InputError: It is no matrix of 0 and 1, or its length differs from `rows`.
    """
    array = np.asarray(Y)
    array = check_vectors(array.astype(np.uint8) if array.dtype == bool else array, rows=rows, what="labels")
    if not np.isin(array, (0, 1)).all():
        raise InputError("labels must be an indicator matrix of 0 and 1, one column per label")
    return array.astype(np.uint8)


def check_values(y: ArrayLike, *, rows: int | None = None, what: str = "target values") -> NDArray[np.float64]:
    """Return numbers (N,) as floats.

    Raises:
        InputError: They are no flat array of finite numbers, or their number differs from `rows`.
    """
    array = np.asarray(y)
    if array.ndim != 1 or array.dtype.kind not in "fiu":
        raise InputError(f"{what} must be a flat array of numbers, not {array.dtype} of shape {array.shape}")
    if rows is not None and len(array) != rows:
        raise InputError(f"{len(array)} {what} for {rows} rows; give one per row")
    if not np.isfinite(array).all():
        raise InputError(f"{what}: row {int(np.flatnonzero(~np.isfinite(array))[0])} holds NaN or infinity")
    return array.astype(np.float64)


def check_weights(sample_weight: ArrayLike | None, *, rows: int) -> NDArray[np.float64]:
    """Return the weight of each row (N,) as floats; None is 1 for all.

    Raises:
        InputError: They are not one finite number of at least 0 for each row.
    """
    if sample_weight is None:
        return np.ones(rows)
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (rows,) or not np.isfinite(weight).all() or (weight < 0).any():
        raise InputError(f"sample weights must be {rows} numbers of at least 0, one per row")
    return weight
