"""Which few numbers are moved in the place of all weights, and how do they fold back?"""

from modicum.weights.adapt.adapter import (
    Adapted,
    Adapter,
    Method,
    adapt,
    adapters,
    fold,
    penalty,
    restore,
    trainable,
    turn,
)
from modicum.weights.adapt.lora import LoRA
from modicum.weights.adapt.saved import fingerprint, load, save

__all__ = [
    "Adapted",
    "Adapter",
    "LoRA",
    "Method",
    "adapt",
    "adapters",
    "fingerprint",
    "fold",
    "load",
    "penalty",
    "restore",
    "save",
    "trainable",
    "turn",
]
