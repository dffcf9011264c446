"""A library of image models without a model: the mean colour of a PPM file is its vector, and colours have names."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from modicum.core.records import refusal
from modicum.encoders.images import LIBRARIES

COLOURS = {"red": (200, 30, 30), "green": (30, 180, 40), "blue": (20, 40, 210)}


class FakeBackend:
    dimension = 3

    def __init__(self, log, texts):
        self.log, self.has_text_tower = log, texts

    def prepare(self, file):
        data = Path(file).read_bytes()
        if not data.startswith(b"P6 "):
            raise refusal(file, "is not an image that can be read; convert or remove it")
        self.log.append(file)
        return np.frombuffer(data.split(b"255\n", 1)[1], dtype=np.uint8).reshape(-1, 3).mean(axis=0)

    def embed(self, prepared):
        return np.stack(prepared).astype(np.float32)

    def embed_texts(self, texts):
        return np.array([next(c for name, c in COLOURS.items() if name in text) for text in texts], dtype=np.float32)


def install(monkeypatch, library="timm", texts=False):
    """Put a fake in the place of a library; return the list of files that it is asked to decode."""
    log = []
    module = SimpleNamespace(load=lambda folder, threads: FakeBackend(log, texts), repository=lambda name: name)
    monkeypatch.setitem(sys.modules, LIBRARIES[library].module, module)
    return log


def save_weights(folder, library="timm"):
    folder.mkdir(parents=True)
    (folder / LIBRARIES[library].weights[0]).write_bytes(b"weights")
    (folder / "config.json").write_text('{"architecture": "fake"}', encoding="utf-8")
    return folder


def ppm(colour, seed=0, side=6):
    """Bytes of a noisy picture about one colour."""
    noise = np.random.default_rng(seed).normal(scale=20, size=(side * side, 3))
    pixels = (np.array(COLOURS[colour]) + noise).clip(0, 255).astype(np.uint8)
    return f"P6 {side} {side} 255\n".encode() + pixels.tobytes()


def save_pictures(folder, per_class=8, labelled=5):
    """Sub-folders of labelled pictures; the others lie at the top."""
    for number, colour in enumerate(COLOURS):
        (folder / colour).mkdir(parents=True)
        for n in range(per_class):
            place = folder / colour / f"{n}.ppm" if n < labelled else folder / f"{colour}-{n}.ppm"
            place.write_bytes(ppm(colour, 100 * number + n))
    return folder
