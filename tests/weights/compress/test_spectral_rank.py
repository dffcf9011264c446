"""Ranks by spectrum: the authors' ranks, budgets kept, what thin matrices lose."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import nn  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.compress import factorise, ranks_above, spectral_ranks, truncate  # noqa: E402
from tests.weights.compress.worlds import encoder  # noqa: E402


def drawn(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


STATE = {"a": drawn(0, 30, 40), "b": drawn(1, 24, 24) @ torch.diag(0.9 ** torch.arange(24.0)), "c": drawn(2, 60, 12)}


@pytest.mark.parametrize(("threshold", "expected"), [(0.1, (27, 15, 11)), (0.3, (20, 8, 8)), (0.6, (9, 4, 4))])
def test_parity_with_the_authors_code(threshold, expected):
    """`adaptive_rank_pruning` of github.com/VITA-Group/WeLore (commit 3f3dac6) on these matrices' singular values."""
    spectra = {name: torch.linalg.svdvals(matrix) for name, matrix in STATE.items()}
    assert tuple(ranks_above(spectra, threshold).values()) == expected


def test_known_world_what_is_of_low_rank_gives_all_and_the_rest_nothing():
    thin = drawn(0, 32, 3) @ drawn(1, 3, 32)
    flat, _ = torch.linalg.qr(drawn(2, 32, 32))
    state = {"thin": thin, "flat": flat}
    ranks = spectral_ranks(state, 0.6)
    assert ranks == {"thin": 3}
    small, lost = truncate(state, ranks)
    torch.testing.assert_close(small["thin"], thin, atol=1e-4, rtol=0)
    assert torch.equal(small["flat"], flat)
    assert lost["thin"] < 1e-4


def numbers(ranks):
    return sum(ranks[name] * sum(matrix.shape) if name in ranks else matrix.numel() for name, matrix in STATE.items())


def largest_step():
    """A matrix that stays whole takes up to one rank more than its thin form does before it."""
    return max(sum(matrix.shape) for matrix in STATE.values())


@given(st.floats(0.2, 0.99))
def test_the_budget_is_kept_and_used(keep):
    total = sum(matrix.numel() for matrix in STATE.values())
    used = numbers(spectral_ranks(STATE, keep))
    assert keep * total - largest_step() <= used <= keep * total


@given(st.floats(0.2, 0.9))
def test_more_numbers_lose_no_more(keep):
    low, high = (truncate(STATE, spectral_ranks(STATE, share))[1] for share in (keep, keep + 0.09))
    assert all(high.get(name, 0.0) <= lost + 1e-6 for name, lost in low.items())


def test_factors_answer_as_the_truncated_weight_does(tmp_path):
    _, module, batch = encoder(tmp_path)
    ranks = spectral_ranks(module.state_dict(), 0.7, targets=r"encoder\.layer.*weight")
    assert ranks
    other = module.like(truncate(module.state_dict(), ranks)[0])
    small = factorise(module, ranks)
    torch.testing.assert_close(small(batch), other(batch), atol=1e-4, rtol=1e-4)
    before, after = (sum(t.numel() for t in net.parameters()) for net in (module, small))
    assert after < before
    assert all(p.requires_grad for p in small.parameters())


def test_full_rank_is_the_model(tmp_path):
    _, module, batch = encoder(tmp_path)
    small = factorise(module, {"encoder.layer.0.output.dense.weight": 16})
    torch.testing.assert_close(small(batch), module(batch), atol=1e-5, rtol=1e-5)


def test_errors():
    net = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4))
    with pytest.raises(InputError, match="keep must lie strictly between 0 and 1, not 1"):
        spectral_ranks(STATE, 1)
    with pytest.raises(InputError, match=r"rank 4 does not fit '0\.weight' of \(4, 3\); take 1 to 3"):
        factorise(net, {"0.weight": 4})
    with pytest.raises(InputError, match=r"'1\.weight' is not the weight of a linear layer; give ranks of such"):
        factorise(net, {"1.weight": 1})
    with pytest.raises(InputError, match="ranks name the tensor 'odd', which the model lacks"):
        truncate(STATE, {"odd": 1})
