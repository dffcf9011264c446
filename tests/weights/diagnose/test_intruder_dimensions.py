"""Intruder dimensions: the authors' counts, PEFT's cure, grafted directions."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import nn  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.diagnose import intruder_dimensions, scale_intruders  # noqa: E402


def drawn(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def pair():
    base = {"a.weight": drawn(0, 40, 30), "b.weight": drawn(1, 24, 48)}
    grafts = [4 * drawn(i + 2, w.shape[0], 2) @ drawn(i + 4, 2, w.shape[1]) for i, w in enumerate(base.values())]
    return base, {name: base[name] + graft for name, graft in zip(base, grafts, strict=True)}


@pytest.mark.parametrize(("threshold", "count"), [(0.3, 0), (0.5, 4), (0.7, 9)])
def test_parity_with_the_authors_code(threshold, count):
    """`find_number_of_intruder_dimensions` of github.com/reeceshuttle/intruder-dimensions on these matrices.

    Commit d4445a2; it prints the similarities where it is verbose.
    """
    found = intruder_dimensions(*pair(), threshold=threshold)
    assert sum(len(matrix.places) for matrix in found.values()) == count
    expected = [0.3366, 0.3621, 0.9804, 0.6914, 0.6786, 0.6220, 0.9663, 0.7841, 0.7023, 0.7043]
    torch.testing.assert_close(found["a.weight"].similarity, torch.tensor(expected), atol=1e-4, rtol=0)


@pytest.mark.parametrize("factor", [0.0, 0.75])
def test_parity_with_peft(factor):
    """At full rank PEFT's new adapter holds the changed weight whole."""
    peft = pytest.importorskip("peft")
    from peft.tuners.lora.intruders import reduce_intruder_dimension  # noqa: PLC0415

    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(24, 16, bias=False))
    base = {"0.weight": net[0].weight.detach().clone()}
    adapted = peft.get_peft_model(net, peft.LoraConfig(r=16, lora_alpha=16, target_modules=["0"]))
    layer = adapted.base_model.model[0]
    with torch.no_grad():
        layer.lora_B["default"].weight[:, :2] = 3 * drawn(1, 16, 2)
        layer.lora_B["default"].weight[:, 2:] = 0.01 * drawn(2, 16, 14)
    tuned = {"0.weight": (base["0.weight"] + layer.get_delta_weight("default")).detach()}
    found = intruder_dimensions(base, tuned, top=4, threshold=0.6)["0.weight"]
    assert found.places
    reduce_intruder_dimension(adapted, top_k=4, threshold_epsilon=0.6, mitigation_lambda=factor, logging_sink=None)
    expected = base["0.weight"] + layer.get_delta_weight("intruder_reduced")
    ours = scale_intruders(base, tuned, factor, top=4, threshold=0.6)["0.weight"]
    torch.testing.assert_close(ours, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_known_world_as_many_as_were_grafted(count):
    """Directions outside of a low-dimensional base, heavier than all of its own, are found and nothing else."""
    base = torch.zeros(20, 8)
    base[:8] = torch.diag(torch.arange(8.0, 0, -1))
    tuned = base.clone()
    tuned[8 : 8 + count, :count] += 50 * torch.eye(count)
    found = intruder_dimensions({"w": base}, {"w": tuned}, top=8)["w"]
    assert found.places == tuple(range(count))


@given(st.integers(0, 50), st.floats(0.1, 10))
def test_scaling_a_weight_brings_none(seed, factor):
    base = {"w": drawn(seed, 12, 9)}
    found = intruder_dimensions(base, {"w": factor * base["w"]})["w"]
    assert found.places == ()
    torch.testing.assert_close(found.similarity, torch.ones(9), atol=1e-4, rtol=0)


@given(st.integers(0, 50), st.floats(0.05, 0.95))
def test_a_higher_threshold_finds_no_fewer(seed, threshold):
    base, tuned = {"w": drawn(seed, 12, 9)}, {"w": drawn(seed + 99, 12, 9)}
    low, high = (intruder_dimensions(base, tuned, threshold=t)["w"] for t in (threshold, 1.01))
    assert set(low.places) <= set(high.places)
    assert ((low.similarity >= 0) & (low.similarity <= 1 + 1e-5)).all()


def test_a_factor_of_one_changes_nothing():
    base, tuned = pair()
    assert all(torch.equal(tensor, tuned[n]) for n, tensor in scale_intruders(base, tuned, 1.0).items())


def test_errors():
    base, tuned = pair()
    with pytest.raises(InputError, match="top must be at least 1, not 0"):
        intruder_dimensions(base, tuned, top=0)
    with pytest.raises(InputError, match=r"targets 'c\.weight' match no matrix; did you mean 'b\.weight'\?; the model"):
        intruder_dimensions(base, tuned, targets="c.weight")
    with pytest.raises(InputError, match=r"tensor 'b\.weight' is in one model only"):
        intruder_dimensions(base, {"a.weight": tuned["a.weight"]})
