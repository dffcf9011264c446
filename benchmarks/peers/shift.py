"""Class shares under label shift: modicum and QuaPy, on the same posteriors and draws, in one run.

    python benchmarks/peers/shift.py ../shared/data benchmarks/peers/shift.json

QuaPy's methods are given the classifier's answers ready-made: out-of-fold posteriors to be fitted on, and the batch's
posteriors to be aggregated. Settings are QuaPy's defaults; every calibration that its EMQ offers is run. A method that
takes longer than `PATIENCE` for a cell is told with the draws it did in that time.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from quapy.method import aggregative
from sklearn.base import BaseEstimator

from modicum.core.files import atomic_write
from modicum.evaluation.bench import BenchRow, machine_facts, rows_to_json, summarize
from modicum.workspace.bench.labels.shift import SHOTS, Draw, draws, estimates
from modicum.workspace.bench.tasks import open_collection

SEEDS, PATIENCE = 20, 40.0
CALIBRATIONS = (None, "ts", "bcts", "nbvs", "vs")
PLAIN = ("ACC", "PCC", "PACC", "BBSEhard", "BBSEsoft", "RLLS", "DMy", "EDy", "KDEyML", "KDEyHD", "KDEyCS")


class Given(BaseEstimator):  # type: ignore[misc]
    """A classifier whose rows are its answers."""

    def __init__(self, classes: int = 2) -> None:
        self.classes = classes

    def __sklearn_is_fitted__(self) -> bool:
        return True

    @property
    def classes_(self) -> Any:
        """Class codes."""
        return np.arange(self.classes)

    def fit(self, X: Any, y: Any) -> Given:
        """Learn nothing."""
        return self

    def predict_proba(self, X: Any) -> Any:
        """The rows."""
        return X

    def predict(self, X: Any) -> Any:
        """Their most probable class."""
        return X.argmax(axis=1)


def methods() -> dict[str, Callable[..., Any]]:
    """QuaPy's aggregative methods for more than two classes, by name."""
    found: dict[str, Callable[..., Any]] = {
        f"EMQ, {calib or 'uncalibrated'}": lambda calib=calib, **kw: aggregative.EMQ(calib=calib, **kw)
        for calib in CALIBRATIONS
    }
    found["EMQ_BCTS"] = aggregative.EMQ.EMQ_BCTS
    return found | {name: getattr(aggregative, name) for name in PLAIN}


def quapy_errors(make: Callable[..., Any], cell: Sequence[Draw], fitted_once: bool) -> list[float]:
    """L1 errors of one method."""
    errors, started, method = [], time.perf_counter(), None
    for draw in cell:
        if method is None or not fitted_once:
            held_out = tidy(draw.held_out)
            options = {"fit_classifier": False, "val_split": (held_out, draw.codes)}
            method = make(classifier=Given(draw.proba.shape[1]), **options)
            method.fit(held_out, draw.codes)
        shares = method.predict(tidy(draw.proba))
        errors.append(float(np.abs(np.asarray(shares) - draw.shares).sum()))
        if time.perf_counter() - started > PATIENCE:
            break
    return errors


def tidy(proba: Any) -> Any:
    """Probabilities above 0 that sum to 1 exactly, which QuaPy's logarithms want."""
    lifted = np.maximum(proba, 1e-12)
    return lifted / lifted.sum(axis=1, keepdims=True)


def main(root: Path, target: Path, names: Sequence[str]) -> None:
    """Run all methods on all cells and write the rows."""
    rows: list[BenchRow] = []
    for name in names:
        collection = open_collection(name, root)
        for shots in (SHOTS, None):
            where = f"{name} test, {'all' if shots is None else shots} labels{'' if shots is None else ' a class'}"
            cell = list(draws(collection, shots, SEEDS))
            found = {f"QuaPy {key}": quapy_errors(make, cell, shots is None) for key, make in methods().items()}
            whole = {key: float(np.mean(errors)) for key, errors in found.items() if len(errors) == len(cell)}
            best = min(whole, key=whole.__getitem__)
            for draw in cell:
                for key, shares in estimates(draw).items():
                    found.setdefault(f"modicum {key}", []).append(float(np.abs(shares - draw.shares).sum()))
            for key, errors in found.items():
                value, spread = summarize(errors)
                note = f"baseline: {best}"
                rows.append(
                    BenchRow(f"L1 error, {key}", where, value, "", whole[best], None, len(errors), spread, note)
                )
                sys.stderr.write(f"{where}: {key} {value:.4f} ({len(errors)} draws)\n")
    told = {"bench": "shift", "machine": machine_facts(), "rows": rows_to_json(rows)}
    atomic_write(target, (json.dumps(told, indent=1) + "\n").encode())


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:] or ["banking77", "trec"])
