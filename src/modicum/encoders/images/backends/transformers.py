"""Models of transformers: CLIP and its kin with both towers, others (ViT, DINOv2, ConvNeXt...) for images alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer
from transformers.utils import logging

from modicum.core.errors import InputError
from modicum.encoders.images.decode import decode

POOLER = "pooler"
"""Weights of a pooler may be missing: checkpoints of classifiers lack it, and then it is not used."""
SIDE = 64
"""Pixels of the empty picture that tells the width of the vectors."""


class TransformersBackend:
    """A model and its processors.

    Without a text tower the vector is what the model pools by itself, or its first token where that would pass
    through a layer made for pretraining or missing in the checkpoint.
    """

    def __init__(self, folder: Path) -> None:
        where: dict[str, Any] = {"pretrained_model_name_or_path": folder, "local_files_only": True}
        with _quiet():
            self.processor = AutoImageProcessor.from_pretrained(**where, backend="pil")
            self.model, told = AutoModel.from_pretrained(
                **where, use_safetensors=True, dtype=torch.float32, output_loading_info=True
            )
        lacking = sorted(name for name in told["missing_keys"] if POOLER not in name)
        if lacking:
            raise InputError(f"{folder} lacks the weights {lacking[0]!r} ({len(lacking)} in all); copy the model again")
        self.model.eval()
        self.has_text_tower = hasattr(self.model, "get_image_features") and hasattr(self.model, "get_text_features")
        self.first_token = hasattr(getattr(self.model, "pooler", None), "dense")
        self.tokenizer = AutoTokenizer.from_pretrained(**where) if self.has_text_tower else None
        self.dimension = self.embed([self._pixels(Image.new("RGB", (SIDE, SIDE)))]).shape[1]

    def prepare(self, file: str) -> Any:
        """Pixels as the model takes them."""
        return self._pixels(decode(file))

    def _pixels(self, picture: Image.Image) -> Any:
        return self.processor(images=picture, return_tensors="pt")["pixel_values"]

    def embed(self, prepared: Sequence[Any]) -> NDArray[np.float32]:
        """Image vectors (N, D)."""
        if len({each.shape for each in prepared}) > 1:  # some processors keep the shape of the picture
            return np.concatenate([self.embed([each]) for each in prepared])
        pixels = torch.cat(list(prepared))
        with torch.inference_mode():
            if self.has_text_tower:
                found = self.model.get_image_features(pixel_values=pixels)
                return _numpy(getattr(found, "pooler_output", found))
            found = self.model(pixel_values=pixels)
        pooled = getattr(found, "pooler_output", None)
        if pooled is None or self.first_token:
            last = found.last_hidden_state
            pooled = last[:, 0] if last.ndim == 3 else last.mean(dim=(2, 3))
        return _numpy(pooled)

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Text vectors (N, D)."""
        if self.tokenizer is None:
            raise InputError("this model knows no texts; take one of open_clip")
        text_config = self.model.config.text_config
        # SigLIP was trained on texts filled up to one length, and attends to what fills them.
        padding = "max_length" if self.model.config.model_type.startswith("siglip") else True
        length = {"truncation": True, "max_length": text_config.max_position_embeddings}
        tokens = self.tokenizer(list(texts), padding=padding, return_tensors="pt", **length)
        with torch.inference_mode():
            found = self.model.get_text_features(**tokens)
        return _numpy(getattr(found, "pooler_output", found))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library from listing weights that lack or are left over, which is judged here, and from drawing bars."""
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _numpy(tensor: Any) -> NDArray[np.float32]:
    vectors: NDArray[np.float32] = tensor.flatten(1).float().numpy()
    return vectors


def load(folder: Path, threads: int | None) -> TransformersBackend:
    """The model in a folder as transformers writes it."""
    if threads is not None:
        torch.set_num_threads(threads)
    return TransformersBackend(folder)


def repository(name: str) -> str:
    """The hub repository of `ORGANISATION/NAME`: itself."""
    return name
