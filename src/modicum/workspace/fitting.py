"""The main job, end to end: a table in, a bundle and a report out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import as_array, check_choice, check_fraction
from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder
from modicum.core.records import LabelSpace, Table
from modicum.data.read import label_space, no_label_hint, numeric_hint, several_hint
from modicum.encoders import MODES
from modicum.labels.conformal import SCORES, cross_conformal, split_conformal
from modicum.workspace.budget import Stopwatch, parse_budget
from modicum.workspace.bundle import Answers, Bundle
from modicum.workspace.cascade import FittedCascade, fit_cascade
from modicum.workspace.exemplars import keep_exemplars
from modicum.workspace.making import Made, conformal_rule, make_model
from modicum.workspace.predicting import prediction_columns, to_parquet
from modicum.workspace.preparing import AUTO, CASCADE, FUSED, prepare, reference_of
from modicum.workspace.reporting import Facts, write_report
from modicum.workspace.same_texts import kept_back
from modicum.workspace.search.carried import index_vectors
from modicum.workspace.settings import LEAST, PER_CLASS, Settings
from modicum.workspace.targets.fitting import fit_target, target_of
from modicum.workspace.tuning.settings import SHIPS
from modicum.workspace.tuning.trying import try_tuning
from modicum.workspace.tuning.tuner import check_tuning

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Result:
    """What `fit` gives back: the bundle, and the answers for every row of the table."""

    bundle: Bundle
    predictions: Answers
    table: Table

    @property
    def report(self) -> dict[str, Any]:
        """The content of report.json."""
        return dict(self.bundle.report)

    @property
    def ladder(self) -> list[dict[str, Any]]:
        """One entry per recipe: what it is, what it showed, whether it was shipped."""
        return list(self.bundle.report["ladder"])

    def predict(self, texts: Sequence[str]) -> Answers:
        """Answer for new texts, or for image files by name."""
        return self.bundle.predict(texts)

    def save(self, path: str | Path, *, index: bool = False) -> Path:
        """Write the bundle as a folder, with the predictions of the table's rows.

        With `index` also with their vectors, from the cache, so that `modicum serve` can search them.

        Raises:
            InputError: The place cannot be written, or there is no encoder of texts that could encode a query.
        """
        columns = prediction_columns(self.table, self.predictions, self.bundle.classes)
        vectors = index_vectors(self.bundle, self.table) if index else None
        return self.bundle.save(path, to_parquet(columns), vectors)


def fit(
    table: Table,
    *,
    classes: LabelSpace | None = None,
    encoder: str | Encoder | None = None,
    vectors: NDArray[np.floating] | None = None,
    split: str | None = None,
    settings: Settings | None = None,
    progress: Progress = silent,
    **changes: Any,
) -> Result:
    """Make a calibrated task model from a table with a few labels.

    Args:
        table: Items, from `modicum.read`; labels are `None` where unknown.
        classes: Declared classes, with descriptions and parents; default the labels seen.
        encoder: Name, folder or encoder; default all-MiniLM-L6-v2. For images there is no default.
        vectors: Precomputed vectors (N, D), instead of an encoder.
        split: Column of splits; labels of the rows that it calls `test` are kept back, and figures measured on them.
        settings: All settings at once.
        progress: Called with stage, units done and units in all.
        **changes: Single settings by name, for instance `budget="60s"` or `seed=1`; see `Settings`.

    Returns:
        The result; `result.save(path)` writes the bundle.

    Raises:
        InputError: The table, the classes, the vectors or a setting are not usable; the sentence says why.
    """
    settings = _checked(settings or Settings(), changes)
    table = table if split is None else kept_back(table, split)
    source = encoder if vectors is None else as_array(vectors)
    target = target_of(table, settings.target)
    if target is not None:
        if settings.tuning.wanted:
            raise InputError("weights are tuned for one class a row; leave out --tune, or the target")
        bundle, found = fit_target(target, table, classes, source, settings, progress)
        return Result(bundle, found, table)
    hint = numeric_hint(table) or several_hint(table) or no_label_hint(table)
    if hint and settings.target == "auto" and classes is None:
        warnings.warn(hint, UserWarning, stacklevel=2)
    watch = Stopwatch()
    space = label_space(table, classes)
    _check_hidden(table, space)
    prepared = prepare(table, space, source, settings, watch, progress)
    made = make_model(prepared.problem, settings, watch=watch, progress=progress)
    shipped = try_tuning(made, table, prepared.source, settings, watch, progress)
    if shipped.encoder is not None:
        prepared = replace(prepared, encoder=reference_of(shipped.encoder, own=True), encoder_arrays={})
    made = shipped.made
    answers = made.model.predict(made.problem.X)
    cascade = None
    if prepared.static is not None:
        with watch.stage("cascade"):
            rng, teacher = np.random.default_rng(settings.seed), answers.probabilities
            cascade = fit_cascade(prepared.static, teacher, tolerance=settings.tolerance, rng=rng, progress=progress)
            cascade = with_sets(cascade, made, prepared.static, settings)
    with watch.stage("report"):
        report = write_report(Facts(table, made, answers, prepared, settings, cascade))
    report["timings"] = watch.seconds
    problem, rng = made.problem, np.random.default_rng(settings.seed)
    exemplars = keep_exemplars(problem.X[problem.rows], problem.y, rng)
    student = cascade.cascade if cascade else None
    arrays = prepared.encoder_arrays
    bundle = Bundle(made.model, prepared.encoder, report, arrays, student, exemplars, shipped.weights)
    return Result(bundle, answers, table)


def _check_hidden(table: Table, space: LabelSpace) -> None:
    """Refuse, before any work, test rows of a class that cannot be answered."""
    strange = next((label for label in table.hidden or () if label is not None and label not in space.index), None)
    if strange is not None:
        raise InputError(
            f"{table.source}: {strange!r} is the label of rows kept back, but of no other; label a row of it that is "
            "not kept back, or name all classes with --classes"
        )


def _checked(settings: Settings, changes: dict[str, Any]) -> Settings:
    for name in changes:
        check_choice(name, Settings.__dataclass_fields__, "setting")
    settings = replace(settings, **changes)
    for name, least in LEAST.items():
        value = getattr(settings, name)
        if value is not None and not isinstance(value, int | np.integer):
            raise InputError(f"{name} must be a whole number, not {value!r}")
        if value is not None and value < least:
            raise InputError(f"{name} must be at least {least}, not {value!r}")
    check_fraction(settings.alpha, "alpha")
    if not 0 <= settings.tolerance < 1:
        raise InputError(f"tolerance must be at least 0 and below 1, not {settings.tolerance:g}; a point is 0.01")
    check_choice(settings.encoder_mode, (AUTO, *MODES, FUSED, CASCADE), "encoder mode")
    check_choice(settings.tuning.ship, SHIPS, "what is shipped of tuned weights")
    check_choice(settings.sets.removesuffix(PER_CLASS), SCORES, "score of prediction sets")
    if settings.unknown is not None:
        check_fraction(settings.unknown, "the rate of rows that may be marked as unknown")
        if settings.encoder_mode == CASCADE:
            raise InputError("a cascade does not know which texts are unknown; take another encoder mode")
    parse_budget(settings.budget)
    check_tuning(settings.tuning)
    return settings


def with_sets(fitted: FittedCascade, made: Made, static: Floats, settings: Settings) -> FittedCascade:
    """The cascade with prediction sets that are calibrated on held-out answers of whichever stage would answer."""
    problem, found = made.problem, made.found
    if found is None:
        return fitted
    if problem.aside is None:
        rows, calibrate = problem.rows[found.rows], cross_conformal
        exact = made.model.corrected(found.after)
        how = "The static stage learnt from a model that knew these labels, though never from the row."
    else:
        rows, calibrate, how = np.flatnonzero(problem.aside), split_conformal, ""
        exact = made.model.proba(problem.X[rows])
    sent, codes = fitted.cascade.mixed(fitted.held_out(rows, static), exact), problem.codes[rows]
    rule = conformal_rule(calibrate, sent, codes, settings)
    said = f"{rule.guarantee} Each row was answered by the stage of the cascade that would answer it. {how}".strip()
    cascade = replace(fitted.cascade, conformal=replace(rule, guarantee=said))
    return replace(fitted, cascade=cascade, sent=sent, codes=codes)
