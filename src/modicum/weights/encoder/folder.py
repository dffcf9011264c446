"""From a folder to a module of torch and back, so that what was moved runs without torch."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import save
from torch import nn

from modicum.core.errors import InputError
from modicum.core.files import atomic_folder
from modicum.encoders import FolderEncoder
from modicum.encoders.difference import layout_weights
from modicum.weights.adapt.adapter import adapters
from modicum.weights.encoder.module import TextEncoder


def read_module(encoder: FolderEncoder, *, dropout: float | None = None) -> TextEncoder:
    """The encoder as a module of torch; what comes after pooling but normalisation is not supported.

    Raises:
        InputError: The encoder has dense layers after pooling.
    """
    layout = encoder.layout
    if layout.dense:
        raise InputError(f"{encoder.name} has dense layers after pooling; such encoders cannot be tuned")
    return TextEncoder(
        layout.config, layout_weights(layout), pooling=layout.pooling, normalize=layout.normalize, dropout=dropout
    )


def write_folder(path: str | Path, encoder: FolderEncoder, module: nn.Module) -> Path:
    """A folder as that of the encoder, with the weights of a plain module in the place of its own.

    It holds what `load_folder` reads; the folder is written whole or not at all.

    Args:
        path: Folder to write.
        encoder: The encoder the module came from.
        module: What `read_module` gave, trained, folded, pruned or grown: no adapter is left in it.

    Raises:
        InputError: One is.
    """
    if any(True for _ in adapters(module)):
        raise InputError("the module holds adapters; fold them first, or ship them alone with `save`")
    root, target = (encoder.layout.base or encoder.layout).root, Path(path)
    tensors = {name: np.ascontiguousarray(t.detach().cpu().numpy()) for name, t in module.state_dict().items()}
    with atomic_folder(target) as work:
        for file in sorted(root.rglob("*")):
            place = work / file.relative_to(root)
            if file.is_file() and file.suffix in (".json", ".txt") and not file.name.endswith(".index.json"):
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, place)
        inside = work / encoder.layout.folder.relative_to(root)
        (inside / "model.safetensors").write_bytes(save(tensors))
        if isinstance(module, TextEncoder) and module.config != encoder.layout.config:
            (inside / "config.json").write_text(json.dumps(module.config), "utf-8")
    return target
