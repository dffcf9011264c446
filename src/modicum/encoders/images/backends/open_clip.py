"""Models of open_clip: images and texts in one space."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray

from modicum.core.checks import nearest_name
from modicum.core.errors import InputError
from modicum.encoders.images.decode import decode


class OpenClipBackend:
    """Both towers of a model."""

    has_text_tower = True

    def __init__(self, folder: Path) -> None:
        said = json.loads((folder / "open_clip_config.json").read_text(encoding="utf-8"))
        other = said["model_cfg"]["text_cfg"].get("hf_model_name")
        if other:
            raise InputError(
                f"{folder}: its text tower is built from {other!r}, which is not in the folder; take another"
            )
        self.model, self.transform = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
        self.model.eval()
        self.tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
        self.dimension = self.embed_texts(["image"]).shape[1]

    def prepare(self, file: str) -> Any:
        """Pixels as the model takes them."""
        return self.transform(decode(file))

    def embed(self, prepared: Sequence[Any]) -> NDArray[np.float32]:
        """Image vectors (N, D)."""
        with torch.inference_mode():
            vectors: NDArray[np.float32] = self.model.encode_image(torch.stack(list(prepared))).float().numpy()
        return vectors

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Text vectors (N, D)."""
        with torch.inference_mode():
            vectors: NDArray[np.float32] = self.model.encode_text(self.tokenizer(list(texts))).float().numpy()
        return vectors


def load(folder: Path, threads: int | None) -> OpenClipBackend:
    """The model in a folder as open_clip writes it for the hub."""
    if threads is not None:
        torch.set_num_threads(threads)
    return OpenClipBackend(folder)


def repository(name: str) -> str:
    """The hub repository of `MODEL/TAG` as open_clip lists them, or `ORGANISATION/NAME` itself.

    Raises:
        InputError: The model is known and has no such tag, or the name has no slash.
    """
    model, _, tag = name.partition("/")
    known = [f"{each}/{mark}" for each, mark in open_clip.list_pretrained()]
    if name in known:
        return str(open_clip.get_pretrained_cfg(model, tag)["hf_hub"]).strip("/")
    if not tag or any(each.startswith(f"{model}/") for each in known):
        raise InputError(f"open_clip has no weights named {name!r}{nearest_name(name, known)}")
    return name
