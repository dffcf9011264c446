"""Dynamic ranks: the gates, which of them close, and that closed ranks leave."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from torch import nn  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.adapt import DynamicRank, LoRA, adapt, fold, load, penalty, ranks, save, trainable  # noqa: E402
from tests.weights.adapt.worlds import descend, inputs, moved, net  # noqa: E402


def with_gates(values, **settings):
    """A layer (8, 16) with these gates."""
    adapted = moved(adapt(net()[2], DynamicRank(rank=len(values), **settings)))
    with torch.no_grad():
        adapted.adapter.gates.copy_(torch.tensor(values))
    return adapted


def test_parity_with_the_definition():
    adapted = with_gates([0.5, -0.3, 0.15, -0.2], alpha=4.0, stabilised=False, l1=0.25, threshold=0.2)
    adapter = adapted.adapter
    opening = torch.tensor([0.3, -0.1, 0.0, 0.0])
    change = adapter.up @ torch.diag(opening) @ adapter.down  # alpha / rank is 1
    torch.testing.assert_close(fold(adapted).weight, net()[2].weight + change, atol=1e-6, rtol=0)
    torch.testing.assert_close(penalty(adapted), torch.tensor(0.25 * 0.4))


def test_shrinking_is_one_proximal_step_of_the_penalty():
    gates = torch.linspace(-1, 1, 9)
    adapted = with_gates(gates.tolist()[:8], threshold=0.3)
    grid = torch.linspace(-1.5, 1.5, 30_001)
    for gate, opening in zip(gates, adapted.adapter.opening, strict=False):
        best = grid[(0.5 * (grid - gate).square() + 0.3 * grid.abs()).argmin()]
        assert opening.item() == pytest.approx(best.item(), abs=2e-4)


def test_with_neither_penalty_nor_threshold_the_first_step_is_that_of_lora():
    base = net()
    gated = descend(adapt(base, DynamicRank(rank=3, l1=0.0, threshold=0.0), seed=4), steps=1)
    thin = descend(adapt(base, LoRA(rank=3), seed=4), steps=1)
    for i in (0, 2):
        torch.testing.assert_close(gated[i].adapter.up, thin[i].adapter.up)
        torch.testing.assert_close(gated[i].adapter.gates, torch.ones(3))


def test_ranks_are_left_where_they_are_needed_alone():
    base = nn.ModuleDict({"still": nn.Linear(6, 5, bias=False), "moves": nn.Linear(6, 5, bias=False)})
    generator = torch.Generator().manual_seed(0)
    x = torch.eye(6)
    wanted = {name: layer.weight.detach().clone() for name, layer in base.items()}
    wanted["moves"] += torch.outer(torch.randn(5, generator=generator), torch.randn(6, generator=generator))
    adapted = adapt(base, DynamicRank(rank=4, l1=0.05))
    optimizer = torch.optim.Adam([p for p in adapted.parameters() if p.requires_grad], lr=0.02, weight_decay=1e-3)
    for _ in range(400):
        optimizer.zero_grad()
        loss = sum((adapted[name](x) - x @ wanted[name].T).square().sum() for name in wanted) + penalty(adapted)
        loss.backward()
        optimizer.step()
    assert ranks(adapted)["still"] == 0 < ranks(adapted)["moves"]
    plain = fold(adapted)
    assert torch.equal(plain["still"].weight, base["still"].weight)
    assert (plain["moves"].weight - wanted["moves"]).norm() < 0.1 * (base["moves"].weight - wanted["moves"]).norm()


def test_closed_ranks_do_not_ship(tmp_path):
    base, method = net(), DynamicRank(rank=4)
    adapted = moved(adapt(base, method))
    with torch.no_grad():
        adapted[0].adapter.gates[[0, 2]] = 0.05
        adapted[2].adapter.gates.zero_()
    file = save(tmp_path / "a.safetensors", adapted, method, base)
    shapes = {name: tuple(tensor.shape) for name, tensor in load_file(file).items()}
    assert shapes == {
        "0.adapter.down": (2, 12), "0.adapter.up": (16, 2), "0.adapter.gates": (2,),
        "2.adapter.down": (0, 16), "2.adapter.up": (8, 0), "2.adapter.gates": (0,),
    }  # fmt: skip
    loaded = load(file, base)
    torch.testing.assert_close(loaded(inputs()), adapted(inputs()), atol=1e-6, rtol=0)
    assert ranks(loaded) == ranks(adapted) == {"0": 2, "2": 0}


def test_a_closed_rank_stays_closed():
    adapted = moved(adapt(net(), DynamicRank(rank=4)))
    with torch.no_grad():
        adapted[0].adapter.gates[1] = 0.05
    before = adapted[0].adapter.gates[1].item()
    descend(adapted)
    assert adapted[0].adapter.gates[1].item() == before
    assert ranks(adapted) == {"0": 3, "2": 4}


@given(gates=st.lists(st.floats(-2, 2, width=32), min_size=1, max_size=6), threshold=st.floats(0, 1))
def test_the_change_has_as_many_ranks_as_are_open(gates, threshold):
    adapted = with_gates(gates, threshold=threshold)
    count = ranks(adapted)[""]
    assert count == sum(abs(gate) > torch.tensor(threshold).item() for gate in gates)
    assert {len(trainable(adapted)["adapter.gates"])} == {count}


@given(factor=st.floats(0.01, 100))
def test_the_penalty_grows_with_its_weight(factor):
    one, many = (with_gates([1.0, 0.5], l1=l1) for l1 in (0.01, 0.01 * factor))
    torch.testing.assert_close(factor * penalty(one), penalty(many))


def test_errors_are_told():
    for name in ("l1", "threshold"):
        with pytest.raises(InputError, match=f"{name} must be at least 0, not -1"):
            adapt(net(), DynamicRank(rank=1, **{name: -1}))
    with pytest.raises(InputError, match=r"'down' has shape \(3, 16\), but here it is \(2, 16\)"):
        with_gates([1.0, 1.0]).adapter.take(with_gates([1.0, 1.0, 1.0]).adapter.shipped())
