"""What every side network must do, whatever it is: found by walking, so that a new one need not be listed."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from modicum.core import InputError  # noqa: E402
from modicum.weights.objectives import Objective, SelfDistilled, VectorLoss  # noqa: E402
from modicum.weights.side import SideMethod, beside, load, save, trainable  # noqa: E402
from tests.weights.finding import found  # noqa: E402
from tests.weights.objectives import worlds as lessons  # noqa: E402
from tests.weights.side import worlds  # noqa: E402


@pytest.fixture(params=found("side", SideMethod), ids=lambda kind: kind.__name__)
def kind(request):
    return request.param


@pytest.fixture(params=[False, True], ids=["tokens", "pooled"])
def pooled(request):
    return request.param


def test_side_networks_are_found():
    assert {"UniPT", "HierarchicalSideTuning"} <= {kind.__name__ for kind in found("side", SideMethod)}


def test_it_starts_as_the_encoder_and_the_encoder_never_changes(kind, pooled, tmp_path):
    base, tokens = worlds.encoder(tmp_path)
    before = {name: tensor.clone() for name, tensor in base.state_dict().items()}
    side = beside(base, worlds.made(kind, pooled=pooled))
    batch = worlds.batch(base, tokens)
    torch.testing.assert_close(side.eval()(batch), base.eval()(batch), atol=1e-6, rtol=0)
    worlds.moved(side)
    assert (side(batch) - base(batch)).abs().max() > 1e-3
    assert all(torch.equal(tensor, before[name]) for name, tensor in base.state_dict().items())
    assert all(p.requires_grad for p in base.parameters())


def test_no_gradient_reaches_the_encoder(kind, pooled, tmp_path):
    base, tokens = worlds.encoder(tmp_path)
    side = worlds.moved(beside(base, worlds.made(kind, pooled=pooled)))
    asked = []
    for layer in side.base.modules():
        layer.register_forward_hook(lambda *_: asked.append(torch.is_grad_enabled()))
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda x: kept.append(x.data_ptr()) or x, lambda x: x):
        side(worlds.batch(base, tokens)).sum().backward()
    assert asked
    assert not any(asked)
    assert not {p.data_ptr() for p in base.parameters()} & set(kept)
    assert all(p.grad is None for p in [*base.parameters(), *side.base.parameters()])
    for name, parameter in side.network.named_parameters():
        assert parameter.grad is not None, name


def test_only_the_network_ships(kind, tmp_path):
    base, _ = worlds.encoder(tmp_path)
    side = beside(base, worlds.made(kind))
    assert set(trainable(side)) == {f"network.{name}" for name, _ in side.network.named_parameters()}


def test_what_is_saved_answers_alike_and_refuses_another_encoder(kind, pooled, tmp_path):
    base, tokens = worlds.encoder(tmp_path)
    side = worlds.moved(beside(base, worlds.made(kind, pooled=pooled), seed=3)).eval()
    file = save(tmp_path / "side.safetensors", side)
    batch = worlds.batch(base, tokens)
    assert torch.equal(load(file, base).eval()(batch), side(batch))
    with torch.no_grad():
        next(base.parameters()).add_(1e-3)
    with pytest.raises(InputError, match=r"was trained on weights .* load it on its own base"):
        load(file, base)


def test_remembered_rows_cost_no_pass_and_answer_alike(kind, pooled, tmp_path):
    base, tokens = worlds.encoder(tmp_path)
    side = worlds.moved(beside(base, worlds.made(kind, pooled=pooled))).eval()
    batch = worlds.batch(base, tokens)
    fresh = side(batch)
    side.remember(tokens[:5], chunk=2)
    torch.testing.assert_close(side(batch), fresh, atol=1e-5, rtol=0)
    side.remember(tokens, chunk=4)
    side.base.register_forward_pre_hook(lambda *_: pytest.fail("the encoder was asked"))
    side.base.states = lambda batch: pytest.fail("the encoder was asked")
    torch.testing.assert_close(side(batch), fresh, atol=1e-5, rtol=0)


def test_padding_and_company_say_nothing(kind, pooled, tmp_path):
    base, tokens = worlds.encoder(tmp_path)
    side = worlds.moved(beside(base, worlds.made(kind, pooled=pooled))).eval()
    together = side(worlds.batch(base, tokens))
    alone = torch.cat([side(worlds.batch(base, [ids])) for ids in tokens])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


def test_training_drops_what_is_read_but_nothing_in_the_encoder(kind, tmp_path):
    base, tokens = worlds.encoder(tmp_path)
    batch = worlds.batch(base, tokens)
    side = worlds.moved(beside(base, worlds.made(kind, dropout=0.0)))
    assert side.training
    assert torch.equal(side(batch), side(batch))
    side = worlds.moved(beside(base, worlds.made(kind, dropout=0.3)))
    assert not torch.equal(side(batch), side(batch))


@pytest.mark.parametrize("objective", found("objectives", Objective), ids=lambda kind: kind.__name__)
def test_every_objective_on_vectors_teaches_it(objective, kind, pooled, tmp_path):
    found, module = lessons.encoder(tmp_path)
    side = beside(module, worlds.made(kind, pooled=pooled))
    lesson = lessons.lesson(found)
    if objective is SelfDistilled:
        with pytest.raises(InputError, match="the tokens of a whole encoder; take another objective"):
            objective().start(lesson, side)
        return
    loss = objective().start(lesson, side)
    if not isinstance(loss, VectorLoss):
        pytest.skip("it asks for more of an encoder than vectors")
    rows = loss.draw(9, np.random.default_rng(0))
    before = judged(loss, side, rows)
    assert all(np.isfinite(lessons.descend(loss, side, steps=80, rate=5e-3)))
    assert judged(loss, side, rows) < before


def judged(loss, side, rows):
    """What the same rows cost without dropout."""
    side.eval()
    with torch.no_grad():
        torch.manual_seed(0)
        cost = loss(side, rows).item()
    side.train()
    return cost


def test_the_seed_decides_and_leaves_chance_alone(kind, tmp_path):
    base, _ = worlds.encoder(tmp_path)
    torch.manual_seed(5)
    told = torch.rand(1)
    torch.manual_seed(5)
    first, again, other = (trainable(beside(base, worlds.made(kind), seed=seed)) for seed in (3, 3, 4))
    assert torch.equal(told, torch.rand(1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_settings_out_of_range_are_told(kind, tmp_path):
    base, _ = worlds.encoder(tmp_path)
    with pytest.raises(InputError, match="dropout must be at least 0 and under 1, not 1"):
        beside(base, worlds.made(kind, dropout=1))
    with pytest.raises(InputError, match="width must be at least 1, not 0"):
        beside(base, worlds.made(kind, width=0))
