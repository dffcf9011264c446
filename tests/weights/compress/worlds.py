"""A tiny encoder, and rows for it."""

from __future__ import annotations

from modicum.encoders import load_folder
from modicum.weights.encoder import Batch, read_module
from tests.encoders import tiny

TEXTS = ["my card is lost", "where is my new card ? where is the pin ? lost", "the pin", "is a card lost ?"]


def encoder(path, kind="bert"):
    """The encoder of a folder, as a module, and a batch."""
    found = load_folder(tiny.save_transformer(path / kind, kind), threads=1)
    module = read_module(found, dropout=0.0).eval()
    return found, module, Batch.of(found.tokenize(TEXTS), module.pad)
