"""Rank by spectrum: each matrix keeps as many directions as its own singular values ask for.

The question: which matrices can be made thin, and how thin? The singular values of every matrix are brought to 0..1,
and one threshold for all of them, chosen so that the wanted share of numbers is kept, tells each matrix its rank: those
whose values fall off steeply give much, flat ones stay whole. Nothing but the weights is needed; what was made thin can
be tuned afterwards. Do not use it where the spectra of all matrices are flat, as in many small encoders: the loss is
then large at any saving, which `truncate` tells before anything is built.

Paper: "From GaLore to WeLore: How Low-Rank Weights Non-uniformly Emerge from Low-Rank Gradients" (Jaiswal et al. 2024).
Changed: the threshold is found for a share of numbers, where the paper's table has one for each model; a matrix that
would not get smaller stays whole.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from modicum.core.card import Card
from modicum.core.checks import check_fraction
from modicum.core.errors import InputError
from modicum.weights.adapt.adapter import replace, shared
from modicum.weights.adapt.spectrum import top_spectrum
from modicum.weights.states import State, matrices

CARD = Card(
    name="spectral_ranks",
    room="weights",
    question="compress",
    summary="A rank for each matrix from one threshold on all normalised singular values",
    paper="From GaLore to WeLore: How Low-Rank Weights Non-uniformly Emerge from Low-Rank Gradients",
    year=2024,
    needs=("weights",),
    cost="O(out * in * min(out, in)) a matrix, once",
    tags=("training-free", "low rank"),
    ids=("004-028",),
)


def spectral_ranks(state: State, keep: float, *, targets: str | None = None) -> dict[str, int]:
    """Ranks at which the matrices together keep a share of their numbers.

    Args:
        state: State dict.
        keep: Share of the numbers of the matrices meant, between 0 and 1.
        targets: Which tensors of two axes or more, by a regular expression found in their names; None for all. Leave
            out embeddings, which are looked up and not multiplied.

    Returns:
        The rank of each matrix that gets smaller, by name: r (out + in) numbers in the place of out * in. Together
        with those that stay whole they are at most `keep` of the numbers, unless that is under rank 1 for all. Cost: a
        decomposition a matrix.

    Raises:
        InputError: No tensor is meant, or `keep` is not between 0 and 1.

    Example:
        >>> steep, flat = torch.diag(0.5 ** torch.arange(8.0)), torch.eye(8)
        >>> spectral_ranks({"steep": steep, "flat": flat}, 0.8)
        {'steep': 2}
    """
    check_fraction(keep, "keep")
    found = matrices(state, targets)
    spectra = {name: torch.linalg.svdvals(matrix.float()) for name, matrix in found.items()}
    wanted = keep * sum(matrix.numel() for matrix in found.values())
    levels = torch.cat([_normalised(values) for values in spectra.values()]).unique()
    low, high = 0, len(levels) - 1
    while low < high:
        middle = (low + high) // 2
        ranks = ranks_above(spectra, float(levels[middle]))
        if sum(_numbers(found[name], rank) for name, rank in ranks.items()) <= wanted:
            high = middle
        else:
            low = middle + 1
    ranks = ranks_above(spectra, float(levels[low]))
    return {name: rank for name, rank in ranks.items() if _numbers(found[name], rank) < found[name].numel()}


def ranks_above(spectra: Mapping[str, Tensor], threshold: float) -> dict[str, int]:
    """How many singular values of each matrix, brought to 0..1, reach a threshold; at least 1.

    Example:
        >>> ranks_above({"w": torch.tensor([9.0, 5.0, 1.0])}, 0.4)
        {'w': 2}
    """
    return {name: max(int((_normalised(values) >= threshold).sum()), 1) for name, values in spectra.items()}


def truncate(state: State, ranks: Mapping[str, int]) -> tuple[dict[str, Tensor], dict[str, float]]:
    """The model with each matrix at its rank but of its old shape, and what each one loses.

    Returns:
        A state dict, and for each matrix the norm of what is left out as a share of its own (Frobenius).

    Raises:
        InputError: A name is not in the state dict, or a rank does not fit.

    Example:
        >>> thin, lost = truncate({"w": torch.diag(torch.tensor([4.0, 3.0]))}, {"w": 1})
        >>> thin["w"].round(decimals=4).tolist(), round(lost["w"], 4)
        ([[4.0, 0.0], [0.0, 0.0]], 0.6)
    """
    thin = {name: tensor.detach().clone() for name, tensor in state.items()}
    lost = {}
    for name, rank in ranks.items():
        if name not in state:
            raise InputError(f"ranks name the tensor {name!r}, which the model lacks")
        matrix = state[name].detach().flatten(1)
        _check_rank(name, matrix, rank)
        found = top_spectrum(matrix, rank)
        thin[name] = ((found.left * found.values) @ found.right).view_as(state[name])
        lost[name] = found.left_out
    return thin, lost


def factorise(module: nn.Module, ranks: Mapping[str, int]) -> nn.Module:
    """The module with linear layers made of two thin ones, each of the weight's rank.

    Args:
        module: Any torch module; it is not changed, and tensors of other layers are shared.
        ranks: By the name of a linear layer's weight, as `spectral_ranks` gives.

    Raises:
        InputError: A name is not that of a linear layer's weight, or a rank does not fit.

    Example:
        >>> small = factorise(nn.Sequential(nn.Linear(8, 6), nn.ReLU()), {"0.weight": 2})
        >>> [tuple(tensor.shape) for tensor in small.state_dict().values()]
        [(2, 8), (6, 2), (6,)]
    """
    thin = shared(module)
    layers = dict(thin.named_modules())
    for name, rank in ranks.items():
        layer = layers.get(name.rpartition(".")[0])
        if not name.endswith("weight") or not isinstance(layer, nn.Linear):
            raise InputError(f"{name!r} is not the weight of a linear layer; give ranks of such")
        _check_rank(name, layer.weight, rank)
        thin = replace(thin, name.rpartition(".")[0], _two(layer, rank))
    return thin.requires_grad_(True)


def _two(layer: nn.Linear, rank: int) -> nn.Sequential:
    found = top_spectrum(layer.weight, rank)
    root = found.values.sqrt()
    down = nn.Linear(layer.in_features, rank, bias=False, device="meta")
    up = nn.Linear(rank, layer.out_features, bias=layer.bias is not None, device="meta")
    down.weight = nn.Parameter(root[:, None] * found.right)
    up.weight = nn.Parameter(found.left * root)
    if layer.bias is not None:
        up.bias = nn.Parameter(layer.bias.detach().clone())
    return nn.Sequential(down, up)


def _check_rank(name: str, matrix: Tensor, rank: int) -> None:
    if not 1 <= rank <= min(matrix.shape):
        raise InputError(f"rank {rank} does not fit {name!r} of {tuple(matrix.shape)}; take 1 to {min(matrix.shape)}")


def _normalised(values: Tensor) -> Tensor:
    spread = values.max() - values.min()
    return (values - values.min()) / spread if spread > 0 else torch.ones_like(values)


def _numbers(matrix: Tensor, rank: int) -> int:
    """How many a matrix takes at a rank: whole where that is less."""
    out, width = matrix.shape
    return int(min(rank * (out + width), out * width))
