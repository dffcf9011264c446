"""Adapters on disk: the numbers that trained, what they are of, and which base they belong to. Safetensors only."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from modicum.core.errors import InputError
from modicum.core.files import atomic_write
from modicum.weights.adapt.adapter import Method, adapt, adapters, restore, trainable

SCHEMA = 1
PACKAGE = "modicum.weights.adapt"
MODULE = re.compile(r"[a-z][a-z0-9_]*")


def fingerprint(module: nn.Module) -> str:
    """SHA-256 over names, shapes and values of a plain module's tensors."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def save(path: str | Path, adapted: nn.Module, method: Method, base: nn.Module) -> Path:
    """Write what trained in `adapted`, whole or not at all.

    Args:
        path: File, usually `.safetensors`.
        adapted: What `adapt(base, method, ...)` gave, trained or not.
        method: The method it was adapted with.
        base: The module that was adapted.
    """
    return write_saved(path, adapted, method, base, layers=[name for name, _ in adapters(adapted)])


def load(path: str | Path, base: nn.Module) -> nn.Module:
    """The base with a saved adapter on it.

    Raises:
        InputError: There is no such file, it is damaged or of a newer schema, or it belongs to another base.
    """
    told, method, state = read_saved(path, base, Method, PACKAGE)
    wanted = frozenset(told["layers"])
    module = adapt(base, method, lambda name, layer: name in wanted)
    restore(module, state)
    return module


def write_saved(path: str | Path, module: nn.Module, method: Any, base: nn.Module, **more: Any) -> Path:
    """Write what trains in a module, whole or not at all, with the dataclass of its settings and what else is said."""
    told = {
        "schema": SCHEMA,
        "method": type(method).__name__,
        "file": type(method).__module__.rpartition(".")[2],
        "settings": asdict(method),
        "base": fingerprint(base),
    }
    tensors = {name: tensor.cpu().contiguous() for name, tensor in trainable(module).items()}
    atomic_write(Path(path), to_bytes(tensors, {"modicum": json.dumps(told | more)}))
    return Path(path)


def read_saved(
    path: str | Path, base: nn.Module, kind: type, package: str
) -> tuple[dict[str, Any], Any, dict[str, Tensor]]:
    """What `write_saved` said, the settings, of one kind and from a file of the package, and the tensors.

    Raises:
        InputError: There is no such file, it is damaged or of a newer schema, or it belongs to another base.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"there is no adapter at {file}; give the file that `save` wrote")
    try:
        with safe_open(file, framework="pt") as opened:
            told = json.loads((opened.metadata() or {}).get("modicum", "null"))
            state = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError) as error:
        raise InputError(f"{file} is no adapter, or damaged ({error}); copy it again") from error
    if not isinstance(told, dict) or not isinstance(told.get("schema"), int):
        raise InputError(f"{file} does not say which method it is of; it was not written by modicum")
    if told["schema"] > SCHEMA:
        raise InputError(
            f"{file} is of schema {told['schema']}, newer than {SCHEMA}; upgrade with: pip install -U modicum"
        )
    found = fingerprint(base)
    if told["base"] != found:
        raise InputError(
            f"{file} was trained on weights {told['base'][:12]}, but these are {found[:12]}; load it on its own base"
        )
    return told, _method(told, file, kind, package), state


def _method(told: dict[str, Any], file: Path, kind: type, package: str) -> Any:
    """The settings that a file names, which must be of one kind and package."""
    name, source, settings = str(told["method"]), str(told["file"]), told["settings"]
    if MODULE.fullmatch(source) and isinstance(settings, dict):
        try:
            found = getattr(importlib.import_module(f"{package}.{source}"), name, None)
            if inspect.isclass(found) and issubclass(found, kind):
                return found(**settings)
        except (ImportError, TypeError) as error:
            raise InputError(f"{file} is of method {name!r} with settings that are not known here ({error})") from error
    raise InputError(f"{file} is of method {name!r}, which is not known here; upgrade with: pip install -U modicum")
