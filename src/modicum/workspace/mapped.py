"""The report's map: a sample of rows in two dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.records import Table
from modicum.vectors.shape import layout
from modicum.workspace.findings import shown
from modicum.workspace.ladder.problem import Problem


def map_facts(
    problem: Problem,
    table: Table,
    names: Sequence[str],
    codes: NDArray[np.int64],
    rng: np.random.Generator,
    points: int,
) -> dict[str, Any] | None:
    """At most `points` rows, coloured by the codes (N,) of classes with these names.

    Where fewer than half as many are labelled all of these are among them; else all rows are as likely. None for a map
    of fewer than five rows.
    """
    if points < 5 or len(problem.X) < 5:
        return None
    order = np.concatenate([rng.permutation(problem.rows), rng.permutation(problem.unlabelled_rows)])
    rows = np.sort(order[:points]) if len(problem.rows) < points // 2 else np.sort(rng.permutation(order)[:points])
    places = layout(np.asarray(problem.X[rows]), seed=int(rng.integers(2**31)))
    return {
        "method": "t-SNE of the vectors after principal components",
        "classes": list(names),
        "points": [
            {
                "x": round(float(x), 3),
                "y": round(float(y), 3),
                "class": int(k),
                "labelled": bool(problem.labelled[row]),
                "id": table.ids[row],
                "text": shown(table.texts[row]),
            }
            for (x, y), k, row in zip(places, codes[rows], rows, strict=True)
        ],
    }
