"""The one mechanism of all objectives: what a batch of rows costs, for an encoder that is being tuned.

A method is one file: a pure function on tensors, and a frozen dataclass of its settings whose `start` makes a `Loss`
for one lesson. The loss draws the rows of each batch and says what they cost; what it registers as parameters, such as
a head, trains along and is thrown away. Most losses see vectors alone: such a `VectorLoss` names the texts it wants and
says what their vectors cost, so that vectors of another layer or width can be put in their place.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from modicum.core.errors import InputError
from modicum.weights.encoder import Batch, TextEncoder

Tokens = Sequence[Sequence[int]]


@dataclass(frozen=True, eq=False)
class Lesson:
    """What there is to learn from: N texts, some with one of K classes."""

    tokens: Tokens
    """Token ids of each text."""
    codes: NDArray[np.int64]
    """Class of each text (N,), -1 where unknown."""
    classes: int
    names: Tokens | None = None
    """Token ids of each class's name and description (K); None where the names say nothing."""
    proba: NDArray[np.floating] | None = None
    """What a frozen model thinks of each text (N, K); None where there is none."""

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """Row numbers with a class, ascending."""
        return np.flatnonzero(self.codes >= 0)

    @cached_property
    def pool(self) -> NDArray[np.int64]:
        """Row numbers without one, ascending."""
        return np.flatnonzero(self.codes < 0)

    def labelled(self, least: int = 1) -> NDArray[np.int64]:
        """Row numbers with a class.

        Raises:
            InputError: There are fewer than `least`.
        """
        if len(self.rows) < least:
            raise InputError(f"the objective learns from labels and needs {least}; there are {len(self.rows)}")
        return self.rows

    def unlabelled(self) -> NDArray[np.int64]:
        """Row numbers without a class.

        Raises:
            InputError: There is none.
        """
        if len(self.pool) == 0:
            raise InputError("the objective learns from unlabelled rows; there is none")
        return self.pool

    def named(self) -> Tokens:
        """Token ids of the names.

        Raises:
            InputError: The names say nothing.
        """
        if self.names is None:
            raise InputError("the objective learns from class names, and these say nothing; describe the classes")
        return self.names

    def thought(self) -> NDArray[np.floating]:
        """What a frozen model thinks of each text (N, K).

        Raises:
            InputError: There is no such model.
        """
        if self.proba is None:
            raise InputError("the objective learns from the probabilities of a model; give those of a fitted one")
        return self.proba


class Loss(nn.Module, ABC):
    """An objective at work. Chance in it comes from torch's own generator, which the training loop seeds and keeps."""

    @abstractmethod
    def draw(self, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Row numbers of the next batch: about `size` of them, at least 1, perhaps some twice."""

    @abstractmethod
    def forward(self, encoder: TextEncoder, rows: NDArray[np.int64]) -> Tensor:
        """What these rows cost: a number with a gradient, lower is better."""


class VectorLoss(Loss):
    """A loss of the vectors of some texts, whatever makes vectors of them."""

    @abstractmethod
    def read(self, rows: NDArray[np.int64]) -> tuple[Tokens, Callable[[Tensor], Tensor]]:
        """The n texts that a batch is about, and what their vectors (n, D) of length 1 cost."""

    def forward(self, encoder: TextEncoder, rows: NDArray[np.int64]) -> Tensor:
        """What the encoder's vectors of these rows cost."""
        tokens, cost = self.read(rows)
        return cost(embed(encoder, tokens))


class ClassLoss(VectorLoss):
    """A loss of labelled rows' vectors and classes, with even classes in a batch.

    Args:
        lesson: What is learnt from; it has labels.
        cost: What unit vectors (n, D) of rows with these classes (n,) cost.
        per_class: Rows of a class that a batch wants; fewer where it has no room for two such classes.
    """

    def __init__(self, lesson: Lesson, cost: Callable[[Tensor, Tensor], Tensor], *, per_class: int = 2) -> None:
        super().__init__()
        self.lesson = lesson
        self.cost = cost
        self.per_class = per_class

    def draw(self, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Row numbers, as many of each class."""
        each = min(self.per_class, max(2, size // 2))
        return balanced_rows(self.lesson.codes, self.lesson.rows, size, rng, per_class=each)

    def read(self, rows: NDArray[np.int64]) -> tuple[Tokens, Callable[[Tensor], Tensor]]:
        """The rows' texts, and the cost with their classes filled in."""
        codes = torch.from_numpy(self.lesson.codes[rows])
        return [self.lesson.tokens[row] for row in rows], lambda vectors: self.cost(vectors, codes.to(vectors.device))


@dataclass(frozen=True)
class Objective(ABC):
    """Settings of what is minimised; every file has one.

    Raises:
        InputError: There is a temperature, and it is not above 0.
    """

    def __post_init__(self) -> None:
        temperature = getattr(self, "temperature", 1.0)
        if not temperature > 0:
            raise InputError(f"temperature must be above 0, not {temperature}")

    @abstractmethod
    def start(self, lesson: Lesson, encoder: TextEncoder) -> Loss:
        """The loss for a lesson; `encoder` is the one that will be tuned, as it starts.

        Raises:
            InputError: The lesson lacks what the objective learns from.
        """


def embed(encoder: TextEncoder, tokens: Tokens) -> Tensor:
    """Vectors (n, D) of texts, of length 1 whatever the encoder gives, with a gradient where it trains."""
    return F.normalize(encoder(Batch.of(tokens, encoder.pad, next(encoder.parameters()).device)), dim=-1)


def balanced_rows(
    codes: NDArray[np.int64], rows: NDArray[np.int64], size: int, rng: np.random.Generator, *, per_class: int = 2
) -> NDArray[np.int64]:
    """About `size` of the rows, the same number of each class drawn, rows of small classes more than once.

    Args:
        codes: Class of each row (N,).
        rows: Row numbers (n,) to draw from, at least 1.
        size: Rows wanted.
        rng: Draws classes, then rows.
        per_class: Rows of a class at least; more where there are fewer classes than that fills.

    Example:
        >>> rows = balanced_rows(np.array([0, 0, 0, 1]), np.arange(4), 4, np.random.default_rng(0))
        >>> np.bincount(np.array([0, 0, 0, 1])[rows]).tolist()
        [2, 2]
    """
    there = np.unique(codes[rows])
    each = max(per_class, -(-size // len(there)))
    chosen = rng.permutation(there)[: max(1, size // each)]
    found = [rows[codes[rows] == code] for code in chosen]
    return np.concatenate([rng.choice(own, each, replace=len(own) < each) for own in found])
