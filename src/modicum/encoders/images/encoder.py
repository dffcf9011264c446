"""Encoders of image files: what a library does with a picture hides behind `Backend`, and torch with it."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import chunks, normalize_rows
from modicum.core.cores import usable_cores
from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder

BATCH = 32
"""Images decoded and encoded at a time: what memory holds at most."""
PROMPT = "a photo of a {}."
"""What class names are put into for a text tower, which has seen captions, not bare words."""


class Backend(Protocol):
    """One loaded model of a library."""

    @property
    def dimension(self) -> int:
        """Width D of the vectors."""

    @property
    def has_text_tower(self) -> bool:
        """Whether texts have vectors in the same space."""

    def prepare(self, file: str) -> Any:
        """Decode one image and make of it what the model takes; called from several threads.

        Raises:
            InputError: The file is no image that can be read.
        """

    def embed(self, prepared: Sequence[Any]) -> NDArray[np.float32]:
        """Vectors (N, D) of N prepared images."""

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors (N, D) of N texts, in the space of the images."""


class ImageEncoder:
    """Vectors of image files, of length 1.

    It is an `Encoder` whose items are names of files. The model is loaded when it is first needed.

    Args:
        name: Name under which it can be loaded again, such as `timm:resnet50.a1_in1k`.
        fingerprint: Hex digest over weights and settings.
        load: Loads the model.
        threads: Threads that decode images, at least 1; default all cores that this process may use.
    """

    mode = "exact"

    def __init__(self, name: str, fingerprint: str, load: Callable[[], Backend], threads: int | None = None) -> None:
        if threads is not None and threads < 1:
            raise InputError(f"threads must be at least 1, not {threads}")
        self.name = name
        self.fingerprint = fingerprint
        self.threads = threads
        self._load = load

    @cached_property
    def backend(self) -> Backend:
        """The loaded model."""
        return self._load()

    @property
    def dimension(self) -> int:
        """Width D of the vectors."""
        return self.backend.dimension

    @property
    def text_tower(self) -> Encoder | None:
        """The encoder of class names into the space of the images; None where the model knows images alone."""
        return TextTower(self) if self.backend.has_text_tower else None

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        """Encode N image files, given by name, to an array (N, D) of float32.

        Memory beyond the result holds `BATCH` prepared images, and one decoded image a thread.

        Raises:
            InputError: A file is no image that can be read; the sentence names it, and its row where that is known.
        """
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        with ThreadPoolExecutor(self.threads or usable_cores()) as pool:
            for part in chunks(len(texts), BATCH):
                with warnings.catch_warnings():  # the decoder's, on files that are odd but readable
                    warnings.simplefilter("ignore")
                    prepared = list(pool.map(self.backend.prepare, texts[part]))
                vectors[part] = normalize_rows(self.backend.embed(prepared))
                progress("encode", part.stop, len(texts))
        return vectors


class TextTower:
    """Vectors of class names in the space of an image encoder, of length 1; each name is put into `PROMPT`."""

    mode = "exact"

    def __init__(self, images: ImageEncoder) -> None:
        self.images = images
        self.name = f"{images.name} (texts)"

    @property
    def dimension(self) -> int:
        """Width D of the vectors."""
        return self.images.dimension

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the image encoder's fingerprint and the prompt."""
        return hashlib.sha256(f"text tower 1 {PROMPT} {self.images.fingerprint}".encode()).hexdigest()

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        """Encode N texts to an array (N, D) of float32."""
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for part in chunks(len(texts), BATCH):
            captions = [PROMPT.format(text) for text in texts[part]]
            vectors[part] = normalize_rows(self.images.backend.embed_texts(captions))
            progress("encode", part.stop, len(texts))
        return vectors
