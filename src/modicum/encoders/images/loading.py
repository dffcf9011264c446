"""From a name such as `timm:NAME`, `open_clip:NAME`, `hf:NAME` or a folder of weights to an encoder of images.

Every model is loaded from a folder with safetensors weights: one given, or one that `find` gets for a repository of
the model hub. No library downloads anything by itself, and no pickle is read.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType, ModuleType

from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.core.files import file_digest
from modicum.encoders.images.encoder import Backend, ImageEncoder
from modicum.encoders.sources import Release, is_repository

SCHEMA = 1
INSTALL = "pip install 'modicum[images]'"
SETTINGS = ("*.json", "*.txt", "*.model")
"""Files beside the weights that decide the vectors: settings of model and pixels, and tokenizers."""
WEIGHTS = "*.safetensors"
EXAMPLES = "timm:NAME, open_clip:MODEL/TAG, hf:ORGANISATION/NAME"


@dataclass(frozen=True)
class Library:
    """What has to be known of a library before it is imported."""

    module: str
    """Of the room, with `load(folder, threads)` and `repository(name)`."""
    weights: tuple[str, ...]
    """Files of which a folder must have one."""

    @property
    def wanted(self) -> tuple[str, ...]:
        """Files of a hub repository that its folder needs."""
        return (*SETTINGS, *self.weights)


LIBRARIES: Mapping[str, Library] = MappingProxyType(
    {
        "timm": Library("modicum.encoders.images.backends.timm", ("model.safetensors",)),
        "open_clip": Library(
            "modicum.encoders.images.backends.open_clip",
            ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors"),
        ),
        "hf": Library(
            "modicum.encoders.images.backends.transformers", ("model.safetensors", "model.safetensors.index.json")
        ),
    }
)


def is_image_name(name: object) -> bool:
    """Whether a name begins with one of the libraries, as in `timm:resnet50`."""
    return isinstance(name, str) and name.partition(":")[0] in LIBRARIES and ":" in name


def load_image_encoder(
    name: str | Path, *, threads: int | None = None, find: Callable[[Release], Path]
) -> ImageEncoder:
    """An encoder of images by name or folder.

    Args:
        name: `LIBRARY:NAME`, `LIBRARY:FOLDER`, or a folder that tells its library by what it holds.
        threads: Threads for decoding and for the model; default all cores that this process may use.
        find: Gets the folder of a hub repository, or raises `InputError`.

    Raises:
        InputError: There is no such model, the folder is not one of weights, or the extra `images` is not installed.
    """
    kind, _, model = str(name).partition(":") if is_image_name(name) else (_library_of(name), "", str(name))
    check_choice(kind, LIBRARIES, "image library")
    if not model:
        raise InputError(f"encoder {name!r} names no model; write it like {EXAMPLES}, or {kind}:FOLDER")
    path = Path(model).expanduser()
    if path.is_dir():
        folder, full = path.absolute(), f"{kind}:{path.absolute()}"
    else:
        folder, full = find(_release(kind, model)), f"{kind}:{model}"
    _check_weights(folder, kind)
    return ImageEncoder(full, _fingerprint(folder, kind), partial(_load, kind, folder, threads), threads)


def _release(kind: str, model: str) -> Release:
    repository = _imported(kind).repository(model)
    if not is_repository(repository):
        raise InputError(f"encoder '{kind}:{model}' is neither a folder nor a name; write it like {EXAMPLES}")
    return Release(f"{kind}:{model}", repository, files=LIBRARIES[kind].wanted)


def _library_of(name: str | Path) -> str:
    """The library whose folder this is."""
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise InputError(f"encoder {str(name)!r} is not one of images; write it like {EXAMPLES}, or give a folder")
    if (folder / "open_clip_config.json").is_file():
        return "open_clip"
    try:
        said = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{folder} holds no config.json that can be read; give a folder of weights") from error
    return "timm" if isinstance(said, dict) and "architecture" in said else "hf"


def _check_weights(folder: Path, kind: str) -> None:
    wanted = LIBRARIES[kind].weights
    if not any((folder / file).is_file() for file in wanted):
        raise InputError(
            f"{folder} holds no {' or '.join(wanted)}; weights are read as safetensors only, so convert others"
        )


def _fingerprint(folder: Path, kind: str) -> str:
    """SHA-256 over weights and settings."""
    files = sorted({file for pattern in (*SETTINGS, WEIGHTS) for file in folder.glob(pattern)})
    told = [f"{file.name} {file_digest(file)}" for file in files]
    return hashlib.sha256("\n".join([f"images {SCHEMA} {kind}", *told]).encode()).hexdigest()


def _imported(kind: str) -> ModuleType:
    """The room's module for a library; imported when a model is asked for, since it takes seconds and gigabytes."""
    try:
        return importlib.import_module(LIBRARIES[kind].module)
    except Exception as error:  # beside a torch it was not built for, torchvision raises RuntimeError
        raise InputError(
            f"encoders named {kind}: need packages that are not installed or do not fit together ({_line(error)}); "
            f"install them with: {INSTALL}"
        ) from error


def _load(kind: str, folder: Path, threads: int | None) -> Backend:
    module = _imported(kind)
    try:
        loaded: Backend = module.load(folder, threads)
        return loaded
    except InputError:
        raise
    except Exception as error:  # whatever a library makes of a folder that it does not understand
        raise InputError(f"{folder} cannot be loaded as a model of {kind} ({_line(error)}); copy it again") from error


def _line(error: Exception) -> str:
    """What a library says, in one line of bearable length."""
    return " ".join(str(error).split())[:300] or type(error).__name__
