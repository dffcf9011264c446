"""Folders of models: which encoder lies in one, whether several are of one kind, and their weights."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from modicum.core.errors import InputError
from modicum.core.files import check_folder_place
from modicum.encoders import FolderEncoder, load_encoder, load_folder
from modicum.encoders.architectures import setting
from modicum.workspace.receiving.files import ENCODER, MANIFEST
from modicum.workspace.weights.room import weights_room

MARKS = ("config.json", "modules.json", "difference.json")
"""One of them lies in every folder of an encoder."""
TOLD = ("model_type", "num_attention_heads", "num_hidden_layers", "hidden_act")


def encoder_folder(path: str | Path) -> Path:
    """The folder of a model's encoder: itself, or `encoder/` in a bundle that holds one.

    Raises:
        InputError: There is no such folder, or neither it nor its `encoder/` is one of an encoder.
    """
    folder = Path(path).expanduser()
    for place in (folder, folder / ENCODER):
        if any((place / mark).is_file() for mark in MARKS):
            return place
    what = f"{folder} holds no encoder" if folder.is_dir() else f"there is no folder {folder}"
    raise InputError(f"{what}; give the folder of a tuned encoder, or a bundle that has one in {ENCODER}/")


def read_models(paths: Sequence[str | Path], threads: int | None) -> list[FolderEncoder]:
    """The encoders of models, all of one kind.

    Raises:
        InputError: There are fewer than two, one is given twice, or they differ in more than weights.
    """
    folders = [encoder_folder(path).resolve() for path in paths]
    if len(folders) < 2:
        raise InputError("merging takes two models or more; name each one's folder")
    twice = next((path for number, path in enumerate(paths) if folders[number] in folders[:number]), None)
    if twice is not None:
        raise InputError(f"{twice} is given twice; give each model once")
    found = [load_folder(folder, threads=threads, name=str(path)) for folder, path in zip(folders, paths, strict=True)]
    for other in found[1:]:
        check_kind(found[0], other)
    return found


def read_base(name: str | None, like: FolderEncoder, threads: int | None) -> FolderEncoder:
    """The encoder that models were tuned from: by name or folder, default all-MiniLM-L6-v2.

    Raises:
        InputError: There is no such encoder, or it differs from the models in more than weights.
    """
    found = load_encoder(name, threads=threads)
    if not isinstance(found, FolderEncoder):
        raise InputError(f"encoder {found.name!r} has no weights that could move; name the models' start with --base")
    check_kind(like, found)
    return found


def check_kind(first: FolderEncoder, other: FolderEncoder) -> None:
    """Let two encoders pass that differ in nothing but their weights.

    Raises:
        InputError: They differ in architecture, in what is done to texts and vectors, or in the tokenizer.
    """
    mine, theirs = _told(first), _told(other)
    odd = next((name for name, value in mine.items() if theirs[name] != value), None)
    if odd is not None:
        raise InputError(
            f"{other.name} has {odd} {theirs[odd]!r} where {first.name} has {mine[odd]!r}; merge models of one base"
        )
    if _tokenizer(first) != _tokenizer(other):
        raise InputError(f"{other.name} has another tokenizer than {first.name}; merge models of one base")


def _told(encoder: FolderEncoder) -> dict[str, Any]:
    layout = encoder.layout
    config = {key: layout.config.get(key) if key == "model_type" else setting(layout.config, key) for key in TOLD}
    own = {name: getattr(layout, name) for name in ("pooling", "normalize", "max_tokens", "lower", "prompt")}
    return {**config, "width": layout.dimension, **own}


def _tokenizer(encoder: FolderEncoder) -> dict[str, Any]:
    """What the tokenizer's file says, but for lengths, which encoders do not believe."""
    file = encoder.layout.folder / "tokenizer.json"
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{file} is not a tokenizer ({error}); copy the model again") from error
    return {key: value for key, value in said.items() if key not in ("truncation", "padding")}


def with_weights(encoder: FolderEncoder, module: Any, state: Mapping[str, Any]) -> FolderEncoder:
    """The encoder with other weights, run as it will be once it is written; `module` is its module, and is changed."""
    module.load_state_dict(state)
    with tempfile.TemporaryDirectory() as place:
        folder = weights_room("encoder").write_folder(Path(place) / ENCODER, encoder, module)
        found = load_folder(folder, threads=encoder.threads)
        found.encode([""])  # reads the weights while they are there
    return found


def check_place(path: str | Path, models: Sequence[str | Path], head: str | Path | None = None) -> None:
    """Let a place pass to which an encoder may be written: none of the models, and nothing else is lost there.

    With the bundle of a `head` it is a bundle that is to be written there, and it may not be that one.

    Raises:
        InputError: The folder is that of a model or of the head, or holds something else than what is to be written.
    """
    target = Path(path)
    if target.resolve() in {place.resolve() for model in models for place in (Path(model), encoder_folder(model))}:
        raise InputError(f"{target} is one of the models; give another --out")
    if head is not None and target.resolve() == Path(head).resolve():
        raise InputError(f"{target} is the bundle of the head; give another --out")
    kind, marks = ("an encoder", MARKS) if head is None else ("a bundle", (MANIFEST,))
    check_folder_place(target, kind, marks)
