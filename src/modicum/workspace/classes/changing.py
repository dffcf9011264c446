"""Classes of a bundle renamed or removed, and how its report tells of a change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.core.linear_head import LinearHead
from modicum.core.records import LabelSpace
from modicum.core.texts import counted
from modicum.labels.conformal import ConformalRule
from modicum.workspace.bundle import Bundle
from modicum.workspace.cascade import Cascade
from modicum.workspace.ladder.recipes import FittedRecipe
from modicum.workspace.model import Model

Ints = NDArray[np.int64]


def rename_classes(bundle: Bundle, names: Mapping[str, str]) -> Bundle:
    """The bundle with some classes under other names; it answers as before.

    Args:
        bundle: What was fitted.
        names: New name of each class to rename, by its old one.

    Raises:
        InputError: A class is not the bundle's, or two would have one name.
    """
    for old in names:
        check_choice(old, bundle.classes, "class")
    space = bundle.model.space
    renamed = replace(
        space,
        names=tuple(names.get(name, name) for name in space.names),
        parents=tuple(parent and names.get(parent, parent) for parent in space.parents),
        group_parents=tuple((names.get(a, a), names.get(b, b)) for a, b in space.group_parents),
    )
    changes = [f"{a} → {b}" for a, b in names.items()]
    data = bundle.report.get("data", {})
    counts = {names.get(name, name): count for name, count in data.get("class_counts", {}).items()}
    report = {**bundle.report, "data": {**data, "class_counts": counts}} if counts else bundle.report
    return noted(replace(bundle, model=replace(bundle.model, space=renamed), report=report), changes, _since(changes))


def remove_classes(bundle: Bundle, names: Iterable[str]) -> Bundle:
    """The bundle without some classes: the others keep their odds against one another.

    Prediction sets keep their thresholds; what they promise is promised for rows of the classes that are left.

    Args:
        bundle: What was fitted.
        names: Classes to remove.

    Raises:
        InputError: A class is not the bundle's, fewer than two would be left, or a member is no linear rule.
    """
    model, gone = classifier(bundle), set(names)
    for name in gone:
        check_choice(name, bundle.classes, "class")
    keep = np.array([code for code, name in enumerate(bundle.classes) if name not in gone], dtype=np.int64)
    if len(keep) < 2:
        raise InputError(f"only {counted(len(keep), 'class', 'classes')} would be left; a task needs at least two")
    smaller = replace(
        model,
        space=_kept_space(model.space, keep),
        members=tuple(_kept_member(member, keep) for member in model.members),
        conformal=model.conformal and _kept_rule(model.conformal, keep, len(model.space)),
        factors=None if model.factors is None else model.factors[keep],
        unknown=model.unknown and model.unknown.only(keep),
    )
    cascade = bundle.cascade and _kept_cascade(bundle.cascade, keep)
    kept = bundle.exemplars and bundle.exemplars.only(keep)
    changes = [f"{name} removed" for name in sorted(gone)]
    return noted(replace(bundle, model=smaller, cascade=cascade, exemplars=kept), changes, _since(changes))


def classifier(bundle: Bundle) -> Model:
    """The bundle's model, which gives each row one class.

    Raises:
        InputError: Rows have several labels, or a number.
    """
    if not isinstance(bundle.model, Model):
        raise InputError("classes are added and removed where a row has one class; change the table, and fit again")
    return bundle.model


def noted(bundle: Bundle, changes: Sequence[str], said: str) -> Bundle:
    """The bundle whose report tells what was changed after the fit, and what is promised now."""
    report = dict(bundle.report)
    report["changed_classes"] = [*report.get("changed_classes", ()), *changes]
    report["grounds"] = [*report.get("grounds", ()), said]
    if report.get("conformal") and bundle.model.conformal is not None:
        report["conformal"] = {**report["conformal"], "guarantee": bundle.model.conformal.guarantee}
    if report.get("unknown") and isinstance(bundle.model, Model) and bundle.model.unknown is not None:
        report["unknown"] = {**report["unknown"], "guarantee": bundle.model.unknown.guarantee}
    return replace(bundle, report=report)


def _since(changes: Sequence[str]) -> str:
    return f"Classes were changed after the fit: {', '.join(changes)}."


def _kept_space(space: LabelSpace, keep: Ints) -> LabelSpace:
    def part(values: tuple[str | None, ...]) -> tuple[str | None, ...]:
        return tuple(values[code] for code in keep) if values else ()

    descriptions = tuple(space.descriptions[code] for code in keep) if space.descriptions else ()
    names = tuple(space.names[code] for code in keep)
    return LabelSpace(names, descriptions, part(space.parents), space.group_parents)


def _kept_member(member: FittedRecipe, keep: Ints) -> FittedRecipe:
    head = member.classifier
    if not isinstance(head, LinearHead):
        raise InputError(f"the recipe {member.recipe.name!r} is no linear rule; fit again without these classes")
    smaller = clone(head)
    smaller.coef_, smaller.intercept_ = head.coef_[keep], head.intercept_[keep]
    smaller.classes_, smaller.n_features_in_ = np.arange(len(keep)), head.n_features_in_
    return replace(member, classifier=smaller)


def _kept_rule(rule: ConformalRule, keep: Ints, classes: int) -> ConformalRule:
    thresholds, added = rule.thresholds, int((keep >= classes - rule.added).sum())
    if len(thresholds) > 1:
        thresholds = tuple(thresholds[code] for code in keep)
    said = f"{rule.guarantee} Classes were removed after that."
    return replace(rule, thresholds=thresholds, guarantee=said, added=added)


def _kept_cascade(cascade: Cascade, keep: Ints) -> Cascade:
    rule = cascade.conformal and _kept_rule(cascade.conformal, keep, len(cascade.coef))
    return replace(cascade, coef=cascade.coef[keep], intercept=cascade.intercept[keep], conformal=rule)
