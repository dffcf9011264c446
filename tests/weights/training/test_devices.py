"""What a GPU asks for, as far as a processor can tell: half precision, and nothing left behind on the wrong device."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from modicum.encoders import load_folder  # noqa: E402
from modicum.weights.adapt import Method, adapt, penalty  # noqa: E402
from modicum.weights.encoder import Batch  # noqa: E402
from modicum.weights.objectives import Objective, SupervisedContrastive  # noqa: E402
from modicum.weights.training import Plan, tune  # noqa: E402
from tests.weights.finding import found  # noqa: E402
from tests.weights.objectives import worlds  # noqa: E402


@pytest.fixture(params=found("objectives", Objective), ids=lambda kind: kind.__name__)
def objective(request):
    return request.param()


@pytest.fixture(params=found("adapt", Method), ids=lambda kind: kind.__name__)
def method(request):
    ranked = "rank" in {field.name for field in dataclasses.fields(request.param)}
    return request.param(**({"rank": 3} if ranked else {}))


@pytest.fixture
def halved(monkeypatch):
    """Plans that take the processor for a GPU that computes in bfloat16."""
    monkeypatch.setattr(Plan, "mixed", property(lambda plan: True))


def tuned(folder, plan, objective, **settings):
    base, _ = worlds.encoder(folder)
    told = tune(base, worlds.lesson(base), folder / "out", objective=objective, plan=plan, **settings)
    assert np.isfinite(told.run.losses).all()
    return told, base.encode(worlds.TEXTS), load_folder(told.folder, threads=1).encode(worlds.TEXTS)


def test_every_objective_is_learnt_in_half_precision(halved, objective, tmp_path):
    _, before, after = tuned(tmp_path, Plan(steps=4, batch=6, rate=3e-3), objective)
    assert np.isfinite(after).all()
    assert not np.allclose(before, after, atol=1e-4)


def test_every_way_to_adapt_learns_in_half_precision(halved, method, tmp_path):
    if not method.folds:
        pytest.skip(f"{type(method).__name__} cannot be folded into plain weights, as tune wants it")
    _, before, after = tuned(tmp_path, Plan(steps=8, batch=6, rate=1e-2), SupervisedContrastive(), method=method)
    assert np.isfinite(after).all()
    assert not np.allclose(before, after, atol=1e-5)


def test_half_precision_learns_what_single_learns(monkeypatch, tmp_path):
    plan = Plan(steps=150, batch=6, rate=1e-2)
    single, _, _ = tuned(tmp_path / "single", plan, SupervisedContrastive())
    monkeypatch.setattr(Plan, "mixed", property(lambda plan: True))
    half, _, _ = tuned(tmp_path / "half", plan, SupervisedContrastive())
    assert half.run.losses != single.run.losses
    for told in (half, single):
        assert np.mean(told.run.losses[-30:]) < 0.8 * np.mean(told.run.losses[:30])
    np.testing.assert_allclose(half.run.losses[:3], single.run.losses[:3], rtol=0.01)


def test_layers_alone_compute_in_half_precision(objective, tmp_path):
    base, module = worlds.encoder(tmp_path)
    batch = Batch.of(base.tokenize(worlds.TEXTS), module.pad)
    exact = module(batch)
    loss = objective.start(worlds.lesson(base), module)
    module.mixed = True
    assert {state.dtype for state in module.states(batch)} == {torch.float32}
    assert not torch.equal(module(batch), exact)
    torch.testing.assert_close(module(batch), exact, atol=0.02, rtol=0)
    assert loss(module, loss.draw(6, np.random.default_rng(0))).dtype == torch.float32


def cost_elsewhere(folder, objective, method=None):
    """Where a batch's cost is, with the encoder on a device that holds no numbers and takes none of another's."""
    base, module = worlds.encoder(folder)
    adapted = module if method is None else adapt(module, method)
    loss = objective.start(worlds.lesson(base), adapted)
    adapted.to("meta")
    loss.to("meta")
    cost = loss(adapted, loss.draw(6, np.random.default_rng(0))) + penalty(adapted)
    cost.backward()
    return cost.device.type


def test_what_an_objective_compares_follows_the_encoder(objective, tmp_path):
    if type(objective).__name__ in ("CentroidTriplet", "LeaveOneOutNeighbours", "SelfDistilled"):
        pytest.skip("what it computes depends on numbers, which that device does not hold")
    assert cost_elsewhere(tmp_path, objective) == "meta"


def test_what_is_adapted_follows_the_encoder(method, tmp_path):
    if type(method).__name__ == "SparseSpectral":
        pytest.skip("it draws by a generator of the device, and that device has none")
    assert cost_elsewhere(tmp_path, SupervisedContrastive(), method) == "meta"


def test_a_processor_computes_in_single_precision():
    assert not Plan(device="cpu").mixed
