"""What a sentence-transformers folder, or a plain transformers folder, says of itself: files in, one record out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.core.files import file_digest
from modicum.core.json_files import read_json
from modicum.encoders.architectures import POOLINGS, architecture, padding, setting

POOLING_NAMES = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
FEWEST_TOKENS = 3
"""Two of them mark begin and end."""
MOST = {"hidden_size": 1 << 16, "num_attention_heads": 1 << 12, "num_hidden_layers": 1_000}
TENSORS = "difference.safetensors"
"""What moved, in the folder of an encoder that is told by its difference from a base."""
MOST_POSITIONS = 1 << 17
"""Beyond these and `MOST` a setting is a mistake, or meant to fill the memory."""


@dataclass(frozen=True)
class DenseFolder:
    """A dense module: where its weights lie, and its activation as ONNX names it."""

    folder: Path
    activation: str
    width: int


@dataclass(frozen=True, eq=False)
class Layout:
    """All that decides the vectors besides the weights themselves."""

    root: Path
    """The folder as a whole."""
    folder: Path
    """Where in it the transformer's `config.json`, weights and tokenizer lie."""
    config: dict[str, Any]
    pooling: str
    dense: tuple[DenseFolder, ...]
    normalize: bool
    max_tokens: int
    lower: bool
    """Whether texts are lowercased before the tokenizer's own normalisation."""
    prompt: str
    """Put before every text."""
    dimension: int
    """Width of the vectors."""
    base: Layout | None = None
    """What the weights are told by their difference from, where `root` holds but that; else None."""


