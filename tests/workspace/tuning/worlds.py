"""A table whose classes a tiny encoder can learn to tell apart."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
from safetensors.numpy import load_file, save_file

import modicum
from modicum.core import Table
from modicum.encoders import base_name, load_folder, write_difference
from modicum.workspace.tuning.own import OwnWeights
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


def slim_bundle(folder):
    """A bundle with the difference of an encoder from a tiny one, made without torch; its base lies beside it."""
    base = encoder(folder)
    whole = shutil.copytree(base.layout.root, folder / "whole")
    weights = load_file(whole / "model.safetensors")
    weights["encoder.layer.1.attention.self.query.bias"] += 1
    save_file(weights, whole / "model.safetensors")
    write_difference(folder / "difference", load_folder(whole).layout, base.layout, base_name(base))
    slim = load_folder(folder / "difference", threads=1, name="tiny, tuned")
    made = modicum.fit(table(), encoder=slim, encoder_mode="exact", budget=1, map_points=0, threads=1).bundle
    own = replace(made, encoder=replace(made.encoder, own=True), weights=OwnWeights(slim.layout.root))
    return own.save(folder / "bundle")
