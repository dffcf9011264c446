"""The training loop: what it learns, and what it does when something goes wrong."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from modicum.core import InputError  # noqa: E402
from modicum.weights.objectives import Loss, SupervisedContrastive  # noqa: E402
from modicum.weights.training import Plan, Run, RunState, train  # noqa: E402
from tests.weights.objectives import worlds  # noqa: E402


def begun(folder, dropout=0.1):
    found, module = worlds.encoder(folder, dropout=dropout)
    return module, SupervisedContrastive().start(worlds.lesson(found), module)


def numbers(module):
    return torch.cat([p.detach().flatten() for p in module.parameters()])


class Failing(Loss):
    """The loss of another, but for one step at which something happens."""

    def __init__(self, other, at, happens):
        super().__init__()
        self.other, self.at, self.happens, self.calls, self.sizes = other, at, happens, 0, []

    def draw(self, size, rng):
        self.sizes.append(size)
        return self.other.draw(size, rng)

    def forward(self, encoder, rows):
        self.calls += 1
        cost = self.other(encoder, rows)
        return self.happens(cost) if self.calls == self.at else cost


def raising(error):
    def happens(cost):
        raise error

    return happens


def test_the_loss_falls_and_progress_is_told(tmp_path):
    module, loss = begun(tmp_path, dropout=0.0)
    told = []
    plan = Plan(steps=60, batch=6, rate=3e-3)
    run = train(module, loss, plan, name="fold 1", progress=lambda *one: told.append(one))
    assert run.steps == len(run.losses) == len(run.times) == 60
    assert np.mean(run.losses[-10:]) < np.mean(run.losses[:10])
    assert told[0] == ("fold 1", 0, 60)
    assert told[-1] == ("fold 1", 60, 60)
    assert run.pace > 0
    assert not module.training


def test_torch_is_left_as_it_was(tmp_path):
    module, loss = begun(tmp_path)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    train(module, loss, Plan(steps=2, threads=threads + 1))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_one_seed_gives_one_encoder_and_another_seed_another(tmp_path):
    found = []
    for turn, seed in enumerate((0, 0, 1)):
        module, loss = begun(tmp_path / str(turn))
        train(module, loss, Plan(steps=5, seed=seed))
        found.append(numbers(module))
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_a_loss_that_is_no_number_stops_at_the_last_good_state(tmp_path):
    module, loss = begun(tmp_path / "broken")
    broken = Failing(loss, 8, lambda cost: cost * float("nan"))
    run = train(module, broken, Plan(steps=20, keep=5))
    assert run.steps == len(run.losses) == 5
    assert "the loss was nan at step 8; the state of step 5 is kept" in run.notes[0]
    other, good = begun(tmp_path / "good")
    state = RunState.of(other, good, Plan(steps=20, keep=5))
    assert state.good_step == 0
    assert torch.isfinite(numbers(module)).all()


def test_where_memory_runs_out_batches_are_halved(tmp_path):
    module, loss = begun(tmp_path)
    short = Failing(loss, 3, raising(RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")))
    run = train(module, short, Plan(steps=6, batch=9))
    assert run.steps == 6
    assert run.batch == 5
    assert short.sizes == [9, 9, 9, 5, 5, 5, 5]
    assert run.notes == ["memory ran out at step 3; batches hold 5 rows from there on"]


def test_other_errors_are_not_taken_for_a_shortage(tmp_path):
    module, loss = begun(tmp_path)
    with pytest.raises(RuntimeError, match="shapes"):
        train(module, Failing(loss, 1, raising(RuntimeError("shapes differ"))), Plan(steps=2))


def test_an_interruption_keeps_what_was_learnt(tmp_path):
    module, loss = begun(tmp_path)
    before = numbers(module)
    run = train(module, Failing(loss, 4, raising(KeyboardInterrupt())), Plan(steps=9))
    assert run.interrupted
    assert run.steps == 3
    assert run.notes == ["interrupted after 3 of 9 steps; what was learnt is kept"]
    assert not torch.equal(numbers(module), before)


def test_a_killed_run_goes_on_exactly(tmp_path):
    whole, loss = begun(tmp_path / "whole")
    plan = Plan(steps=12, keep=4)
    straight = train(whole, loss, plan)
    first, loss = begun(tmp_path / "first")
    file = tmp_path / "run.safetensors"
    with pytest.raises(OSError, match="gone"):
        train(first, Failing(loss, 10, raising(OSError("gone"))), plan, file=file)
    second, loss = begun(tmp_path / "second")
    resumed = train(second, loss, plan, file=file)
    assert torch.equal(numbers(second), numbers(whole))
    assert resumed.losses == straight.losses
    again, loss = begun(tmp_path / "again")
    assert train(again, loss, plan, file=file).losses == straight.losses
    assert torch.equal(numbers(again), numbers(whole))


def test_states_of_other_runs_and_damaged_ones_are_refused(tmp_path):
    module, loss = begun(tmp_path)
    file = tmp_path / "run.safetensors"
    train(module, loss, Plan(steps=4), file=file, mark="a")
    with pytest.raises(InputError, match="a run on other rows, from another encoder or with other settings; delete it"):
        train(module, loss, Plan(steps=5), file=file, mark="a")
    with pytest.raises(InputError, match="a run on other rows, from another encoder or with other settings; delete it"):
        train(module, loss, Plan(steps=4), file=file, mark="b")
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(InputError, match=r"run\.safetensors is no state of a run .*; delete it and start anew"):
        train(module, loss, Plan(steps=4), file=file, mark="a")


def test_an_encoder_of_which_nothing_trains_is_refused(tmp_path):
    module, loss = begun(tmp_path)
    module.requires_grad_(False)
    with pytest.raises(InputError, match="nothing of the encoder trains; adapt it, or give a plain one"):
        train(module, loss, Plan(steps=1))


def test_a_run_that_did_nothing_has_no_pace():
    assert Run().pace == 0.0