def read_layout(path: str | Path, max_tokens: int | None = None) -> Layout:
    """Read and check the settings in a folder; weights are not read yet.

    Args:
        path: A sentence-transformers folder, or a transformers folder (mean pooling, no normalisation).
        max_tokens: Longest sequence, 3 or more; default what the folder says. Never more than the model has positions.

    Raises:
        InputError: A file is missing or broken, or asks for something that modicum's encoders do not do.
    """
    root = Path(path)
    if not root.is_dir():
        raise InputError(
            f"there is no encoder folder {root}; give a folder that holds config.json and model.safetensors"
        )
    modules = _modules(root)
    folder = _within(root, modules[0][1])
    config = _read_json(folder / "config.json")
    if not (folder / "tokenizer.json").is_file():
        raise InputError(f"{folder} holds no tokenizer.json; save the model's fast tokenizer there")
    weight_files(folder)
    hidden = _check_sizes(folder, config)
    sentence = _read_json(folder / "sentence_bert_config.json", {})
    general = _read_json(root / "config_sentence_transformers.json", {})
    name = general.get("default_prompt_name")
    pooling, dense, normalize = _after(root, modules[1:])
    return Layout(
        root=root,
        folder=folder,
        config=config,
        pooling=pooling,
        dense=dense,
        normalize=normalize,
        max_tokens=_max_tokens(folder, config, sentence, max_tokens),
        lower=bool(sentence.get("do_lower_case")),
        prompt=_prompt(general.get("prompts"), name),
        dimension=dense[-1].width if dense else hidden,
    )


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a folder, in a fixed order.

    Raises:
        InputError: There are none, or one that the index names is missing.
    """
    single, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if single.is_file():
        return [single]
    if not index.is_file():
        raise InputError(f"{folder} holds no model.safetensors; save the model in that format (others are not read)")
    named = _read_json(index).get("weight_map")
    if not isinstance(named, dict) or not named or not all(isinstance(name, str) for name in named.values()):
        raise InputError(f"{index} names no files; copy the model again")
    files = [_within(folder, name) for name in sorted(set(named.values()))]
    for file in files:
        if not file.is_file():
            raise InputError(f"{folder} lacks {file.name}, which {index.name} names; copy the model again")
    return files


def read_weights(folder: Path) -> dict[str, np.ndarray]:
    """All tensors of a folder by name.

    Raises:
        InputError: A file is not a whole safetensors file.
    """
    weights: dict[str, np.ndarray] = {}
    for file in weight_files(folder):
        try:
            weights |= load_file(file)
        except Exception as error:  # safetensors raises its own error class, KeyError and ValueError
            raise InputError(f"{file} cannot be read ({error}); copy the model again") from error
    return weights


def fingerprint(layout: Layout) -> str:
    """SHA-256 over weights, tokenizer and every setting that the vectors depend on."""
    config = layout.config
    numbers = ["num_attention_heads", "num_hidden_layers", "hidden_act"]
    said = {
        "config": [config.get("model_type"), config.get("layer_norm_eps"), *(setting(config, key) for key in numbers)],
        "padding": padding(config),
        "pooling": layout.pooling,
        "normalize": layout.normalize,
        "max_tokens": layout.max_tokens,
        "lower": layout.lower,
        "prompt": layout.prompt,
        "dense": [dense.activation for dense in layout.dense],
        "files": _digests(
            [
                *weight_files(layout.folder),
                layout.folder / "tokenizer.json",
                *(file for dense in layout.dense for file in weight_files(dense.folder)),
            ]
        ),
    }
    if layout.base is not None:
        said["difference"] = file_digest(layout.root / TENSORS)
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _digests(files: Iterable[Path]) -> list[str]:
    return [file_digest(file) for file in files]


def _modules(root: Path) -> list[tuple[str, str]]:
    """Kind and sub-folder of each module; the first is the transformer."""
    file = root / "modules.json"
    if not file.is_file():
        return [("Transformer", "")]
    try:
        listed = [(str(m["type"]).rsplit(".", 1)[-1], str(m["path"])) for m in _read_json(file, kind=list)]
    except (KeyError, TypeError) as error:
        raise InputError(f"{file} lists no modules; copy the model again") from error
    if not listed or listed[0][0] != "Transformer":
        raise InputError(f"{file}: the first module is not a Transformer; such encoders are not supported")
    return listed


def _after(root: Path, modules: list[tuple[str, str]]) -> tuple[str, tuple[DenseFolder, ...], bool]:
    """Pooling, dense layers and normalisation, from the modules after the transformer."""
    if not modules:
        return "mean", (), False
    kinds = [kind for kind, _ in modules]
    normalize = kinds[-1] == "Normalize"
    middle = kinds[1 : len(kinds) - normalize]
    if kinds[0] != "Pooling" or any(kind != "Dense" for kind in middle):
        chain = ", ".join(kinds)
        raise InputError(
            f"{root / 'modules.json'}: the modules {chain} are not supported; Pooling, Dense, Normalize are"
        )
    dense = tuple(_dense(_within(root, path)) for kind, path in modules if kind == "Dense")
    return _pooling(_within(root, modules[0][1]) / "config.json"), dense, normalize


def _within(root: Path, name: str) -> Path:
    """A file or folder by the name that a folder has for it.

    Raises:
        InputError: The name leads out of the folder.
    """
    if ".." in Path(name).parts or Path(name).is_absolute() or "\0" in name:
        raise InputError(f"{root} names {name[:80]!r}, which leads out of it; an encoder lies in one folder")
    return root / name


def _prompt(prompts: Any, name: Any) -> str:
    found = prompts.get(name) if isinstance(prompts, dict) and isinstance(name, str) else None
    return found if isinstance(found, str) else ""


def _pooling(file: Path) -> str:
    said = _read_json(file)
    modes = said.get("pooling_mode") or [name for key, name in POOLING_NAMES.items() if said.get(key)] or "mean"
    names = list(modes) if isinstance(modes, list) else [str(modes)]
    if len(names) != 1:
        raise InputError(f"{file}: several poolings at once ({', '.join(names)}) are not supported; keep one")
    name = str(names[0]).removesuffix("_tokens")
    return check_choice(name, POOLINGS, f"{file}: pooling")


def _dense(folder: Path) -> DenseFolder:
    said = _read_json(folder / "config.json")
    # The path of the class has changed between versions of torch; its name has not.
    name = str(said.get("activation_function", "Tanh")).rsplit(".", 1)[-1]
    activation = check_choice(name, ("Identity", "Tanh"), f"{folder / 'config.json'}: activation")
    if said.get("use_residual"):
        raise InputError(f"{folder / 'config.json'}: residual dense layers are not supported; take another encoder")
    weight_files(folder)
    return DenseFolder(folder, activation, _size(said.get("out_features"), "out_features", folder))


def _max_tokens(folder: Path, config: dict[str, Any], sentence: dict[str, Any], asked: int | None) -> int:
    named = setting(config, "max_position_embeddings")
    positions = _size(named, "max_position_embeddings", folder, MOST_POSITIONS)
    if architecture(config).positions_after_padding:
        positions -= padding(config) + 1
    tokenizer = _read_json(folder / "tokenizer_config.json", {})
    limit = (
        asked if asked is not None else sentence.get("max_seq_length") or tokenizer.get("model_max_length") or positions
    )
    if not isinstance(limit, int | float) or not min(limit, positions) >= FEWEST_TOKENS:
        raise InputError(f"max_tokens must be at least {FEWEST_TOKENS}, not {limit}")
    return int(min(limit, positions))


def _check_sizes(folder: Path, config: dict[str, Any]) -> int:
    """Refuse sizes that no encoder has; return the width of its states."""
    sizes = {key: _size(setting(config, key), key, folder, most) for key, most in MOST.items()}
    hidden, heads = sizes["hidden_size"], sizes["num_attention_heads"]
    if hidden % heads:
        raise InputError(
            f"{folder / 'config.json'}: {heads} attention heads do not divide {hidden} numbers evenly; "
            "copy the model again"
        )
    epsilon, pad = config.get("layer_norm_eps", 0), config.get("pad_token_id")
    if not isinstance(epsilon, int | float) or not 0 <= epsilon < 1:
        raise InputError(f"{folder / 'config.json'}: layer_norm_eps must be a small number, not {str(epsilon)[:20]}")
    if pad is not None and (not isinstance(pad, int) or not 0 <= pad < 1 << 31):
        raise InputError(f"{folder / 'config.json'}: pad_token_id must be the number of a token, not {str(pad)[:20]}")
    return hidden


def _size(value: Any, key: str, folder: Path, most: int = 1 << 16) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        said = str(value)[:20]
        raise InputError(f"{folder / 'config.json'}: {key} must be a positive integer up to {most:,}, not {said}")
    return value


def _read_json(file: Path, default: Any = None, *, kind: type = dict) -> Any:
    if not file.is_file():
        if default is not None:
            return default
        raise InputError(f"there is no {file}; give the folder of a whole encoder")
    said = read_json(file, "copy the model again")
    if not isinstance(said, kind):
        raise InputError(f"{file} is not what its name says; copy the model again")
    return said
