"""A slow encoder without a model, and a program that fills a cache with it; tests kill it and run two of it at once."""

from __future__ import annotations

import sys
import time
import zlib

import numpy as np

import modicum.encoders.cache as cache_module
from modicum.core.progress import silent


def vector_of(text):
    return np.random.default_rng(zlib.crc32(text.encode())).normal(size=12).astype(np.float32)


class FakeEncoder:
    """Vectors that depend on the text alone; it remembers what it was asked."""

    name = "fake"
    fingerprint = "f" * 64
    dimension = 12

    def __init__(self, seconds=0.0):
        self.seconds = seconds
        self.asked = []

    def encode(self, texts, progress=silent):
        self.asked += texts
        time.sleep(self.seconds)
        progress("encode", len(texts), len(texts))
        return np.stack([vector_of(text) for text in texts]) if texts else np.empty((0, 12), np.float32)


def texts(count):
    return [f"text number {i}" for i in range(count)]


if __name__ == "__main__":
    root, count, rows, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    cache_module.ROWS = rows
    encoder = FakeEncoder(seconds)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    found = cache_module.VectorCache(root).encode(encoder, texts(count))
    right = bool(np.array_equal(found, np.stack([vector_of(text) for text in texts(count)])))
    sys.stdout.write(f"{len(encoder.asked)} {right}\n")
