"""Pruning by trajectory: the authors' error, units that do nothing, encoders that get smaller."""

from __future__ import annotations

import itertools

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.encoders import load_folder  # noqa: E402
from modicum.weights.compress import (  # noqa: E402
    Group,
    encoder_trajectory,
    inner_groups,
    kept_within,
    trajectory_errors,
    with_inner_units,
)
from modicum.weights.encoder import write_folder  # noqa: E402
from tests.encoders import tiny  # noqa: E402
from tests.weights.compress.worlds import TEXTS, encoder  # noqa: E402
from tests.weights.merge.worlds import waves  # noqa: E402


@pytest.mark.parametrize(("column", "expected"), list(enumerate([0.109687, 0.185825, 0.142502, 0.340145])))
def test_parity_with_the_authors_error(column, expected):
    """`manifold_Distillation` of github.com/Skhaki18/optin-transformer-pruning on these outputs, its mean form.

    Commit 00e22ed.
    """
    x, net = waves((5, 4), 0.1), torch.nn.Sequential(torch.nn.Linear(4, 3, bias=False))
    net.load_state_dict({"0.weight": waves((3, 4), 0.9)})
    found = trajectory_errors(net, [Group(0, "0.weight", (column,))], lambda module: [module(x)])
    assert found == pytest.approx([expected], abs=1e-6)


def test_parity_with_masks_put_on_by_hooks(tmp_path):
    """The authors' way: a unit's activation is masked, and the similarities of tokens compared layer by layer."""
    _, module, batch = encoder(tmp_path)
    groups = inner_groups(module, size=1)
    errors = trajectory_errors(module, groups, encoder_trajectory(batch))

    def similarities():
        states = [torch.nn.functional.normalize(state[batch.mask], dim=-1) for state in module.states(batch)[1:]]
        return [state @ state.T for state in states]

    with torch.no_grad():
        teacher = similarities()
        for group, error in zip(groups, errors, strict=True):
            layer = module.get_submodule(group.weight.removesuffix(".weight"))

            def masked(_, inputs, unit=group.columns[0]):
                return (inputs[0].index_fill(-1, torch.tensor([unit]), 0.0),)

            hook = layer.register_forward_pre_hook(masked)
            student = similarities()
            hook.remove()
            # Of two layers both leave the last one's output alone.
            assert error == pytest.approx((teacher[1] - student[1]).square().mean().item(), rel=1e-3, abs=1e-9)


def test_known_world_units_that_are_never_read_go_first(tmp_path):
    _, module, batch = encoder(tmp_path)
    state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    idle = {0: [1, 5, 11], 1: [0, 23]}
    for layer, units in idle.items():
        state[f"encoder.layer.{layer}.output.dense.weight"][:, units] = 0
    module.load_state_dict(state)
    groups = inner_groups(module, size=1)
    errors = trajectory_errors(module, groups, encoder_trajectory(batch))
    kept = kept_within(groups, errors, 43 / 48)
    gone = [group for group in groups if group not in kept]
    assert sorted((group.layer, group.columns[0]) for group in gone) == [(0, 1), (0, 5), (0, 11), (1, 0), (1, 23)]
    small = with_inner_units(module, kept)
    torch.testing.assert_close(small(batch), module(batch), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("kind", ["bert", "distilbert"])
def test_a_smaller_encoder_runs_without_torch(kind, tmp_path):
    found, module, batch = encoder(tmp_path, kind)
    groups = inner_groups(module, size=4)
    small = with_inner_units(
        module, kept_within(groups, trajectory_errors(module, groups, encoder_trajectory(batch)), 0.5)
    )
    inner = [small.get_parameter(group.weight).shape[1] for group in groups[:: tiny.INNER // 4]]
    assert sum(inner) == tiny.INNER
    again = load_folder(write_folder(tmp_path / "small", found, small), threads=1)
    vectors = torch.from_numpy(again.encode(TEXTS))
    torch.testing.assert_close(vectors, small(batch).detach(), atol=5e-6, rtol=0)


def test_errors_do_not_depend_on_the_company_and_nothing_changes(tmp_path):
    _, module, batch = encoder(tmp_path)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    groups, trajectory = inner_groups(module, size=6), encoder_trajectory(batch)
    together = trajectory_errors(module, groups, trajectory)
    alone = [trajectory_errors(module, [group], trajectory)[0] for group in groups]
    assert together == alone
    assert min(together) > 0
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())


SIZES = (4, 4, 2)
GROUPS = [
    Group(layer, f"{layer}", tuple(range(4 * i, 4 * i + size))) for layer in (0, 1) for i, size in enumerate(SIZES)
]


@given(st.lists(st.floats(0, 1), min_size=6, max_size=6), st.floats(0.05, 0.95))
def test_what_is_kept_fits_and_no_layer_is_empty(errors, keep):
    kept = kept_within(GROUPS, errors, keep)
    assert {group.layer for group in kept} == {0, 1}
    assert len(kept) == 2 or sum(len(group.columns) for group in kept) <= keep * 20


def test_units_that_contribute_alike_share_a_group(tmp_path):
    _, module, batch = encoder(tmp_path)
    groups = [group for group in inner_groups(module, batch, size=4) if group.layer == 1]
    layer = module.get_submodule(groups[0].weight.removesuffix(".weight"))
    seen = []
    hook = layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0][batch.mask]))
    module(batch)
    hook.remove()
    size = seen[0].norm(dim=0) * layer.weight.norm(dim=0)
    for group, after in itertools.pairwise(groups):
        assert size[list(group.columns)].max() <= size[list(after.columns)].min()
    assert sorted(unit for group in groups for unit in group.columns) == list(range(24))


@given(st.integers(1, 30))
def test_groups_cover_every_unit_once(size):
    class Shape:
        depth, names = 2, type("names", (), {"layer": "{i}.", "down": "down"})
        get_parameter = staticmethod(lambda name: torch.zeros(3, 24))

    groups = inner_groups(Shape(), size=size)
    assert [unit for group in groups for unit in group.columns] == [*range(24), *range(24)]


def test_errors(tmp_path):
    _, module, batch = encoder(tmp_path)
    name = "encoder.layer.0.output.dense.weight"
    with pytest.raises(InputError, match="groups need at least one unit, not 0"):
        inner_groups(module, size=0)
    with pytest.raises(InputError, match="layer 2 is not one of the trajectory's 2"):
        trajectory_errors(module, [Group(2, name, (0,))], encoder_trajectory(batch))
    with pytest.raises(InputError, match=r"columns \(24,\) do not fit 'encoder.*' of shape \(16, 24\)"):
        trajectory_errors(module, [Group(0, name, (24,))], encoder_trajectory(batch))
    with pytest.raises(InputError, match="layer 1 would be left without inner units; keep a group of each layer"):
        with_inner_units(module, [Group(0, name, (0, 1))])
