"""Self positioning: where between the models of several tasks the merged model should lie, found by gradient.

The question: in which shares are models of several tasks mixed, and how far from their start? The merged model is the
base plus a learned length times a mean of task vectors with learned shares, both found on a few probe rows of all
tasks. With one number a task it cannot fit the probe rows by heart, and tasks of unlike size no longer outweigh one
another as in joint training. Do not use it where tasks need unlike layers: `atlas` has a coefficient for each block.

Paper: "Improving General Text Embedding Model: Tackling Task Conflict and Data Imbalance through Model Merging" (Li et
al. 2024). Changed: shares are a softmax, and the length is learnt with them; AdamW.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from modicum.core.card import Card
from modicum.weights.merge.descent import Descent, Loss, Merged, descend
from modicum.weights.merge.task_vectors import check_vectors_of
from modicum.weights.states import State

CARD = Card(
    name="self_positioning",
    room="weights",
    question="merge",
    summary="Shares of task vectors and the length of their mean, found by gradient on probe rows",
    paper="Improving General Text Embedding Model: Tackling Task Conflict and Data Imbalance through Model Merging",
    year=2024,
    needs=("weights", "labels", "texts"),
    cost="O(T P) a step for T vectors of P numbers, beside a step of training; T + 1 numbers are learnt",
    tags=("task vectors", "few parameters", "several tasks"),
    ids=("004-012",),
)


def self_positioning(
    module: nn.Module,
    vectors: Sequence[State],
    loss: Loss,
    *,
    length: float = 1.0,
    settings: Descent | None = None,
) -> Merged:
    """The base plus a learned length times the task vectors' mean with learned shares.

    Args:
        module: The base, which is not changed; call `eval()` on it before, unless dropout is wanted.
        vectors: Task vectors of its state dict (`task_vector`).
        loss: From a function that answers as the merged module would, and the number of the step, to a scalar; for
            several tasks, the sum of theirs.
        length: Length before the first step, where shares are equal; 1 is the mean of the tasks' models.
        settings: Of the search; default `Descent()`.

    Returns:
        The merged model; all blocks of a vector have the same coefficient. Cost: O(T P) a step for T vectors of P
        numbers, beside that of training.

    Raises:
        InputError: The vectors do not fit the module, or the first loss is NaN or infinite.

    Example:
        >>> net, x = nn.Linear(2, 2, bias=False), torch.eye(2)
        >>> _ = net.load_state_dict({"weight": torch.zeros(2, 2)})
        >>> vectors = [{"weight": torch.diag(torch.tensor(side))} for side in ((1.0, 0.0), (0.0, 1.0))]
        >>> wanted = torch.diag(torch.tensor([1.5, 0.5]))
        >>> found = self_positioning(net, vectors, lambda forward, step: (forward(x) - wanted).square().sum())
        >>> [round(value, 1) for value in found.coefficients[:, 0].tolist()]
        [1.5, 0.5]
    """
    check_vectors_of(module.state_dict(), vectors)
    shares = torch.zeros(len(vectors)).requires_grad_()
    size = torch.tensor(float(length)).requires_grad_()

    def coefficients() -> Tensor:
        return (size * shares.softmax(dim=0))[:, None].expand(-1, len(vectors[0]))

    return descend(module, vectors, loss, [shares, size], coefficients, settings or Descent())
