"""Models of timm: images alone, no texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import timm
import timm.data
import torch
from numpy.typing import NDArray

from modicum.core.checks import nearest_name
from modicum.core.errors import InputError
from modicum.encoders.images.decode import decode


class TimmBackend:
    """A model without its classifier: what it pools before it."""

    has_text_tower = False

    def __init__(self, folder: Path) -> None:
        self.model = timm.create_model(f"local-dir:{folder}", pretrained=True, num_classes=0).eval()
        settings = timm.data.resolve_model_data_config(self.model)
        self.transform = timm.data.create_transform(**settings, is_training=False)
        self.dimension = self.embed([torch.zeros(settings["input_size"])]).shape[1]

    def prepare(self, file: str) -> Any:
        """Pixels as the model takes them."""
        return self.transform(decode(file))

    def embed(self, prepared: Sequence[Any]) -> NDArray[np.float32]:
        """Pooled features (N, D)."""
        with torch.inference_mode():
            vectors: NDArray[np.float32] = self.model(torch.stack(list(prepared))).flatten(1).float().numpy()
        return vectors

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Refuse: there is no text tower."""
        raise InputError("models of timm know no texts; take one of open_clip")


def load(folder: Path, threads: int | None) -> TimmBackend:
    """The model in a folder as timm writes it for the hub."""
    if threads is not None:
        torch.set_num_threads(threads)
    return TimmBackend(folder)


def repository(name: str) -> str:
    """The hub repository of a model: `ORGANISATION/NAME` itself, or that of `MODEL` or `MODEL.TAG`.

    Raises:
        InputError: timm knows no such model with weights.
    """
    if "/" in name:
        return name
    try:
        found = timm.get_pretrained_cfg(name)
    except RuntimeError:
        found = None
    if found is None or not found.hf_hub_id:
        raise InputError(f"timm has no weights named {name!r}{nearest_name(name, timm.list_pretrained())}")
    return str(found.hf_hub_id)
