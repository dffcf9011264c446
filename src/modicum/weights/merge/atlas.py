"""Task vectors with a learned coefficient for each block: what several tasks taught, in one model.

The question: how are models of several tasks made one without training it again? What each task moved is a task
vector; every parameter tensor of every vector gets a coefficient, and only these are learnt, by whatever loss there is:
with labels a cross-entropy, without them `fixmatch_loss`. So few numbers fit from few rows. Do not use it where the
tasks' models come from unlike starts, or where rows abound and training all weights on them is affordable; without
labels, only where the first guesses are good.

Paper: "Knowledge Composition using Task Vectors with Learned Anisotropic Scaling" (aTLAS, Zhang et al. 2024). Changed:
where to start is a setting (the paper starts at 0, the base); buffers stay there; no partition of blocks.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from modicum.core.card import Card
from modicum.weights.merge.descent import Descent, Loss, Merged, descend
from modicum.weights.merge.task_vectors import check_vectors_of
from modicum.weights.states import State

CARD = Card(
    name="atlas",
    room="weights",
    question="merge",
    summary="Task vectors added with a learned coefficient for each block of parameters",
    paper="Knowledge Composition using Task Vectors with Learned Anisotropic Scaling",
    year=2024,
    needs=("weights", "labels", "texts"),
    cost="O(T P) a step for T vectors of P numbers, beside a step of training; T times the blocks are learnt",
    tags=("task vectors", "few parameters", "several tasks"),
    ids=("004-006",),
)


def atlas(
    module: nn.Module,
    vectors: Sequence[State],
    loss: Loss,
    *,
    start: float = 0.0,
    settings: Descent | None = None,
) -> Merged:
    """The base plus task vectors, block by block in the measure that lowers a loss.

    Args:
        module: The base, which is not changed; call `eval()` on it before, unless dropout is wanted.
        vectors: Task vectors of its state dict (`task_vector`).
        loss: From a function that answers as the merged module would, and the number of the step, to a scalar; for
            several tasks, the sum of theirs.
        start: Coefficient of every block before the first step.
        settings: Of the search; default `Descent()`.

    Returns:
        The merged model. Cost: O(T P) a step for T vectors of P numbers, beside that of training.

    Raises:
        InputError: The vectors do not fit the module, or the first loss is NaN or infinite.

    Example:
        >>> from modicum.weights.merge import task_vector
        >>> net, x = nn.Linear(1, 1, bias=False), torch.ones(1, 1)
        >>> base = {"weight": torch.zeros(1, 1)}
        >>> _ = net.load_state_dict(base)
        >>> vector = task_vector(base, {"weight": torch.full((1, 1), 2.0)})
        >>> found = atlas(net, [vector], lambda forward, step: (forward(x) - 1).square().sum())
        >>> round(found.coefficients.item(), 2), round(found.state["weight"].item(), 2)
        (0.5, 1.0)
    """
    check_vectors_of(module.state_dict(), vectors)
    free = torch.full((len(vectors), len(vectors[0])), float(start)).requires_grad_()
    return descend(module, vectors, loss, [free], lambda: free, settings or Descent())
