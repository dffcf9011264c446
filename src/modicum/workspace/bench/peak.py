"""How much of a machine's matrix-product peak an encoder reaches: operations a second of each, on the same cores."""

from __future__ import annotations

import time

import numpy as np

from modicum.encoders import FolderEncoder
from modicum.encoders.architectures import setting

SIDE = 2_048
"""Rows and columns of the product that stands for the peak."""
ROUNDS = 8


def matrix_product_peak() -> float:
    """Operations a second of one large float32 product, the best of some rounds on all cores."""
    a, b = np.random.default_rng(0).standard_normal((2, SIDE, SIDE), dtype=np.float32)
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        np.matmul(a, b)
        seconds.append(time.perf_counter() - start)
    return 2 * SIDE**3 / min(seconds)


def operations_per_text(encoder: FolderEncoder, texts: list[str]) -> float:
    """Mean operations of a text's matrix products, counting its own word pieces and no padding."""
    config = encoder.layout.config
    layers, width, inner = (
        int(setting(config, key)) for key in ("num_hidden_layers", "hidden_size", "intermediate_size")
    )
    pieces = np.array([len(ids) for ids in encoder.tokenize(texts)], dtype=np.float64)
    per_piece = 2 * (4 * width**2 + 2 * width * inner)
    attention = 2 * 2 * width
    return float(layers * (per_piece * pieces + attention * pieces**2).mean())
