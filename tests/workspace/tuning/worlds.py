"""A table whose classes a tiny encoder can learn to tell apart."""

from __future__ import annotations

import numpy as np
from safetensors.numpy import load_file, save_file

from modicum.core import Table
from modicum.encoders import load_folder
from tests.encoders import tiny

OWN = ("card", "pin", "lost")
OTHER = ("the", "a", "is", "where", "my", "new", "?")


def encoder(folder):
    """A tiny encoder with random weights, whose words lie far apart."""
    root = tiny.save_transformer(folder / "tiny", "bert")
    weights = load_file(root / "model.safetensors")
    weights["embeddings.word_embeddings.weight"] *= 10
    save_file(weights, root / "model.safetensors")
    return load_folder(root, threads=1)


def table(n=90, labelled=36, seed=0, others=6):
    """Texts of three classes, one word of each text being of its class, beside some others."""
    rng = np.random.default_rng(seed)
    codes = np.arange(n) % 3
    texts = []
    for code in codes:
        words = [*rng.choice(OTHER, others), OWN[code]]
        texts.append(" ".join(rng.permutation(words)))
    labels = tuple(OWN[code] if i < labelled else None for i, code in enumerate(codes))
    hidden = tuple(None if i < labelled else OWN[code] for i, code in enumerate(codes))
    return Table(tuple(map(str, range(n))), tuple(texts), labels, hidden=hidden)
