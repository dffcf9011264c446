"""Which methods can be measured alike: told by what they ask for, so that a new one need not be listed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any

from modicum.workspace.registry import Method, methods


def classifiers() -> dict[str, Any]:
    """Classes by key that learn as every head does: from labelled rows, class vectors and unlabelled rows."""
    return _classes(lambda thing: hasattr(thing, "predict_proba") and "X_unlabelled" in _parameters(thing.fit))


def transformers() -> dict[str, Any]:
    """Classes by key that turn vectors into vectors."""
    return _classes(lambda thing: hasattr(thing, "fit_transform"))


def functions(question: str, given: Collection[str]) -> dict[str, Callable[..., Any]]:
    """Functions by key that answer a question about labels and must be given nothing but what is in `given`."""
    asked = [m for m in methods() if (m.card.room, m.card.question) == ("labels", question)]
    found = {m.key: m.load() for m in asked}
    return {key: f for key, f in found.items() if inspect.isfunction(f) and required(f) <= set(given)}


def required(function: Callable[..., Any]) -> set[str]:
    """Names of the parameters that must be given."""
    return {name for name, p in _parameters(function).items() if p.default is p.empty}


def call(function: Callable[..., Any], given: Mapping[str, Any]) -> Any:
    """What a function says to whatever of `given` it must be given, each told by its name."""
    return function(**{name: given[name] for name in required(function)})


def _classes(plays: Callable[[Any], bool]) -> dict[str, Any]:
    """Estimators of the array rooms that need no setting and play a role."""
    loaded = {m.key: m.load() for m in methods() if _on_arrays(m)}
    kinds = {key: thing for key, thing in loaded.items() if inspect.isclass(thing) and not required(thing)}
    return {key: thing for key, thing in kinds.items() if plays(thing)}


def _on_arrays(method: Method) -> bool:
    return method.card.room in ("vectors", "labels", "heads")


def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(function).parameters
