"""What every way to adapt weights must do, whatever it is: found by walking, so that a new one need not be listed."""

from __future__ import annotations

import dataclasses

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import nn  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.adapt import Method, adapt, fold, load, penalty, save, trainable, turn  # noqa: E402
from tests.weights.adapt.worlds import descend, inputs, moved, net, world  # noqa: E402
from tests.weights.finding import found  # noqa: E402

FOUND = found("adapt", Method)
FOLDING = [kind for kind in FOUND if kind.folds]


def made(kind, **settings):
    """The method at a rank that fits small nets."""
    fields = {field.name for field in dataclasses.fields(kind)}
    return kind(**({"rank": 3} if "rank" in fields else {}) | settings)


@pytest.fixture(params=FOUND, ids=lambda kind: kind.__name__)
def kind(request):
    return request.param


@pytest.fixture(params=FOLDING, ids=lambda kind: kind.__name__)
def folding(request):
    return request.param


@pytest.fixture(params=[kind for kind in FOUND if not kind.folds], ids=lambda kind: kind.__name__)
def unfolding(request):
    return request.param


def test_methods_are_found():
    assert {"LoRA", "PiSSA"} <= {kind.__name__ for kind in FOUND}


def test_it_starts_where_the_base_is_and_a_step_moves_it(kind):
    base, x = world(kind), inputs()
    adapted = adapt(base, made(kind))
    torch.testing.assert_close(adapted(x), base(x), atol=1e-5, rtol=0)
    before = {name: tensor.clone() for name, tensor in base.state_dict().items()}
    descend(adapted)
    assert (adapted(x) - base(x)).abs().max() > 1e-4
    assert all(torch.equal(tensor, before[name]) for name, tensor in base.state_dict().items())


def test_everything_that_trains_gets_a_gradient(kind):
    adapted = moved(adapt(world(kind), made(kind)))
    loss = adapted(inputs()).square().sum() + penalty(adapted)
    loss.backward()
    for name, parameter in adapted.named_parameters():
        assert (parameter.grad is not None) == parameter.requires_grad, name
        assert parameter.grad is None or parameter.grad.abs().max() > 0, name


def test_the_short_way_gives_what_the_formed_weight_gives(folding):
    adapted, x = moved(adapt(net(), made(folding))), inputs()
    layer = adapted[0]
    torch.testing.assert_close(layer(x), nn.functional.linear(x, layer.weight, layer.bias), atol=1e-5, rtol=1e-5)


def test_turned_off_it_is_the_base(kind):
    base, x = world(kind), inputs()
    adapted = moved(adapt(base, made(kind)))
    turn(adapted, on=False)
    assert torch.equal(adapted(x), base(x))
    assert torch.equal(fold(adapted)(x), base(x))
    assert str(fold(adapted)) == str(base)


def test_folded_it_is_plain_and_answers_alike(folding):
    base, x = net(), inputs()
    adapted = moved(adapt(base, made(folding)))
    plain = fold(adapted)
    assert str(plain) == str(base)
    torch.testing.assert_close(plain(x), adapted(x), atol=1e-5, rtol=1e-5)


def test_what_cannot_be_folded_says_so(unfolding):
    with pytest.raises(InputError, match=r"layer '\w+': .* cannot be folded; ship it with `save`, or turn it off"):
        fold(adapt(world(unfolding), made(unfolding)))
    with pytest.raises(InputError, match=r"targets None match no layer of \w+; the module has 0"):
        adapt(net(), made(unfolding))


def test_convolutions_are_matrices_too(folding):
    torch.manual_seed(0)
    base, x = nn.Sequential(nn.Conv2d(4, 8, 3), nn.ReLU()), torch.randn(2, 4, 6, 6)
    adapted = adapt(base, made(folding), "0")
    torch.testing.assert_close(adapted(x), base(x), atol=1e-5, rtol=0)
    moved(adapted)
    torch.testing.assert_close(fold(adapted)(x), adapted(x), atol=1e-5, rtol=1e-5)


def test_what_is_saved_answers_alike_when_it_is_loaded(kind, tmp_path):
    base, x, method = world(kind), inputs(), made(kind)
    adapted = moved(adapt(base, method, seed=7))
    loaded = load(save(tmp_path / "a.safetensors", adapted, method, base), base)
    torch.testing.assert_close(loaded(x), adapted(x), atol=1e-6, rtol=0)


def test_the_seed_decides(kind):
    first, again = (trainable(adapt(world(kind), made(kind), seed=3)) for _ in range(2))
    assert all(torch.equal(first[name], again[name]) for name in first)


@given(shape=st.sampled_from([(4, 4), (8, 4), (4, 12), (16, 8)]), bias=st.booleans(), tokens=st.integers(1, 5))
def test_any_shape(shape, bias, tokens):
    out, width = shape
    for kind in FOLDING:
        layer, x = nn.Linear(width, out, bias=bias), torch.randn(2, tokens, width)
        adapted = moved(adapt(layer, made(kind)))
        torch.testing.assert_close(fold(adapted)(x), adapted(x), atol=1e-5, rtol=1e-4)


def test_a_rank_that_does_not_fit_is_told(folding):
    if "rank" in {field.name for field in dataclasses.fields(folding)}:
        for rank in (0, 9):
            with pytest.raises(InputError, match=rf"rank {rank} does not fit a weight of 8 x 16; take 1 to 8"):
                adapt(net(), made(folding, rank=rank), "2")


def test_a_size_of_nothing_is_told(folding):
    if "alpha" in {field.name for field in dataclasses.fields(folding)}:
        with pytest.raises(InputError, match="alpha must be above 0, not 0"):
            adapt(net(), made(folding, alpha=0), "2")


def test_fewer_numbers_train_than_there_are(folding):
    base = nn.Linear(64, 64)
    assert sum(t.numel() for t in trainable(adapt(base, made(folding))).values()) < 0.2 * 64 * 64
