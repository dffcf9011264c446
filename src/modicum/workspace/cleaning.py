"""What looks wrong in a labelled table: probable errors, conflicts and copies, each with its reason, and an audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder
from modicum.core.records import LabelSpace, Table
from modicum.data.dedup import conflicts, file_duplicates, kept_rows, text_copies
from modicum.data.leaks import audit
from modicum.data.read import label_space
from modicum.evaluation.splits import make_splits
from modicum.labels.noisy import Credibility, Repaired, credibility, repair
from modicum.workspace.budget import Stopwatch
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import RECIPES, FeatureBank, fit_recipe
from modicum.workspace.preparing import prepare
from modicum.workspace.same_texts import SameTexts, sides_of
from modicum.workspace.settings import Settings

CHEAP = next(recipe for recipe in RECIPES if recipe.name == "names + shots")
"""The recipe whose held-out probabilities are one of the two witnesses."""
FOLDS = 5
FEW = 4
"""Labels a class, in the mean, under which nobody is accused."""
ERROR, CONFLICT, DUPLICATE = "error", "conflict", "duplicate"


@dataclass(frozen=True)
class Finding:
    """One row and what is wrong with it."""

    row: int
    """Number of the row, from 1."""
    id: str
    kind: str
    """`error`, `conflict` or `duplicate`."""
    label: str | None
    suggestion: str | None
    """The label it should rather have; None where nothing is suggested."""
    credibility: float | None
    """Probability that the label is right, 0 to 1; None where it cannot be told."""
    reason: str
    text: str


@dataclass(frozen=True, eq=False)
class Cleaning:
    """What was found; the table is as it was."""

    findings: tuple[Finding, ...]
    """Errors first, least credible first; then conflicts, then copies."""
    facts: dict[str, Any]
    """The audit, JSON-able."""
    rows: NDArray[np.int64]
    """Row numbers, from 0, of the labelled rows."""
    judged: Credibility | None
    """What is to be believed of the labelled rows; None where labels are too few."""

    def repaired(self, *, trust: float = 0.0) -> Repaired | None:
        """Soft labels and weights of the labelled rows, for a fit; None where labels are too few."""
        return None if self.judged is None else repair(self.judged.posterior, trust=trust)

    def columns(self) -> dict[str, list[Any]]:
        """The findings as columns of a table."""
        return {name: [getattr(found, name) for found in self.findings] for name in Finding.__dataclass_fields__}

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {"audit": self.facts, "findings": [asdict(found) for found in self.findings]}


def clean(
    table: Table,
    *,
    classes: LabelSpace | None = None,
    encoder: str | Encoder | None = None,
    vectors: NDArray[np.floating] | None = None,
    split: str | None = None,
    settings: Settings | None = None,
    progress: Progress = silent,
) -> Cleaning:
    """Look for labels that are probably wrong, copies that disagree, and copies.

    Args:
        table: Items, from `modicum.read`; rows without a label are looked at for copies only.
        classes: Declared classes; default the labels seen.
        encoder: Name, folder or encoder; default all-MiniLM-L6-v2.
        vectors: Precomputed vectors (N, D), instead of an encoder.
        split: Column that says which split a row belongs to; copies across splits are then told.
        settings: Of these, the seed, the threads and the encoder's mode count.
        progress: Called with stage, units done and units in all.

    Raises:
        InputError: The table, the classes or the vectors are not usable; the sentence says why.
    """
    settings = settings or Settings()
    sides = None if split is None else sides_of(table, split)
    space = label_space(table, classes)
    if not table.labelled.any():
        raise InputError(f"{table.source} holds no label to look at; name its column with --label COL")
    source = encoder if vectors is None else np.asarray(vectors)
    prepared = prepare(table, space, source, settings, Stopwatch(), progress)
    problem, same = prepared.problem, prepared.same
    judged = _judge(problem, settings.seed, progress)
    found = [
        *_errors(table, problem, judged),
        *_conflicts(table, problem, judged, same),
        *_duplicates(table, problem, judged, same.exact),
    ]
    facts = _facts(table, problem, judged, same, sides)
    facts |= {f"{kind}s": sum(one.kind == kind for one in found) for kind in (ERROR, CONFLICT, DUPLICATE)}
    return Cleaning(tuple(found), facts, problem.rows, judged)


def held_out_proba(problem: Problem, seed: int, progress: Progress = silent) -> NDArray[np.float64]:
    """Probabilities (n, K) of the labelled rows, each from the cheap recipe fitted to other folds."""
    labelled = problem.only(problem.rows)
    bank = FeatureBank(labelled)
    out = np.zeros((len(labelled.X), len(problem.space)))
    rng = np.random.default_rng(seed)
    splits = make_splits(labelled.y, groups=labelled.groups, folds=FOLDS, repeats=1, rng=rng)
    for number, fold in enumerate(splits):
        progress("held-out models", number, len(splits))
        fitted = fit_recipe(CHEAP, bank, fold.train, seed=seed)
        out[fold.test] = fitted.classifier.predict_proba(labelled.X[fold.test])
    progress("held-out models", len(splits), len(splits))
    return out


def _judge(problem: Problem, seed: int, progress: Progress) -> Credibility | None:
    y = problem.y
    present = np.unique(y)
    groups = len(y) if problem.groups is None else len(np.unique(problem.groups[problem.rows]))
    if len(present) < 2 or groups < FEW * len(present):
        return None
    proba = held_out_proba(problem, seed, progress)
    return credibility(problem.X[problem.rows], proba, y, rng=np.random.default_rng(seed))


def _finding(table: Table, row: int, kind: str, suggestion: str | None, credible: float | None, reason: str) -> Finding:
    return Finding(row + 1, table.ids[row], kind, table.labels[row], suggestion, credible, reason, table.texts[row])


def _credible(problem: Problem, judged: Credibility | None) -> dict[int, float]:
    if judged is None:
        return {}
    return dict(zip(problem.rows.tolist(), judged.values.round(4).tolist(), strict=True))


def _errors(table: Table, problem: Problem, judged: Credibility | None) -> list[Finding]:
    if judged is None:
        return []
    names, found = problem.space.names, []
    for place in judged.suspects.tolist():
        row, best = int(problem.rows[place]), int(judged.suggested[place])
        share, own = judged.posterior[place, best], judged.values[place]
        reason = f"its neighbours and a held-out model say {names[best]} ({share:.0%}, its label {own:.0%})"
        found.append(_finding(table, row, ERROR, names[best], round(float(own), 4), reason))
    return found


def _conflicts(table: Table, problem: Problem, judged: Credibility | None, same: SameTexts) -> list[Finding]:
    """Labelled rows that say the same, or nearly, under different labels; a majority is suggested."""
    rows, credible, found = conflicts(same.near, table.labels), _credible(problem, judged), []
    order = rows[np.argsort(same.near[rows], kind="stable")]
    cuts = np.flatnonzero(np.diff(same.near[order])) + 1
    for group in np.split(order, cuts) if len(order) else []:
        counts = np.bincount(problem.codes[group], minlength=len(problem.space))
        tops = np.flatnonzero(counts == counts.max())
        best = problem.space.names[tops[0]] if len(tops) == 1 else None
        for row in group.tolist():
            other = next(one for one in group.tolist() if table.labels[one] != table.labels[row])
            how = "the same text" if same.exact[other] == same.exact[row] else "nearly the same text"
            reason = f"row {other + 1} holds {how} under {table.labels[other]}"
            suggestion = best if best != table.labels[row] else None
            found.append(_finding(table, row, CONFLICT, suggestion, credible.get(row), reason))
    return found


def _duplicates(table: Table, problem: Problem, judged: Credibility | None, exact: NDArray[np.int64]) -> list[Finding]:
    """Rows that are copies of an earlier row, by what `dedup` calls so: less than what must not part in a split."""
    groups = text_copies(table.texts) if table.images is None else file_duplicates(table.images)
    credible, heads, equals = _credible(problem, judged), kept_rows(groups), kept_rows(exact)
    found = []
    for row in np.flatnonzero(heads != np.arange(len(table))).tolist():
        equal = int(equals[row])
        reason = f"a copy of row {equal + 1}" if equal != row else f"nearly the same text as row {heads[row] + 1}"
        found.append(_finding(table, row, DUPLICATE, None, credible.get(row), reason))
    return found


def _facts(
    table: Table, problem: Problem, judged: Credibility | None, same: SameTexts, sides: NDArray[Any] | None
) -> dict[str, Any]:
    rows, names = problem.rows, problem.space.names
    texts = [table.texts[row] for row in rows]
    split = None if sides is None else sides[rows]
    told = audit(texts, problem.y, len(problem.space), groups=same.near[rows], splits=split)
    words = told.shortcuts
    return {
        "source": table.source,
        "rows": len(table),
        "labelled": len(rows),
        "classes": len(problem.space),
        "judged": judged is not None,
        "wrong_labels": None if judged is None else round(float(1 - judged.values.mean()), 4),
        "mistakes": _mistakes(judged, names),
        "largest_to_smallest_class": round(told.ratio, 2),
        "classes_made_even": told.picked,
        "copies_across_splits": None if sides is None else [table.ids[rows[place]] for place in told.leaked],
        "shortcuts": [
            {"word": word, "class": names[code], "rows": int(count)}
            for word, code, count in zip(words.words, words.codes, words.rows, strict=True)
        ],
    }


def _mistakes(judged: Credibility | None, names: Sequence[str], top: int = 10) -> list[dict[str, Any]]:
    """The most frequent mistakes, where classes are mistaken for certain others: the true class and the written one."""
    if judged is None or not judged.structured:
        return []
    off = judged.noise - np.diag(np.diag(judged.noise))
    order = np.argsort(-off, axis=None, kind="stable")[:top]
    told = zip(*np.unravel_index(order, off.shape), off.flat[order].round(4).tolist(), strict=True)
    return [{"true": names[a], "written": names[b], "share": share} for a, b, share in told if share > 0]
