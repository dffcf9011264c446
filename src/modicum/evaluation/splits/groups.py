"""Groups of rows that splits keep together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from modicum.core.errors import InputError

Ints = NDArray[np.int64]


def members_of(groups: ArrayLike, rows: int) -> Ints:
    """Groups (N,) numbered from 0.

    Raises:
        InputError: There is not one group per row.
    """
    found = np.asarray(groups)
    if found.shape != (rows,):
        raise InputError(f"groups of shape {found.shape} for {rows} rows; give one per row")
    return np.unique(found, return_inverse=True)[1].astype(np.int64, copy=False)


def merge_groups(a: ArrayLike, b: ArrayLike) -> Ints:
    """Groups (N,) of rows that are joined by equal values in `a` or in `b`, directly or through others.

    Raises:
        InputError: The two are not as long as each other.

    Example:
        >>> import numpy as np
        >>> merge_groups(np.array([0, 0, 1, 2]), np.array([5, 6, 6, 7])).tolist()
        [0, 0, 0, 1]
    """
    rows = len(np.asarray(a))
    left, right = members_of(a, rows), members_of(b, rows)
    size = int(left.max(initial=-1)) + int(right.max(initial=-1)) + 2
    links = coo_array((np.ones(rows), (left, right + size - int(right.max(initial=-1)) - 1)), shape=(size, size))
    return members_of(connected_components(links, directed=False)[1][left], rows)
