"""Losses for coefficients where no row is labelled: what the model is sure of should not depend on how it is shown.

Source: "Knowledge Composition using Task Vectors with Learned Anisotropic Scaling" (aTLAS, 2024), unsupervised
FixMatch.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from modicum.core.errors import InputError

MOST_TRUSTED = 100
TRUSTED_SHARE = 0.1


def trusted_rows(proba: Tensor, per_class: int | None = None) -> tuple[Tensor, Tensor]:
    """The rows that a first model is surest of, the same number for each class.

    Args:
        proba: Its probabilities (N, K).
        per_class: Rows a class, at least 1; None for a tenth of N / K, at most 100.

    Returns:
        Row numbers (R,) in rising order, each once, and the likeliest of the classes that chose them (R,). Cost:
        O(N K log N).

    Raises:
        InputError: `per_class` is not in 1..N.

    Example:
        >>> proba = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
        >>> [found.tolist() for found in trusted_rows(proba, 1)]
        [[0, 1], [0, 1]]
    """
    rows, classes = proba.shape
    wanted = max(1, min(int(TRUSTED_SHARE * rows / classes), MOST_TRUSTED)) if per_class is None else per_class
    if not 1 <= wanted <= rows:
        raise InputError(f"{wanted} trusted rows a class do not fit {rows} rows; take 1 to {rows}")
    chosen = torch.zeros_like(proba, dtype=torch.bool)
    chosen.scatter_(0, proba.argsort(dim=0, descending=True, stable=True)[:wanted], value=True)
    found = chosen.any(dim=1).nonzero().flatten()
    return found, proba.where(chosen, -1.0)[found].argmax(dim=1)


def fixmatch_loss(
    plain: Tensor,
    changed: Tensor,
    *,
    codes: Tensor | None = None,
    trusted: Tensor | None = None,
    threshold: float = 0.99,
) -> Tensor:
    """Cross-entropy of rows seen in a changed form, against what is believed of them in their plain form.

    Args:
        plain: Scores (n, K) of the rows as they are; no gradient flows through them.
        changed: Scores (n, K) of the same rows, augmented or under dropout.
        codes: Class codes (n,) for the rows that are trusted; others are not read.
        trusted: Which rows are (n,); None for none.
        threshold: Other rows count where the largest probability exceeds this, 0 to 1.

    Returns:
        The mean over rows that count, a scalar; 0 where none does.

    Example:
        >>> plain = torch.tensor([[9.0, 0.0], [0.1, 0.0]])
        >>> round(fixmatch_loss(plain, torch.zeros(2, 2)).item(), 4)
        0.6931
    """
    belief = plain.detach().softmax(dim=1)
    if trusted is not None and codes is not None:
        belief = torch.where(trusted[:, None], F.one_hot(codes.clamp(min=0), plain.shape[1]).to(belief), belief)
    counts = (belief.amax(dim=1) > threshold).to(changed)
    each = F.cross_entropy(changed, belief, reduction="none")
    return (each * counts).sum() / counts.sum().clamp(min=1)
