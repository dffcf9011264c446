"""An encoder from a local folder, run by onnxruntime without torch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.normalizers import Lowercase
from tokenizers.normalizers import Sequence as Normalizers

from modicum.core.arrays import chunks
from modicum.core.checks import check_choice
from modicum.core.cores import usable_cores
from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.encoders.architectures import padding, setting
from modicum.encoders.difference import layout_weights
from modicum.encoders.engine import ort
from modicum.encoders.graph import PRECISIONS, TOKENS, Dense, build_graph
from modicum.encoders.layout import Layout, fingerprint, read_weights
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
        precision: `float32`, or `int8` for products between 8-bit integers: faster on processors with instructions
            for them (1.6 times as fast where it was measured), slower on others; the mean cosine between
            the two vectors of a text is 0.998 there.

    Raises:
        InputError: `threads` or `precision` is not one of these; or, at the first use, the folder's tokenizer, config
            and weights cannot be read or do not fit one another.
    """

    def __init__(self, layout: Layout, name: str, threads: int | None = None, precision: str = "float32") -> None:
        if threads is not None and threads < 1:
            raise InputError(f"threads must be at least 1, not {threads}")
        self.layout = layout
        self.name = name
        self.threads = threads
        self.precision = check_choice(precision, PRECISIONS, "precision")

    @property
    def mode(self) -> str:
        """`exact` or `fast`."""
        return "exact" if self.precision == "float32" else "fast"

    @property
    def dimension(self) -> int:
        """Width D of the vectors."""
        return self.layout.dimension

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over weights, tokenizer and settings."""
        exact = fingerprint(self.layout)
        return exact if self.mode == "exact" else hashlib.sha256(f"{exact} {self.precision} 1".encode()).hexdigest()

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        """Encode N texts to an array (N, D) of float32, in their order.

        Cost: O(tokens) and, within a text, O(length^2) for attention; memory beyond the result does not grow with N.
        """
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for part in chunks(len(texts), ROWS):
            out, done = vectors[part], part.start
            for batch in self._batches(self.tokenize(texts[part])):
                out[batch.rows] = self._engine.run(batch)
                done += len(batch.rows)
                progress("encode", done, len(texts))
        return vectors

    def encode_ids(self, tokens: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Encode N lists of token ids, marks of begin and end included, to an array (N, D) of float32."""
        vectors = np.empty((len(tokens), self.dimension), dtype=np.float32)
        for batch in self._batches(tokens):
            vectors[batch.rows] = self._engine.run(batch)
        return vectors

    def encode_tokens(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Vectors of single tokens, as the last layer has them: for heads that want more than one vector a text.

        Returns:
            Values (T, hidden) float32 of all tokens, and offsets (N + 1,): those of text i are values[o[i]:o[i + 1]],
            marks of begin and end included. Memory: T * hidden * 4 bytes, so hand in a part of a large table.
        """
        tokens = self.tokenize(texts)
        offsets = np.concatenate([[0], np.cumsum([len(ids) for ids in tokens], dtype=np.int64)])
        values = np.empty((int(offsets[-1]), int(setting(self.layout.config, "hidden_size"))), dtype=np.float32)
        for batch in self._batches(tokens):
            places = offsets[batch.rows][:, None] + np.arange(batch.mask.shape[1])
            values[places[batch.mask]] = self._token_engine.run(batch)[batch.mask]
        return values, offsets

    def tokenize(self, texts: Sequence[str], *, marks: bool = True) -> list[list[int]]:
        """Token ids of each text, cut at `max_tokens`; with the marks of begin and end, or without."""
        limit = CHARACTERS_PER_TOKEN * self.layout.max_tokens
        cut = [clip(self.layout.prompt + text, limit) for text in texts]
        tokenizer = self._tokenizer
        try:
            return [encoding.ids for encoding in tokenizer.encode_batch_fast(cut, add_special_tokens=marks)]
        except Exception as error:  # the library raises Exception itself
            file = self.layout.folder / "tokenizer.json"
            raise InputError(f"{file} cannot read a text ({error}); copy the model again") from error

    @property
    def vocabulary(self) -> int:
        """Number of token ids."""
        return int(self._tokenizer.get_vocab_size())

    @property
    def marks(self) -> tuple[list[int], list[int]]:
        """Token ids that mark the begin and the end of a text."""
        marked, plain = self.tokenize(["a"]), self.tokenize(["a"], marks=False)
        start = next(i for i in range(len(marked[0])) if marked[0][i : i + len(plain[0])] == plain[0])
        return marked[0][:start], marked[0][start + len(plain[0]) :]

    def _batches(self, tokens: Sequence[Sequence[int]]) -> Iterator[_Batch]:
        """Rows of about equal length together, long ones first."""
        lengths = np.array([len(ids) for ids in tokens])
        order = np.argsort(-lengths, kind="stable")
        pad, start = padding(self.layout.config), 0
        while start < len(order):
            width = max(1, int(lengths[order[start]]))
            rows = order[start : start + max(1, BATCH_TOKENS // width)]
            mask = np.arange(width) < lengths[rows][:, None]
            ids = np.full(mask.shape, pad, dtype=np.int32)
            ids[mask] = np.fromiter(chain.from_iterable(tokens[row] for row in rows), dtype=np.int32)
            yield _Batch(rows, ids, mask)
            start += len(rows)

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
        return _start(self.layout, self.layout.pooling, self.precision, self.threads or usable_cores())

    @cached_property
    def _token_engine(self) -> _Engine:
        return _start(self.layout, TOKENS, self.precision, self.threads or usable_cores())


@dataclass(frozen=True, eq=False)
class _Batch:
    rows: NDArray[np.int64]
    ids: NDArray[np.int32]
    mask: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Engine:
    session: ort.InferenceSession
    weights: list[Any]
    """The session reads these arrays in place: they must live as long as it does."""

    def run(self, batch: _Batch) -> NDArray[np.float32]:
        answer: NDArray[np.float32]
        try:
            (answer,) = self.session.run(None, {"input_ids": batch.ids, "attention_mask": batch.mask.astype(np.int32)})
        except Exception as error:  # the engine's own errors have no common class
            raise InputError(
                f"the encoder's tokenizer, config and weights do not fit one another ({_said(error)}); "
                "copy the model again"
            ) from error
        return answer


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _start(layout: Layout, pooling: str, precision: str, threads: int) -> _Engine:
    dense = []
    for module in layout.dense:
        held = read_weights(module.folder)
        if "linear.weight" not in held:
            raise InputError(f"{module.folder} holds no tensor 'linear.weight'; copy the model again")
        if len(held["linear.weight"]) != module.width:
            raise InputError(
                f"{module.folder} holds weights of another size than its config says; copy the model again"
            )
        dense.append(Dense(held["linear.weight"], held.get("linear.bias"), module.activation))
    weights = layout_weights(layout)
    graph = build_graph(
        layout.config, weights, pooling=pooling, dense=dense, normalize=layout.normalize, precision=precision
    )
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    values = [ort.OrtValue.ortvalue_from_numpy(array) for array in graph.arrays.values()]
    options.add_external_initializers(list(graph.arrays), values)
    try:
        session = ort.InferenceSession(graph.model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the engine's own errors have no common class
        raise InputError(
            f"{layout.root}: the encoder cannot be started ({_said(error)}); copy the model again"
        ) from error
    return _Engine(session, values)
