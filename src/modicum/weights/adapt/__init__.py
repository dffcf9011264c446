"""Which few numbers are moved in the place of all weights, and how do they fold back?"""

from modicum.weights.adapt.adapter import (
    Adapted,
    Adapter,
    LayerAdapter,
    Method,
    Start,
    adapt,
    adapters,
    fold,
    penalty,
    restore,
    trainable,
    turn,
)
from modicum.weights.adapt.compacter import Compacter
from modicum.weights.adapt.difffit import DiffFit
from modicum.weights.adapt.dynamic_rank import DynamicRank, ranks
from modicum.weights.adapt.few_bit import FewBit
from modicum.weights.adapt.infinite_prefix import InfinitePrefix
from modicum.weights.adapt.linear_adapter import LinearAdapter
from modicum.weights.adapt.lora import LoRA
from modicum.weights.adapt.pissa import PiSSA
from modicum.weights.adapt.saved import fingerprint, load, save
from modicum.weights.adapt.sorsa import SORSA
from modicum.weights.adapt.sparse_low_rank import SparseLowRank
from modicum.weights.adapt.sparse_spectral import SparseSpectral
from modicum.weights.adapt.spectrum import Spectrum, top_spectrum
from modicum.weights.adapt.svfit import SVFit

__all__ = [
    "SORSA",
    "Adapted",
    "Adapter",
    "Compacter",
    "DiffFit",
    "DynamicRank",
    "FewBit",
    "InfinitePrefix",
    "LayerAdapter",
    "LinearAdapter",
    "LoRA",
    "Method",
    "PiSSA",
    "SVFit",
    "SparseLowRank",
    "SparseSpectral",
    "Spectrum",
    "Start",
    "adapt",
    "adapters",
    "fingerprint",
    "fold",
    "load",
    "penalty",
    "ranks",
    "restore",
    "save",
    "top_spectrum",
    "trainable",
    "turn",
]
