"""Averaged snapshots: the mean of those of one run, or of several, in the place of choosing one.

The question: which step's weights are kept where no held-out rows can tell? Snapshots at equal distances along a run
are averaged, which does about as well as the best of them and depends less on the rate and on the length of the run;
the averages of several runs are averaged again. Do not use it where held-out rows of the same kind abound, which choose
better, or with snapshots from before the loss came down: `last` leaves them out.

Paper: "Free Lunch: Robust Cross-Lingual Transfer via Model Checkpoint Averaging" (Schmidt et al. 2023). Changed: runs
count alike, however many snapshots they have.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from torch import Tensor

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.weights.states import State, mean_state

CARD = Card(
    name="checkpoint_average",
    room="weights",
    question="merge",
    summary="The mean of snapshots along a run, and over runs, in the place of choosing one",
    paper="Free Lunch: Robust Cross-Lingual Transfer via Model Checkpoint Averaging",
    year=2023,
    needs=("weights",),
    cost="O(S P) for S snapshots of P numbers; six models in memory, and `last` more where it is given",
    tags=("training-free", "no held-out rows"),
    ids=("002-000",),
)


def checkpoint_average(runs: Iterable[Iterable[State]], *, last: int | None = None) -> dict[str, Tensor]:
    """The mean over runs of the mean over their snapshots.

    Args:
        runs: For each run its snapshots, state dicts in the order of training; generators are read one at a time.
        last: How many of each run's last snapshots count, at least 1; None for all.

    Returns:
        A state dict. Cost: O(P) a snapshot.

    Raises:
        InputError: `last` is under 1, a run has no snapshot, they differ in names or shapes, or one holds NaN.

    Example:
        >>> import torch
        >>> runs = [[{"w": torch.tensor([value])} for value in run] for run in ((9.0, 1.0, 3.0), (4.0, 4.0))]
        >>> checkpoint_average(runs, last=2)["w"].item()
        3.0
    """
    if last is not None and last < 1:
        raise InputError(f"last must be at least 1, not {last}")
    return mean_state(mean_state(run if last is None else deque(run, maxlen=last)) for run in runs)
