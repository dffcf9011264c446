"""A bundle's head on merged weights: taken as it was fitted, measured beside what it was, its promises made anew.

Members, shares, temperature and words beside the vectors stay what they are: weights tuned from one start make vectors
that lie close to one another, and what the move costs is measured. Thresholds that were set by the old vectors, of
prediction sets and of unknown rows, are set anew by the held-out rows that judge, for nothing else was learnt from
them. Exemplars are held-out rows from then on. A cascade is given up: what it answers by itself was settled on the old
vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.records import Table
from modicum.core.texts import percent
from modicum.encoders import FolderEncoder, FusedEncoder, encode, load_folder
from modicum.evaluation import metrics
from modicum.labels.conformal import ConformalRule, split_conformal
from modicum.workspace.bundle import Bundle
from modicum.workspace.exemplars import Exemplars, keep_exemplars
from modicum.workspace.findings import conformal_facts
from modicum.workspace.model import Model, Predictions
from modicum.workspace.preparing import FUSED, PRECOMPUTED, reference_of
from modicum.workspace.receiving.files import ENCODER
from modicum.workspace.receiving.loading import load
from modicum.workspace.summary import summary
from modicum.workspace.tuning.own import OwnWeights, Scratch
from modicum.workspace.weights.judging import Held
from modicum.workspace.weights.merging import Merging, states_of
from modicum.workspace.weights.models import check_kind, read_models

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]
READS = ("exact", "fast", FUSED)
"""Encoder modes whose vectors merged weights make, too; the axes of static vectors are those of one encoder alone."""


@dataclass(frozen=True)
class HeadFigures:
    """What a head is worth on the rows that judge."""

    accuracy: float
    calibration_error: float
    coverage: float | None
    """Share of its prediction sets that hold the true class; None where it makes none."""
    mean_size: float | None
    """Classes a set, on average."""

    @classmethod
    def of(cls, answers: Predictions, codes: Ints) -> Self:
        """The figures of answers for rows of classes (n,)."""
        error = metrics.expected_calibration_error(answers.probabilities, codes)
        sets = None if answers.sets is None else metrics.set_metrics(answers.sets, codes)
        known = (None, None) if sets is None else (sets.coverage, sets.mean_size)
        return cls(float(metrics.accuracy(codes, answers.codes)), float(error), *known)


@dataclass(frozen=True, eq=False)
class Headed:
    """A bundle whose head answers on merged weights, and what that changed."""

    bundle: Bundle
    table: str
    """Name of the held-out table that judged."""
    rows: int
    """Rows of it that did."""
    before: HeadFigures
    """With the encoder that the head was fitted on."""
    after: HeadFigures
    """On the merged weights, with the thresholds it had."""
    notes: tuple[str, ...]
    """What became of thresholds, exemplars and a cascade, in sentences."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, without the bundle."""
        told = {"table": self.table, "rows": self.rows, "notes": list(self.notes)}
        return told | {"before": asdict(self.before), "after": asdict(self.after)}


