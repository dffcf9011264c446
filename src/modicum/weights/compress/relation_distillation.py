"""Distillation of relations: a shallower encoder learns how the large one relates its tokens, without labels.

The question: how does an encoder get twice as fast and stay nearly as good? The student starts as some of the teacher's
own layers. On unlabelled rows it learns to attend in its last layer as the teacher does in its last, to relate the
values there alike, and to end at the same vectors of texts; no label is asked for, so that one student serves every
task on such rows. Do not use it with a few hundred rows: the student then repeats the teacher on those alone.

Paper: "MiniLM: Deep Self-Attention Distillation for Task-Agnostic Compression of Pre-Trained Transformers" (Wang et al.
2020). Changed: the student starts from the teacher's layers and keeps its embeddings, as rows are few here; a loss on
the vectors of texts, which are what an encoder of texts is used for; no teacher assistant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.weights.adapt.adapter import shared
from modicum.weights.encoder import Batch, TextEncoder

CARD = Card(
    name="distil_relations",
    room="weights",
    question="compress",
    summary="A shallower encoder, taught on unlabelled rows to relate tokens and to end as the large one does",
    paper="MiniLM: Deep Self-Attention Distillation for Task-Agnostic Compression of Pre-Trained Transformers",
    year=2020,
    needs=("weights", "unlabelled", "texts"),
    cost="O(E N) passes of the teacher, and of the student forth and back, for N rows and E epochs",
    tags=("distillation",),
    ids=("001-064",),
)

WARM_UP = 0.1
"""Share of the steps over which the rate rises."""
LONGEST_GRADIENT = 1.0

Heads = tuple[Tensor, Tensor, Tensor]
"""Queries, keys and values, each (n, heads, L, width of a head)."""


@dataclass(frozen=True)
class Distillation:
    """How a student is taught.

    Args:
        relations: Weight of `relation_loss`, at least 0.
        vectors: Weight of `vector_loss`, at least 0; with 0 the loss is the paper's.
        epochs: How often the student sees each row, at least 1.
        batch: Rows of a step, at least 1; they are of about the same length.
        rate: Largest rate of AdamW, above 0; it rises over a tenth of the steps and falls to 0 over the rest.
        seed: Draws the batches.

    Raises:
        InputError: A setting is out of its range.
    """

    relations: float = 1.0
    vectors: float = 10.0
    epochs: int = 3
    batch: int = 64
    rate: float = 3e-4
    seed: int = 0

    def __post_init__(self) -> None:
        weights = self.relations, self.vectors
        if min(weights) < 0 or max(weights) <= 0 or min(self.epochs, self.batch) < 1 or self.rate <= 0:
            raise InputError(
                "a distillation needs a loss of weight above 0, an epoch, a row a batch and a rate above 0"
            )


def relation_loss(teacher: Heads, student: Heads, mask: Tensor) -> Tensor:
    """How unlike two layers relate the tokens of a text: Kullback-Leibler divergences in nats, teacher first.

    For every head and token two distributions over the text's tokens are compared, softmax(q k / sqrt(width)), which is
    the layer's attention, and softmax(v v / sqrt(width)).

    Args:
        teacher: Queries, keys and values.
        student: The same of as many heads, which may be narrower.
        mask: Where there are tokens (n, L), and no padding.

    Returns:
        Mean over heads and tokens of the sum of both divergences, at least 0. Cost: O(n heads L^2 width).

    Raises:
        InputError: The two have not the same number of heads.

    Example:
        >>> zeros, eye = torch.zeros(1, 1, 2, 2), torch.eye(2)[None, None] * 2**0.25
        >>> mask = torch.ones(1, 2, dtype=torch.bool)
        >>> loss = relation_loss((eye, eye, zeros), (zeros, zeros, zeros), mask)  # attention 0.731, 0.269 and 0.5, 0.5
        >>> round(loss.item(), 4)
        0.1109
    """
    if teacher[0].shape[1] != student[0].shape[1]:
        raise InputError(
            f"the teacher has {teacher[0].shape[1]} heads and the student {student[0].shape[1]}; "
            "relations are compared head by head"
        )
    loss = torch.zeros((), device=mask.device)
    for one, other in ((0, 1), (2, 2)):
        wanted = _relations(teacher[one], teacher[other], mask)
        found = _relations(student[one], student[other], mask)
        divergence = F.kl_div(found, wanted, reduction="none", log_target=True).sum(dim=-1)
        loss = loss + divergence.mean(dim=1)[mask].mean()
    return loss


def _relations(one: Tensor, other: Tensor, mask: Tensor) -> Tensor:
    """Log-softmax (n, heads, L, L) of scaled products; padding, as good as never, has a finite one."""
    scores = one @ other.transpose(-1, -2) / one.shape[-1] ** 0.5
    return scores.masked_fill(~mask[:, None, None, :], torch.finfo(scores.dtype).min).log_softmax(dim=-1)


def vector_loss(teacher: Tensor, student: Tensor) -> Tensor:
    """Squared distance of vectors (n, D) as a share of the teacher's squared length; of unit vectors 2 - 2 cosine.

    Example:
        >>> vector_loss(torch.tensor([[2.0, 0.0], [0.0, 2.0]]), torch.tensor([[2.0, 0.0], [0.0, 1.0]])).item()
        0.125
    """
    return (student - teacher).square().sum() / teacher.square().sum()


def even_layers(depth: int, kept: int) -> list[int]:
    """Layers in even steps, the last of all among them.

    Raises:
        InputError: There are not so many.

    Example:
        >>> even_layers(6, 3), even_layers(12, 5)
        ([1, 3, 5], [1, 3, 6, 8, 11])
    """
    if not 1 <= kept <= depth:
        raise InputError(f"an encoder of {depth} layers can keep 1 to {depth} of them, not {kept}")
    return [depth * (place + 1) // kept - 1 for place in range(kept)]


def with_layers(encoder: TextEncoder, layers: Sequence[int]) -> TextEncoder:
    """The encoder with some of its layers alone, in the order given; its weights are copies.

    Raises:
        InputError: There is no such layer, or none is named.
    """
    if not layers or not all(0 <= layer < encoder.depth for layer in layers):
        raise InputError(f"layers {list(layers)} are not some of 0 to {encoder.depth - 1}")
    named, state = encoder.names.layer, encoder.state_dict()
    weights = {name: tensor for name, tensor in state.items() if not name.startswith(named.partition("{i}")[0])}
    for place, layer in enumerate(layers):
        old, new = named.format(i=layer), named.format(i=place)
        weights |= {new + name.removeprefix(old): t for name, t in state.items() if name.startswith(old)}
    key = encoder.names.keys.get("num_hidden_layers", "num_hidden_layers")
    return encoder.like(weights, encoder.config | {key: len(layers)})


def distil_relations(
    teacher: TextEncoder,
    tokens: Sequence[Sequence[int]],
    layers: int,
    how: Distillation | None = None,
    *,
    progress: Progress = silent,
) -> TextEncoder:
    """A student of `layers` layers that gives about the teacher's vectors on texts such as these.

    Args:
        teacher: The encoder, plain (adapters folded); it is not changed.
        tokens: Token ids of N texts, as `FolderEncoder.tokenize` gives them: some thousands.
        layers: Layers to keep of the teacher's.
        how: Settings; default `Distillation()`.
        progress: Called with the stage `distil` and the number of steps done.

    Returns:
        A plain encoder, ready for use. Cost: E N passes of the teacher and, forth and back, of the student; memory for
        a batch and four times the student's layers: weights, slopes, and two means of these.

    Raises:
        InputError: There is no text, or the teacher has fewer layers.

    Example:
        >>> even_layers(6, 3)  # the layers that a student of three starts from, counted from 0
        [1, 3, 5]
    """
    how = how or Distillation()
    if not tokens:
        raise InputError("a student learns from unlabelled texts; there is none")
    device = next(teacher.parameters()).device
    master = shared(teacher).eval()
    # Without dropout: every row has a wanted answer of its own, and there is nothing to be held back from.
    student = with_layers(teacher, even_layers(teacher.depth, layers))
    student.to(device).eval()
    for name, parameter in student.named_parameters():
        parameter.requires_grad_(not name.startswith(student.names.embeddings))
    moved = [parameter for parameter in student.parameters() if parameter.requires_grad]
    steps = how.epochs * -(-len(tokens) // how.batch)
    optimizer = torch.optim.AdamW(moved, lr=how.rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps))
    for step, rows in enumerate(_batches(np.array([len(ids) for ids in tokens]), how)):
        batch = Batch.of([tokens[row] for row in rows], teacher.pad, device)
        optimizer.zero_grad()
        _loss(master, student, batch, how).backward()
        torch.nn.utils.clip_grad_norm_(moved, LONGEST_GRADIENT)
        optimizer.step()
        schedule.step()
        progress("distil", step + 1, steps)
    student.zero_grad()
    student.requires_grad_(True).train(teacher.training)
    return student


def _rate(step: int, steps: int) -> float:
    """Share of the largest rate: up over the first steps, then down to nothing."""
    warm = WARM_UP * steps
    return min((step + 1) / (warm + 1), (steps - step) / (steps - warm))


def _batches(lengths: NDArray[np.int64], how: Distillation) -> Iterator[NDArray[np.int64]]:
    """Rows of about equal length together, other ones in every epoch, in a random order."""
    rng = np.random.default_rng(how.seed)
    for _ in range(how.epochs):
        order = np.lexsort((rng.random(len(lengths)), lengths))
        starts = rng.permutation(np.arange(0, len(order), how.batch))
        yield from (order[start : start + how.batch] for start in starts)


def _loss(teacher: TextEncoder, student: TextEncoder, batch: Batch, how: Distillation) -> Tensor:
    with torch.no_grad():
        wanted, wanted_heads = _told(teacher, batch)
    found, found_heads = _told(student, batch)
    relations = relation_loss(wanted_heads, found_heads, batch.mask)
    return how.relations * relations + how.vectors * vector_loss(wanted, found)


def _told(encoder: TextEncoder, batch: Batch) -> tuple[Tensor, Heads]:
    """Vectors of texts, and what the last layer made of the tokens that came to it."""
    states = encoder.states(batch)
    heads = encoder.projected(states[-2], encoder.names.layer.format(i=encoder.depth - 1))
    return encoder.pool(states[-1], batch.mask), heads
