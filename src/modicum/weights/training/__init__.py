"""How are the few numbers moved: batches, steps, and what happens when something goes wrong?"""

from modicum.weights.training.loop import train
from modicum.weights.training.plan import Plan
from modicum.weights.training.state import Run, RunState
from modicum.weights.training.tuning import ADAPTER, Tuned, layers_alone, tune

__all__ = ["ADAPTER", "Plan", "Run", "RunState", "Tuned", "layers_alone", "train", "tune"]
