"""The encoder as a module of torch, for as long as its weights move; before and after it runs without torch."""

from modicum.weights.encoder.folder import read_module, write_folder
from modicum.weights.encoder.module import Batch, TextEncoder

__all__ = ["Batch", "TextEncoder", "read_module", "write_folder"]
