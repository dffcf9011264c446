"""What every merge must do, whatever it is: found by walking, so that a new one need not be listed."""

from __future__ import annotations

import inspect

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import modicum.weights.merge as question  # noqa: E402
from modicum.core import InputError  # noqa: E402
from tests.weights.merge.worlds import merged, net  # noqa: E402

FUNCTIONS = [thing for name in question.__all__ if inspect.isfunction(thing := getattr(question, name))]
TAKES = {"states", "runs", "vectors"}
NO_MERGES = {question.compose, question.mean_state}
FOUND = [merge for merge in FUNCTIONS if TAKES & inspect.signature(merge).parameters.keys() and merge not in NO_MERGES]


@pytest.fixture(params=FOUND, ids=lambda merge: merge.__name__)
def merge(request):
    return request.param


def states(*phases):
    return [net(phase).state_dict() for phase in phases]


def test_merges_are_found():
    names = {merge.__name__ for merge in FOUND}
    assert names == {
        "atlas",
        "checkpoint_average",
        "greedy_soup",
        "matched_soup",
        "self_positioning",
        "uniform_soup",
    }


@pytest.mark.parametrize("count", [1, 3])
def test_equal_models_give_the_model_bit_for_bit(merge, count):
    base = net()
    found = merged(merge, base, states(*[0.2] * count))
    assert all(torch.equal(found[name], tensor) for name, tensor in base.state_dict().items())


def test_names_and_types_are_kept_and_the_net_takes_them(merge):
    base = net()
    found = merged(merge, base, states(0.3, 0.4, 0.5))
    assert {n: (t.shape, t.dtype) for n, t in found.items()} == {
        n: (t.shape, t.dtype) for n, t in base.state_dict().items()
    }
    net().load_state_dict(found)
    assert not any(tensor.requires_grad for tensor in found.values())


def test_nothing_that_was_given_changes(merge):
    base, models = net(), states(0.3, 0.4)
    before = [{n: t.clone() for n, t in state.items()} for state in (base.state_dict(), *models)]
    found = merged(merge, base, models)
    for tensor in found.values():
        tensor.zero_()
    for state, old in zip((base.state_dict(), *models), before, strict=True):
        assert all(torch.equal(state[name], tensor) for name, tensor in old.items())


def test_the_same_twice(merge):
    first, again = (merged(merge, net(), states(0.3, 0.9)) for _ in range(2))
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_models_that_differ_are_refused(merge):
    first, other = states(0.3, 0.4)
    other["more"] = torch.zeros(2)
    with pytest.raises(InputError, match=r"tensor 'more' is in one model only \(1 such names\); give models of one"):
        merged(merge, net(), [first, other])
    with pytest.raises(InputError, match=r"tensor '0\.weight' has shape \(4, 3\) in one model and \(5, 3\) in another"):
        merged(merge, net(), [first, net(inner=5).state_dict()])


def test_a_model_that_diverged_is_refused(merge):
    first, other = states(0.3, 0.4)
    other["2.bias"] = torch.tensor([0.0, torch.nan])
    with pytest.raises(InputError, match=r"tensor '2\.bias' of a model holds NaN or infinity; leave out runs that"):
        merged(merge, net(), [first, other])


def test_no_model_is_refused(merge):
    with pytest.raises(InputError, match=r"there is no (model|task vector) to merge; give at least one"):
        merged(merge, net(), [])


def test_norms_and_counters_are_merged_too(merge):
    torch.manual_seed(0)
    base = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    models = []
    for count in (2, 7):
        state = {name: tensor.clone() for name, tensor in base.state_dict().items()}
        state["1.num_batches_tracked"] += count
        state["1.running_mean"] += count
        models.append(state)
    found = merged(merge, base, models)
    assert found["1.num_batches_tracked"].dtype == torch.int64
    assert base[1].num_batches_tracked.item() == 0
    assert all(torch.isfinite(tensor).all() for tensor in found.values())
