"""Few bits: the levels, what rounding does to values and gradients, and how little ships."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from torch import nn  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.adapt import FewBit, adapt, fold, load, save, trainable  # noqa: E402
from modicum.weights.adapt.few_bit import Rounded, gaussian_levels, pack, unpack  # noqa: E402
from tests.weights.adapt.worlds import descend, inputs, moved, net  # noqa: E402

# From the authors' QLinear (github.com/JieShibo/PETL-ViT, commit 026e4f1) with linspace(-1, 1, 1024)^3 + 0.1 as a
# 32 x 32 weight: the first level above 0, the first column of the weight that it uses in rows 0, 4, 12, 20 and 31, and
# the gradient there of the sum of that weight's squares. Its deviation is that of a sample, with 1e-5 added where it
# divides.
ROWS = [0, 4, 12, 20, 31]
AUTHORS = {
    1: (0.6744897, [-0.155806, -0.155806, -0.155806, 0.355806, 0.355806], [-0.3279, -0.3185, -0.3119, 0.7119, 0.7251]),
    2: (0.3777542, [-0.380034, -0.380034, -0.043266, 0.243266, 0.580034], [-0.5597, -0.6756, -0.0834, 0.4833, 0.9939]),
    4: (0.1055503, [-0.759205, -0.292155, 0.059969, 0.140031, 0.959205], [-1.4946, -0.5743, 0.1203, 0.2797, 1.8987]),
}


@pytest.mark.parametrize("bits", AUTHORS)
def test_parity_with_the_authors(bits):
    level, values, gradient = AUTHORS[bits]
    levels = gaussian_levels(bits)
    assert levels[2 ** (bits - 1)].item() == pytest.approx(level, abs=1e-6)
    rounded = Rounded(torch.linspace(-1, 1, 1024).view(32, 32) ** 3 + 0.1, levels)
    rounded().square().sum().backward()
    torch.testing.assert_close(rounded()[ROWS, 0], torch.tensor(values), atol=1e-3, rtol=0)
    torch.testing.assert_close(rounded.latent.grad[ROWS, 0], torch.tensor(gradient), atol=2e-3, rtol=0)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_no_other_levels_round_gaussian_numbers_with_less_error(bits):
    z = torch.special.ndtri((torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000)
    levels = gaussian_levels(bits).double()

    def error(levels):
        return (z[:, None] - levels).abs().amin(dim=1).mean()

    for i in range(len(levels)):
        for step in (-0.03, 0.03):
            other = levels.clone()
            other[i] += step
            assert error(other) > error(levels)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_parity_with_the_definition(bits):
    base, x = net()[0], inputs()
    adapted = moved(adapt(base, FewBit(rank=4, bits=bits)), 0.3)
    levels, halves = gaussian_levels(bits), {}
    for name in ("down", "up"):
        w = getattr(adapted.adapter, name).latent.detach().clone().requires_grad_()
        deviation = w.std(correction=0)
        z = (w - w.mean()) / deviation
        nearest = levels[(z.detach()[..., None] - levels).abs().argmin(dim=-1)]
        halves[name] = w, (nearest + z - z.detach()) * deviation + w.mean()
    change = FewBit(rank=4).scale * halves["up"][1] @ halves["down"][1]
    torch.testing.assert_close(fold(adapted).weight, base.weight + change, atol=1e-5, rtol=0)
    nn.functional.linear(x, base.weight.detach() + change).square().sum().backward()
    nn.functional.linear(x, adapted.weight).square().sum().backward()
    for name, (w, _) in halves.items():
        torch.testing.assert_close(getattr(adapted.adapter, name).latent.grad, w.grad, atol=1e-3, rtol=1e-4)


def test_a_change_of_two_levels_is_learnt_with_one_bit():
    base = nn.Linear(16, 8, bias=False)
    generator = torch.Generator().manual_seed(0)
    signs = [torch.randint(0, 2, shape, generator=generator) * 2.0 - 1 for shape in ((8, 1), (1, 16))]
    wanted = base.weight.detach() + 0.5 * signs[0] @ signs[1]
    adapted = adapt(base, FewBit(rank=1, alpha=1.0))
    with torch.no_grad():
        for half, sign in zip((adapted.adapter.up, adapted.adapter.down), signs, strict=True):
            half.latent.copy_(sign + 0.2 * torch.randn(sign.shape, generator=generator))
    optimizer = torch.optim.Adam(adapted.adapter.parameters(), lr=0.02)
    for _ in range(300):
        optimizer.zero_grad()
        (adapted.weight - wanted).square().sum().backward()
        optimizer.step()
    assert (adapted.weight - wanted).square().mean() < 0.05 * 0.25


def test_every_matrix_has_no_more_values_than_levels():
    for bits in (1, 2, 4):
        adapter = moved(adapt(net(), FewBit(rank=4, bits=bits)))[0].adapter
        assert len(adapter.down().unique()) <= 2**bits
        assert len(adapter.up().unique()) <= 2**bits


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_what_ships_is_as_small_as_it_says(bits, tmp_path):
    base, method = nn.Linear(64, 40), FewBit(rank=8, bits=bits)
    adapted = moved(adapt(base, method))
    state = load_file(save(tmp_path / "a.safetensors", adapted, method, base))
    assert sum(t.nbytes for t in state.values()) == bits * 8 * (64 + 40) // 8 + 2 * 2 * 4
    assert {t.dtype for name, t in state.items() if name.endswith("codes")} == {torch.uint8}


def test_what_was_loaded_ships_again_and_trains_on(tmp_path):
    base, method = net(), FewBit(rank=3, bits=2)
    adapted = descend(moved(adapt(base, method)))
    loaded = load(save(tmp_path / "a.safetensors", adapted, method, base), base)
    torch.testing.assert_close(trainable(loaded), trainable(adapted), atol=1e-6, rtol=1e-5)
    before = loaded(inputs()).square().sum().item()
    assert descend(loaded, rate=1e-3)(inputs()).square().sum() < before


@given(codes=st.lists(st.integers(0, 15), min_size=1, max_size=40), bits=st.sampled_from([1, 2, 4]))
def test_packed_and_back(codes, bits):
    codes = torch.tensor(codes) % 2**bits
    packed = pack(codes, 2**bits)
    assert len(packed) == -(-len(codes) * bits // 8)
    assert torch.equal(unpack(packed, 2**bits, len(codes)), codes)


@given(values=st.lists(st.floats(-1, 1, width=32), min_size=8, max_size=8), bits=st.sampled_from([1, 2, 4]))
def test_whatever_the_numbers_loading_gives_them_again(values, bits):
    layers = [adapt(nn.Linear(4, 3, bias=False), FewBit(rank=2, bits=bits)) for _ in range(2)]
    with torch.no_grad():
        layers[0].adapter.down.latent.copy_(torch.tensor(values).view(2, 4))
    layers[1].adapter.take(layers[0].adapter.shipped())
    torch.testing.assert_close(layers[1].adapter.down(), layers[0].adapter.down(), atol=1e-6, rtol=1e-5)


def test_other_bits_are_told():
    with pytest.raises(InputError, match="bits must be 1, 2 or 4, not 3"):
        adapt(net(), FewBit(rank=1, bits=3))
    with pytest.raises(InputError, match=r"'down.codes' has shape \(3,\), but here it is \(6,\)"):
        adapt(nn.Linear(12, 8), FewBit(rank=4)).adapter.take(adapt(nn.Linear(6, 8), FewBit(rank=4)).adapter.shipped())