@dataclass(frozen=True, eq=False)
class Head:
    """A bundle whose head is wanted on merged weights."""

    bundle: Bundle
    model: Model
    encoder: FolderEncoder | FusedEncoder
    """What it was fitted on."""
    table: str
    """Name of the held-out table of its classes."""

    @property
    def pretrained(self) -> FolderEncoder:
        """The encoder whose weights are replaced."""
        return self.encoder.meaning if isinstance(self.encoder, FusedEncoder) else self.encoder

    def on(self, found: Merging, *, seed: int = 0, progress: Progress = silent) -> Headed:
        """The bundle with this head and the merged weights.

        Args:
            found: What `merge` gave for the models and tables that the head was read for.
            seed: Of the draw of exemplars, and of rows that tune the settings of `raps`.
            progress: Called with the stage `encode`.
        """
        held = next(one for one in found.held if one.name == self.table)
        codes = np.array([self.model.space.index[name] for name in held.names])[held.codes]
        rows = held.judging
        asked = [held.texts[row] for row in rows]
        answers = self.bundle.predict(asked, encoder=self.encoder, progress=progress)
        if not isinstance(answers, Predictions):
            raise RuntimeError("only a head of one class a row can be asked here")
        scratch = Scratch()
        weights = OwnWeights(found.write(scratch.folder / ENCODER), scratch)
        encoder = self._moved(weights)
        X = encode(held.texts, encoder, cache=False, progress=progress)
        moved = _Moved(self, held, X, codes, seed)
        before, after = HeadFigures.of(answers, codes[rows]), HeadFigures.of(moved.answers(self.model), codes[rows])
        model, kept = moved.model(), moved.exemplars()
        notes = tuple(moved.notes(model, kept, after))
        reference = reference_of(encoder, own=True)
        bundle = replace(self.bundle, model=model, encoder=reference, cascade=None, exemplars=kept, weights=weights)
        headed = Headed(replace(bundle, digest=""), held.name, len(rows), before, after, notes)
        report = _report(headed, found, moved.facts(model))
        return replace(headed, bundle=replace(headed.bundle, report=report))

    def _moved(self, weights: OwnWeights) -> FolderEncoder | FusedEncoder:
        """The merged weights in the mode of the head's encoder, with the words beside it where there are any."""
        old = self.pretrained
        name = f"{old.name.removesuffix(', tuned')}, merged"
        found = load_folder(weights.folder, threads=old.threads, name=name, precision=old.precision)
        return FusedEncoder(found, self.encoder.words) if isinstance(self.encoder, FusedEncoder) else found


def read_head(
    path: str | Path, models: Sequence[str | Path], tables: Sequence[Table], *, threads: int | None = None
) -> Head:
    """A bundle whose head is wanted on what is made of some models: refused here, before these are merged.

    Args:
        path: The bundle: one of the models, or any other whose encoder has their start.
        models: As for `merge`.
        tables: As for `merge`; the first one whose labels are all classes of the bundle judges the head.
        threads: As for `load_folder`.

    Raises:
        InputError: It is no bundle of one class a row on vectors that merged weights make, its encoder has another
            start, no table is of its classes, or torch is not installed.
    """
    bundle = load(path)
    if not isinstance(bundle.model, Model):
        raise InputError(f"rows of {path} have several labels, or a number; a head must give each row one class")
    reference = bundle.encoder
    found = None
    if reference.name != PRECOMPUTED and reference.mode in READS and bundle.kind == "texts":
        found = bundle.find_encoder(threads)
    if not isinstance(found, FolderEncoder | FusedEncoder):
        raise InputError(
            f"the head of {path} reads vectors of {reference.name} ({reference.mode}), which no tuned encoder makes; "
            "give a bundle of texts on a pretrained encoder in exact, fast or fused mode"
        )
    head = Head(bundle, bundle.model, found, _table_of(path, bundle, tables).source)
    encoders = read_models(models, threads)
    check_kind(encoders[0], head.pretrained)
    if head.pretrained.fingerprint not in {one.fingerprint for one in encoders}:
        states_of([encoders[0], head.pretrained])
    return head


def _table_of(path: str | Path, bundle: Bundle, tables: Sequence[Table]) -> Table:
    odd = None
    for table in tables:
        odd = next((label for label in table.labels if label is not None and label not in bundle.classes), None)
        if odd is None:
            return table
    where = f"{tables[-1].source}: {odd!r} is no class of {path}" if tables else f"no table judges the head of {path}"
    raise InputError(f"{where}; give held-out rows of its classes with --table")


