"""The prefix without end: its sums, what it can do, and encoders that hold it."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import nn  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.encoders import load_folder  # noqa: E402
from modicum.weights.adapt import InfinitePrefix, adapt, fold, load, save, trainable, turn  # noqa: E402
from modicum.weights.attention import Attention  # noqa: E402
from modicum.weights.encoder import Batch, read_module, write_folder  # noqa: E402
from tests.encoders import tiny  # noqa: E402
from tests.weights.adapt.worlds import moved  # noqa: E402

TEXTS = ["my card is lost", "where is my new card ? where is the pin ? lost", "the"]
MASK = torch.ones(1, 1, 1, 3, dtype=torch.bool)


def waves(size=2.0):
    """Queries, keys and values (1, 2, 3, 4)."""
    return tuple(torch.sin(torch.arange(24.0) * f).view(1, 2, 3, 4) * size for f in (1.0, 0.7, 0.3))


def prefixed(weights, values):
    """Attention with this prefix."""
    adapted = adapt(Attention(2, 4), InfinitePrefix())
    with torch.no_grad():
        adapted.adapter.weights.copy_(weights)
        adapted.adapter.values.copy_(values)
    return adapted


def phi(x):
    return nn.functional.elu(x / x.shape[-1] ** 0.25) + 1


def test_parity_with_the_authors():
    # From ntk_attn of the authors' ntk_attn_demo.py, without its causal mask; every fifth number.
    weights, values = torch.cos(torch.arange(8.0)).view(2, 4, 1), torch.sin(torch.arange(32.0) * 0.9).view(2, 4, 4)
    found = prefixed(weights, values)(*waves(), MASK, 0.0).flatten()[::5]
    wanted = torch.tensor([0.18689325, 0.59570473, 1.75182426, -0.41609246, -0.66237193])
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)


def test_it_is_what_learnt_tokens_would_add():
    query, key, value = waves()
    generator = torch.Generator().manual_seed(0)
    keys, more = (torch.randn(2, 50, 4, generator=generator) for _ in range(2))
    adapted = prefixed(phi(keys).sum(dim=1)[..., None], phi(keys).transpose(1, 2) @ more)
    shares = torch.cat([(query @ key.transpose(-1, -2) / 2).exp(), phi(query) @ phi(keys).transpose(1, 2)], dim=-1)
    together = torch.cat([value, more[None]], dim=2)
    wanted = shares / shares.sum(dim=-1, keepdim=True) @ together
    torch.testing.assert_close(adapted(query, key, value, MASK, 0.0), wanted, atol=1e-5, rtol=1e-5)


def test_a_token_that_outweighs_all_others_is_what_every_query_gets():
    token = torch.tensor([1.0, -2.0, 3.0, 0.5])
    weights = torch.full((2, 4, 1), 1e8)
    found = prefixed(weights, weights * token)(*waves(), MASK, 0.0)
    torch.testing.assert_close(found, token.expand(1, 2, 3, 4), atol=1e-4, rtol=0)


def test_from_its_start_both_parts_move():
    adapted = adapt(Attention(2, 4), InfinitePrefix())
    adapted(*waves(), MASK, 0.0).square().sum().backward()
    assert (adapted.adapter.weights.grad != 0).all()
    assert (adapted.adapter.values.grad != 0).all()


def test_masked_keys_do_not_count_and_dropping_is_for_training():
    query, key, value = waves()
    adapted = moved(adapt(Attention(2, 4), InfinitePrefix()))
    mask = torch.tensor([True, True, False]).view(1, 1, 1, 3)
    whole = adapted(query, key, value, mask, 0.0)
    torch.testing.assert_close(whole, adapted(query, key[:, :, :2], value[:, :, :2], mask[..., :2], 0.0))
    assert not torch.equal(adapted(query, key, value, mask, 0.5), whole)


@given(size=st.floats(0.1, 60))
def test_large_scores_do_not_overflow(size):
    query, key, value = waves(size)
    for keys in (key, -key):
        found = moved(adapt(Attention(2, 4), InfinitePrefix()))(query, keys, value, MASK, 0.0)
        assert torch.isfinite(found).all()


@given(shift=st.floats(-5, 5))
def test_moving_all_values_moves_the_outputs_alike(shift):
    query, key, value = waves()
    weights = torch.linspace(0.1, 1, 8).view(2, 4, 1)
    values = torch.randn(2, 4, 4, generator=torch.Generator().manual_seed(0))
    before = prefixed(weights, values)(query, key, value, MASK, 0.0)
    after = prefixed(weights, values + shift * weights)(query, key, value + shift, MASK, 0.0)
    torch.testing.assert_close(after, before + shift, atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert"])
def test_an_encoder_holds_it_and_ships_it(kind, tmp_path):
    encoder = load_folder(tiny.save_transformer(tmp_path / kind, kind), threads=1)
    base, method = read_module(encoder).eval(), InfinitePrefix()
    batch = Batch.of(encoder.tokenize(TEXTS), base.pad)
    adapted = adapt(base, method)
    torch.testing.assert_close(adapted(batch), base(batch), atol=1e-6, rtol=0)
    head = tiny.WIDTH // tiny.HEADS
    assert sum(t.numel() for t in trainable(adapted).values()) == tiny.LAYERS * tiny.WIDTH * (head + 1)
    moved(adapted, 0.5)
    assert (adapted(batch) - base(batch)).abs().max() > 1e-3
    loaded = load(save(tmp_path / "a.safetensors", adapted, method, base), base)
    assert torch.equal(loaded(batch), adapted(batch))
    for refused in (fold, lambda module: write_folder(tmp_path / "out", encoder, module)):
        with pytest.raises(InputError, match="fold"):
            refused(adapted)
    turn(adapted, on=False)
    assert torch.equal(fold(adapted)(batch), base(batch))


def test_some_layers_alone(tmp_path):
    encoder = load_folder(tiny.save_transformer(tmp_path / "bert", "bert"), threads=1)
    names = set(trainable(adapt(read_module(encoder), InfinitePrefix(), r"layer\.1\.")))
    assert names == {f"encoder.layer.1.attention.self.attend.adapter.{part}" for part in ("weights", "values")}


def test_a_layer_that_is_no_attention_is_told():
    with pytest.raises(InputError, match="match no layer of attention; the module has 0"):
        adapt(nn.Linear(2, 2), InfinitePrefix())
