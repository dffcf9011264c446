"""An encoder from a local folder, run by onnxruntime without torch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.normalizers import Lowercase
from tokenizers.normalizers import Sequence as Normalizers

from modicum.core.arrays import chunks
from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.encoders.architectures import padding
from modicum.encoders.engine import ort
from modicum.encoders.graph import Dense, build_graph
from modicum.encoders.layout import Layout, fingerprint, read_layout, read_weights
from modicum.encoders.wellformed import clip

ROWS = 1024
"""Texts tokenised at a time."""
BATCH_TOKENS = 1024
"""Tokens a batch holds at most, padding included; measured fastest on few cores."""
CHARACTERS_PER_TOKEN = 32
"""A text is cut at this many characters for each token that fits; ordinary text has 2 to 6."""


class FolderEncoder:
    """Vectors of a BERT-family encoder, equal to those of sentence-transformers up to float noise.

    Texts longer than `max_tokens` are cut, as that library does. Before they are tokenised they are cut at
    `CHARACTERS_PER_TOKEN` times `max_tokens` characters (8,192 for the default encoder), so that a text of a megabyte
    costs no more than a long one; only a text with a token's worth of more than 32 characters on average, such as long
    runs of blanks, can notice. The session is made at the first `encode`.

    Args:
        layout: What the folder says of itself.
        name: Name a reader recognises.
        threads: Threads of onnxruntime, at least 1; default all cores that this process may use.
    """

    def __init__(self, layout: Layout, name: str, threads: int | None = None) -> None:
        if threads is not None and threads < 1:
            raise InputError(f"threads must be at least 1, not {threads}")
        self.layout = layout
        self.name = name
        self.threads = threads

    @property
    def dimension(self) -> int:
        """Width D of the vectors."""
        return self.layout.dimension

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over weights, tokenizer and settings."""
        return fingerprint(self.layout)

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        """Encode N texts to an array (N, D) of float32, in their order.

        Cost: O(tokens) and, within a text, O(length^2) for attention; memory beyond the result does not grow with N.
        """
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for part in chunks(len(texts), ROWS):
            for done in self._encode_part(texts[part], vectors[part]):
                progress("encode", part.start + done, len(texts))
        return vectors

    def _encode_part(self, texts: Sequence[str], out: NDArray[np.float32]) -> Iterator[int]:
        """Fill `out`, long texts first, and yield the number of rows done after each batch."""
        encodings = self._tokenizer.encode_batch_fast([self._prepare(text) for text in texts])
        tokens = [encoding.ids for encoding in encodings]
        lengths = np.array([len(ids) for ids in tokens])
        order = np.argsort(-lengths, kind="stable")
        pad, start = padding(self.layout.config), 0
        while start < len(order):
            width = max(1, int(lengths[order[start]]))
            rows = order[start : start + max(1, BATCH_TOKENS // width)]
            mask = np.arange(width) < lengths[rows][:, None]
            ids = np.full(mask.shape, pad, dtype=np.int32)
            ids[mask] = np.fromiter(chain.from_iterable(tokens[row] for row in rows), dtype=np.int32)
            out[rows] = self._engine.run(ids, mask)
            start += len(rows)
            yield start

    def _prepare(self, text: str) -> str:
        return clip(self.layout.prompt + text, CHARACTERS_PER_TOKEN * self.layout.max_tokens)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        file = self.layout.folder / "tokenizer.json"
        try:
            tokenizer = Tokenizer.from_file(str(file))
        except Exception as error:  # the library raises Exception itself
            raise InputError(f"{file} is not a tokenizer ({error}); copy the model again") from error
        if self.layout.lower:
            first = [Lowercase(), *([tokenizer.normalizer] if tokenizer.normalizer else [])]
            tokenizer.normalizer = Normalizers(first)
        # What the file says of lengths is what was used when it was saved, not what the encoder wants.
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.layout.max_tokens)
        return tokenizer

    @cached_property
    def _engine(self) -> _Engine:
        return _start(self.layout, self.threads or usable_cores())


@dataclass(frozen=True, eq=False)
class _Engine:
    session: ort.InferenceSession
    weights: list[Any]
    """The session reads these arrays in place: they must live as long as it does."""

    def run(self, ids: NDArray[np.int32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
        answer: NDArray[np.float32]
        (answer,) = self.session.run(None, {"input_ids": ids, "attention_mask": mask.astype(np.int32)})
        return answer


def _start(layout: Layout, threads: int) -> _Engine:
    dense = []
    for module in layout.dense:
        held = read_weights(module.folder)
        if "linear.weight" not in held:
            raise InputError(f"{module.folder} holds no tensor 'linear.weight'; is it a dense module?")
        dense.append(Dense(held["linear.weight"], held.get("linear.bias"), module.activation))
    graph = build_graph(
        layout.config, read_weights(layout.folder), pooling=layout.pooling, dense=dense, normalize=layout.normalize
    )
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    values = [ort.OrtValue.ortvalue_from_numpy(array) for array in graph.arrays.values()]
    options.add_external_initializers(list(graph.arrays), values)
    session = ort.InferenceSession(graph.model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return _Engine(session, values)


def usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load_folder(
    path: str | Path, *, threads: int | None = None, max_tokens: int | None = None, name: str | None = None
) -> FolderEncoder:
    """An encoder from a sentence-transformers folder, or from a plain transformers folder.

    Args:
        path: The folder: config.json, model.safetensors, tokenizer.json and, if it has them, modules.json and what it
            names (pooling, dense layers, normalisation). Without modules.json: mean pooling, no normalisation.
        threads: Threads of onnxruntime; default all cores that this process may use.
        max_tokens: Longest sequence; default what the folder says.
        name: Name a reader recognises; default the folder's full path, under which it can be loaded again.

    Raises:
        InputError: The folder lacks a file, or asks for something that is not supported.
    """
    folder = Path(path).expanduser().absolute()
    return FolderEncoder(read_layout(folder, max_tokens), name or str(folder), threads)
