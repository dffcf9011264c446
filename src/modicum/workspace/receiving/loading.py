"""From a folder to a bundle: every file checked, every part put in its place, and the whole tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.errors import InputError
from modicum.core.files import recover
from modicum.core.json_files import read_json
from modicum.labels.conformal import ConformalRule
from modicum.workspace.bundle import TOLD, Bundle, EncoderReference
from modicum.workspace.cascade import Cascade
from modicum.workspace.exemplars import Exemplars
from modicum.workspace.ladder.recipes import FittedRecipe, Recipe, Step, unpack
from modicum.workspace.model import Model
from modicum.workspace.receiving.files import AGAIN, ENCODER, REPORT, read_arrays, read_manifest, verify
from modicum.workspace.receiving.trial import refused, try_bundle
from modicum.workspace.targets.models import LabelsModel, NumberModel
from modicum.workspace.tuning.own import OwnWeights
from modicum.workspace.unknown import UnknownRule

MODELS: Mapping[str, type[Model | LabelsModel | NumberModel]] = MappingProxyType(
    {"classes": Model, "labels": LabelsModel, "number": NumberModel}
)
"""What the manifest's `target` stands for; bundles of one class a row do not name it."""


def load(path: str | Path, *, mend: bool = True) -> Bundle:
    """Read a bundle, after checking that every file is the one that was written.

    Args:
        path: The folder.
        mend: Whether to put right what a killed process left beside it. Not while another may be writing there.

    Raises:
        InputError: There is no bundle, or it is truncated, edited, of a newer schema, or of unknown methods.
    """
    folder = Path(path)
    if mend:
        recover(folder)
    manifest = read_manifest(folder)
    verify(folder, manifest)
    arrays, report = read_arrays(folder), read_json(folder / REPORT, AGAIN)
    try:
        bundle = _assemble(manifest, arrays, report, folder)
        with np.errstate(all="ignore"):
            try_bundle(bundle)
    except InputError:
        raise
    except Exception as error:  # whatever is in a stranger's bundle, it is told in a sentence
        raise refused(folder, error) from error
    return bundle


def _assemble(
    manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], report: Mapping[str, Any], folder: Path
) -> Bundle:
    recipe = manifest["recipe"]
    members: list[FittedRecipe] = []
    for i, member in enumerate(recipe["members"]):
        members.append(_member(i, member, arrays, members))
    model = MODELS[manifest.get("target", "classes")].from_dict(manifest, tuple(members))
    if isinstance(model, Model) and manifest.get("unknown") is not None:
        model = replace(model, unknown=UnknownRule.from_dict(manifest["unknown"], arrays))
    own = {name.removeprefix("encoder."): array for name, array in arrays.items() if name.startswith("encoder.")}
    cascade = None
    if manifest.get("cascade") is not None:
        said = {name: float(manifest["cascade"][name]) for name in TOLD}
        rule = manifest["cascade"].get("conformal")
        own_sets = None if rule is None else ConformalRule.from_dict(rule)
        cascade = Cascade(arrays["cascade.coef"], arrays["cascade.intercept"], **said, conformal=own_sets)
    exemplars = None
    if "exemplars.vectors" in arrays:
        exemplars = Exemplars(arrays["exemplars.vectors"], arrays["exemplars.codes"])
    encoder, digest = EncoderReference(**manifest["encoder"]), str(manifest["digest"])
    weights = OwnWeights(folder / ENCODER) if encoder.own else None
    return Bundle(model, encoder, report, own, cascade, exemplars, weights, digest)


def _member(
    number: int, told: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], before: Sequence[FittedRecipe]
) -> FittedRecipe:
    """A fitted recipe; transformers that have no arrays of their own are those of an earlier one with equal steps."""
    steps = tuple(Step(step["method"], step["settings"]) for step in told["steps"])
    recipe = Recipe(str(told["name"]), int(told["rung"]), steps, bool(told["pooled"]))
    states = [_state(arrays, f"members.{number}.{j}.") for j in range(len(steps))]
    if all(states):
        *fitted, classifier = (unpack(step, state) for step, state in zip(steps, states, strict=True))
        return FittedRecipe(recipe, tuple(fitted), classifier)
    shared = next((one.transformers for one in before if one.recipe.steps[:-1] == steps[:-1]), None)
    if shared is None or not states[-1]:
        raise KeyError(f"no arrays for members.{number}")
    return FittedRecipe(recipe, shared, unpack(steps[-1], states[-1]))


def _state(arrays: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
