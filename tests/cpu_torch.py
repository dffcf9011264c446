"""torchvision made importable beside a torch without CUDA, before anything imports it."""

from __future__ import annotations

import importlib
import importlib.util
import sys


def declare_operators():
    """Declare the operators that torchvision registers when its compiled part is loaded.

    The registry's wheels are compiled for CUDA and cannot be loaded beside a CPU build of torch, and without the
    operators torchvision refuses to be imported. Pictures are prepared without any of them.
    """
    torch = importlib.import_module("torch")
    operators = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return operators


held = None  # the operators live as long as this
if importlib.util.find_spec("torch") and importlib.util.find_spec("torchvision"):
    try:
        importlib.import_module("torchvision")
    except RuntimeError:
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        held = declare_operators()
        importlib.import_module("torchvision")
