"""A class added to a bundle from a handful of examples, without fitting the others again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import check_vectors
from modicum.core.errors import InputError
from modicum.core.protocols import Encoder
from modicum.core.records import LabelSpace
from modicum.encoders import encode
from modicum.workspace.bundle import Bundle
from modicum.workspace.classes.changing import classifier, noted
from modicum.workspace.exemplars import Exemplars
from modicum.workspace.ladder.recipes import FittedRecipe, apply
from modicum.workspace.model import Model
from modicum.workspace.preparing import PRECOMPUTED, name_vectors

Floats = NDArray[np.floating]
FOLDS = 10


def add_class(
    bundle: Bundle,
    name: str,
    *,
    examples: Sequence[str] = (),
    description: str | None = None,
    parent: str | None = None,
    vectors: Floats | None = None,
    encoder: Encoder | None = None,
) -> Bundle:
    """The bundle with one more class, learnt from examples of it while all that is known of the others stays.

    Each member's rule gets a row for the class; it is told apart from the labelled rows that the bundle kept of the
    others, and the others keep their odds against one another. Of prediction sets, what was promised for rows of the
    other classes holds as before, since their part of a set does not change; for the new class nothing is promised.
    A cascade is given up, because what it answers by itself was settled without the class. How many examples are
    recognised when they are held out is in the report, as `added_classes`. With labels enough for a new `fit`, that
    is better by a point or two.

    Args:
        bundle: What was fitted.
        name: The new class.
        examples: Texts of the class, one at least.
        description: What the class is, where the others have descriptions.
        parent: Its parent in the class tree, where the others have parents.
        vectors: Vectors (n, D) of the examples instead of texts, for a bundle made from vectors.
        encoder: What `bundle.find_encoder` found, for those who ask more than once.

    Raises:
        InputError: The class is there already, there is no example, or the bundle kept no labelled row.
    """
    old = classifier(bundle)
    space = _larger_space(old.space, name, description, parent)
    if bundle.exemplars is None:
        raise InputError("the bundle kept no labelled row to tell a new class from; name the class and fit again")
    names = None
    if bundle.encoder.name != PRECOMPUTED:
        encoder = encoder or bundle.find_encoder()
        names = name_vectors(space, encoder, images=bundle.kind == "images")
    growth = _growth(bundle, bundle.exemplars, _examples(bundle, examples, vectors, encoder), names)
    model = replace(
        old,
        space=space,
        members=growth.members(np.ones(len(growth.X), dtype=bool)),
        conformal=old.conformal and old.conformal.with_class(),
        factors=None if old.factors is None else np.append(old.factors, 1.0),
        unknown=old.unknown and old.unknown.with_class(growth.X, len(space) - 1),
    )
    larger = replace(bundle, model=model, cascade=None, exemplars=bundle.exemplars.joined(growth.X, len(space) - 1))
    told = _facts(name, growth, model, bundle.exemplars)
    report = dict(larger.report)
    report["added_classes"] = [*report.get("added_classes", ()), told]
    lost = "; the cascade was given up, so that the encoder answers all texts" if bundle.cascade is not None else ""
    return noted(replace(larger, report=report), [f"{name} added"], _said(told) + lost + ".")


def _examples(bundle: Bundle, examples: Sequence[str], vectors: Floats | None, encoder: Encoder | None) -> Floats:
    if vectors is None and encoder is None:
        raise InputError("this bundle was made from precomputed vectors; give the examples' vectors, too")
    X = encode(examples, encoder) if vectors is None else check_vectors(vectors, width=bundle.model.width)
    if len(X) == 0:
        raise InputError("a class is learnt from examples; give at least one")
    return np.asarray(X, dtype=np.float32)


def _larger_space(space: LabelSpace, name: str, description: str | None, parent: str | None) -> LabelSpace:
    if not name.strip():
        raise InputError("the new class has no name; give it one")
    if name in space.index:
        raise InputError(f"the class {name!r} is there already; give the new class another name")
    blank = ("",) * len(space)
    descriptions = (*(space.descriptions or blank), description or "") if space.descriptions or description else ()
    parents = (*(space.parents or (None,) * len(space)), parent) if space.parents or parent else ()
    return LabelSpace((*space.names, name), descriptions, parents, space.group_parents)


@dataclass(frozen=True, eq=False)
class _Growth:
    """The members, and in the space of each: exemplars, examples and class names."""

    X: Floats
    """Vectors (m, D) of the examples."""
    codes: NDArray[np.int64]
    """Classes (n,) of the exemplars."""
    new: int
    """Code of the new class."""
    fitted: tuple[FittedRecipe, ...]
    exemplars: tuple[Floats, ...]
    examples: tuple[Floats, ...]
    names: tuple[Floats | None, ...]

    def members(self, keep: NDArray[np.bool_]) -> tuple[FittedRecipe, ...]:
        """The members with a class that is learnt from the examples `keep`."""
        y = np.append(self.codes, np.full(int(keep.sum()), self.new))
        parts = zip(self.fitted, self.exemplars, self.examples, self.names, strict=True)
        return tuple(
            replace(
                member,
                classifier=member.classifier.with_class(
                    self.new, np.append(old, more[keep], axis=0), y, class_vectors=names
                ),
            )
            for member, old, more, names in parts
        )


def _growth(bundle: Bundle, exemplars: Exemplars, X: Floats, names: Floats | None) -> _Growth:
    members = bundle.model.members
    return _Growth(
        X,
        exemplars.codes,
        len(bundle.classes),
        members,
        tuple(apply(member.transformers, exemplars.vectors) for member in members),
        tuple(apply(member.transformers, X) for member in members),
        tuple(None if names is None else apply(member.transformers, names) for member in members),
    )


def _facts(name: str, growth: _Growth, model: Model, exemplars: Exemplars) -> dict[str, object]:
    """What can be measured: held-out examples that are recognised, and other classes' rows that are lost to it."""
    count = len(growth.X)
    recognised = None
    if count > 1:
        fold = np.arange(count) % min(count, FOLDS)
        hits = 0
        for k in range(min(count, FOLDS)):
            without = replace(model, members=growth.members(fold != k))
            hits += int((without.decide(without.proba(growth.X[fold == k])) == growth.new).sum())
        recognised = hits
    taken = int((model.decide(model.proba(exemplars.vectors)) == growth.new).sum())
    return {
        "name": name,
        "examples": count,
        "recognised": recognised,
        "exemplars": len(exemplars.codes),
        "taken": taken,
    }


def _said(told: dict[str, object]) -> str:
    examples = "one example" if told["examples"] == 1 else f"{told['examples']} examples"
    words = f"The class “{told['name']}” was added after the fit from {examples}"
    if told["recognised"] is not None:
        words += f", {told['recognised']} of which are recognised when they are held out"
    return f"{words}; {told['taken']} of {told['exemplars']} labelled rows of the other classes go to it"