@dataclass(frozen=True, eq=False)
class _Moved:
    """The held-out rows in the space of the merged weights."""

    head: Head
    held: Held
    X: Floats
    """Vectors (N, D) of all rows."""
    codes: Ints
    """Their classes (N,), as the bundle numbers them."""
    seed: int

    @property
    def judging(self) -> tuple[Floats, Ints]:
        """Vectors and classes of the rows that nothing was learnt from."""
        return self.X[self.held.judging], self.codes[self.held.judging]

    def model(self) -> Model:
        """The head, its thresholds set anew."""
        X, codes = self.judging
        old = self.head.model
        unknown = old.unknown and old.unknown.recalibrated(X)
        return replace(old, conformal=old.conformal and self._sets(old.conformal, old.proba(X), codes), unknown=unknown)

    def _sets(self, old: ConformalRule, proba: Floats, codes: Ints) -> ConformalRule:
        """Prediction sets of the same kind, by held-out probabilities (n, K) and classes (n,)."""
        rng, per_class = np.random.default_rng(self.seed), len(old.thresholds) > 1
        rule = split_conformal(proba, codes, alpha=old.alpha, score=old.score, per_class=per_class, rng=rng)
        said = f"{rule.guarantee} They are held-out rows of {self.held.name}, for weights were merged after the fit."
        return replace(rule, guarantee=said)

    def exemplars(self) -> Exemplars | None:
        """Held-out rows to tell an added class from; None where a class has none."""
        every = len(np.unique(self.codes)) == len(self.head.model.space)
        return keep_exemplars(self.X, self.codes, np.random.default_rng(self.seed)) if every else None

    def answers(self, model: Model) -> Predictions:
        """A model's answers for the rows that judge."""
        return model.predict(self.judging[0])

    def facts(self, model: Model) -> dict[str, Any] | None:
        """What the report tells of prediction sets."""
        sets = self.answers(model).sets
        if model.conformal is None or sets is None:
            return None
        return conformal_facts(self.judging[1], sets, model.conformal)

    def notes(self, model: Model, kept: Exemplars | None, after: HeadFigures) -> list[str]:
        """What became of the parts that the old vectors had set."""
        said, rows = [], f"{len(self.held.judging):,} held-out rows"
        if after.coverage is not None:
            said.append(
                f"With the thresholds of the fit {percent(after.coverage)} of the prediction sets hold the true class "
                f"on merged weights; they were set anew by {rows}."
            )
        if model.unknown is not None:
            said.append(f"The threshold of unknown rows was set anew by {rows}: {model.unknown.guarantee}")
        if self.head.bundle.cascade is not None:
            said.append("The cascade was given up, so that the encoder answers all texts.")
        if kept is None and self.head.bundle.exemplars is not None:
            said.append("Some classes have no held-out row, so no class can be added without a fit.")
        return said


def _report(headed: Headed, found: Merging, sets: dict[str, Any] | None) -> dict[str, Any]:
    """The report of the fit, which begins with what was merged since."""
    report, model = dict(headed.bundle.report), headed.bundle.model
    before, after, rows = headed.before, headed.after, f"{headed.rows:,} held-out rows of {headed.table}"
    where = "Prediction sets and rows kept back are told of merged weights, other figures of the encoder of the fit."
    report["grounds"] = [f"At the fit: {report.get('decision')}", *report.get("grounds", ()), where, *headed.notes]
    report["decision"] = (
        f"The head answers on weights merged after the fit ({found.method}, of {len(found.models)} models): right in "
        f"{percent(after.accuracy)} of {rows}, and in {percent(before.accuracy)} on the encoder of the fit."
    )
    report["encoder"] = {**(report.get("encoder") or {}), **asdict(headed.bundle.encoder)}
    report |= {"merged": {"method": found.method, **headed.to_dict()}, "cascade": None}
    report["test"] = {
        "rows": headed.rows,
        "accuracy": after.accuracy,
        "macro_f1": None,
        "baseline": "(same head, encoder of the fit)",
        "baseline_accuracy": before.accuracy,
        "coverage": None,
        "mean_size": None,
        "copies": [],
        "accuracy_without_copies": None,
    }
    if sets is not None:
        report["conformal"] = sets
    if report.get("unknown") and isinstance(model, Model) and model.unknown is not None:
        report["unknown"] = {**report["unknown"], **model.unknown.to_dict()}
    return report | ({"summary": summary(report)} if report.get("summary") else {})
