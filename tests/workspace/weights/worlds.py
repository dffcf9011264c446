"""Tiny encoders of one start, and a table of two classes that they can tell apart."""

from __future__ import annotations

import numpy as np
from safetensors.numpy import save_file

import modicum
from tests.encoders import tiny

WORDS = ["the", "a", "card", "is", "lost", "where", "my", "pin", "new", "?"]


def tuned(folder, seed, scale=0.1):
    """A folder of the tiny encoder whose weights were moved a little, as tuning would."""
    tiny.save_transformer(folder)
    rng = np.random.default_rng(seed)
    moved = {
        name: (values + scale * rng.normal(size=values.shape)).astype(np.float32)
        for name, values in tiny.weights("bert").items()
    }
    save_file(moved, folder / "model.safetensors")
    return folder


def unlike(folder):
    """A folder of the same shapes whose weights have nothing in common with the others'."""
    return tuned(folder, 99, scale=10.0)


def rows(count=48, seed=0):
    """Texts of random words, and whether each speaks of a card or of a pin."""
    rng = np.random.default_rng(seed)
    texts, topics = [], []
    for number in range(count):
        topic = ("card", "pin")[number % 2]
        others = rng.choice([word for word in WORDS if word not in ("card", "pin")], rng.integers(4, 8)).tolist()
        texts.append(" ".join([*others, topic, topic]))
        topics.append(topic)
    return texts, topics


def table(count=48, seed=0, name="held"):
    texts, topics = rows(count, seed)
    found = modicum.read({"text": texts, "topic": topics}, text="text", label="topic")
    return modicum.core.records.Table(found.ids, found.texts, found.labels, name)
