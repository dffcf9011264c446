"""From an encoder's folder to a tuned one."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from safetensors.numpy import load_file, save_file  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.encoders import load_folder  # noqa: E402
from modicum.weights.adapt import InfinitePrefix, LoRA, fold, load  # noqa: E402
from modicum.weights.encoder import Batch, read_module, write_folder  # noqa: E402
from modicum.weights.objectives import CentroidTriplet, SupervisedContrastive  # noqa: E402
from modicum.weights.training import ADAPTER, Plan, layers_alone, tune  # noqa: E402
from tests.encoders import tiny  # noqa: E402
from tests.weights.objectives import worlds  # noqa: E402

PLAN = Plan(steps=30, batch=6, rate=3e-3)


def made(tmp_path, plan=PLAN, **settings):
    found = load_folder(tiny.save_transformer(tmp_path / "base", "bert"), threads=1)
    told = tune(found, worlds.lesson(found), tmp_path / "out", objective=SupervisedContrastive(), plan=plan, **settings)
    return found, told


def spread(encoder):
    """How much nearer the texts of a class are to each other than to those of other classes, in cosines."""
    X = encoder.encode(worlds.TEXTS)
    X = X / np.linalg.norm(X, axis=1, keepdims=True)
    same = worlds.CODES[:, None] == worlds.CODES[None, :]
    return (X @ X.T)[same & ~np.eye(len(X), dtype=bool)].mean() - (X @ X.T)[~same].mean()


def test_a_tuned_folder_tells_the_classes_apart_without_torch(tmp_path):
    found, told = made(tmp_path, Plan(steps=150, batch=6, rate=1e-2))
    tuned = load_folder(told.folder, threads=1)
    assert spread(tuned) > spread(found) + 0.3
    assert tuned.fingerprint != found.fingerprint
    assert told.run.steps == 150
    assert not (told.folder / ADAPTER).exists()


def test_embeddings_stay_and_what_moved_is_told(tmp_path):
    found, told = made(tmp_path)
    before, after = read_module(found), read_module(load_folder(told.folder))
    assert torch.equal(before.embeddings.word_embeddings.weight, after.embeddings.word_embeddings.weight)
    layers = sum(p.numel() for name, p in before.named_parameters() if not name.startswith("embeddings."))
    assert told.parameters == layers
    relative = {one.layer: one.relative for one in told.moved}
    assert all((relative[name] == 0) == name.startswith("embeddings") for name in relative)


def test_all_trains_but_the_embeddings(tmp_path):
    _, module = worlds.encoder(tmp_path)
    frozen = {name for name, p in layers_alone(module).named_parameters() if not p.requires_grad}
    assert frozen == {name for name, _ in module.named_parameters() if name.startswith("embeddings.")}


def test_an_adapter_is_folded_and_kept_beside(tmp_path):
    found, told = made(tmp_path, method=LoRA(rank=2))
    assert told.parameters < 2_000
    module = fold(load(told.folder / ADAPTER, read_module(found))).eval()
    tokens = found.tokenize(worlds.TEXTS)
    with torch.no_grad():
        vectors = module(Batch.of(tokens, module.pad)).numpy()
    np.testing.assert_allclose(load_folder(told.folder, threads=1).encode(worlds.TEXTS), vectors, atol=1e-5)


def test_what_cannot_be_folded_is_refused_before_it_trains(tmp_path):
    with pytest.raises(InputError, match="InfinitePrefix cannot be folded into plain weights"):
        made(tmp_path, method=InfinitePrefix())


def test_a_run_on_other_rows_is_not_gone_on_with(tmp_path):
    state = tmp_path / "state.safetensors"
    found, _ = made(tmp_path, state=state)
    other = worlds.lesson(found, labelled=(0, 1, 3, 4))
    with pytest.raises(InputError, match="on other rows"):
        tune(found, other, tmp_path / "other", objective=SupervisedContrastive(), plan=PLAN, state=state)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("other", ["objective", "temperature", "method", "encoder", "names", "thoughts"])
def test_a_run_by_other_means_is_not_gone_on_with(tmp_path, other):
    state = tmp_path / "state.safetensors"
    found, module = worlds.encoder(tmp_path)
    lesson = worlds.lesson(found)
    given = {"objective": SupervisedContrastive(), "method": LoRA(rank=2), "plan": Plan(steps=2, batch=6)}
    tune(found, lesson, tmp_path / "out", state=state, **given)
    if other == "encoder":
        write_folder(tmp_path / "other", found, module.requires_grad_(True))
        file = tmp_path / "other" / "model.safetensors"
        save_file({name: 2 * value for name, value in load_file(file).items()}, file)
        found = load_folder(tmp_path / "other", threads=1)
    lessons = {"names": {"names": None}, "thoughts": {"proba": 0.9 * lesson.proba}}
    means = {
        "objective": {"objective": CentroidTriplet()},
        "temperature": {"objective": SupervisedContrastive(temperature=0.2)},
        "method": {"method": LoRA(rank=2, alpha=4.0)},
    }
    lesson, given = replace(lesson, **lessons.get(other, {})), given | means.get(other, {})
    with pytest.raises(InputError, match="on other rows, from another encoder or with other settings; delete it"):
        tune(found, lesson, tmp_path / "other-out", state=state, **given)
    assert not (tmp_path / "other-out").exists()


def test_what_a_mark_keeps_is_where_an_early_stop_ends(tmp_path):
    _, whole = made(tmp_path / "whole", Plan(steps=12, batch=6, keep=3, marks=(4, 8)))
    _, early = made(tmp_path / "early", Plan(steps=12, batch=6, keep=3, stop=8))
    assert whole.run.steps == 12
    assert sorted(whole.marked) == [4, 8]
    assert (early.run.steps, early.marked) == (8, {})
    ended, marked = load_folder(early.folder), load_folder(whole.marked[8])
    assert ended.fingerprint == marked.fingerprint
    assert len({load_folder(place).fingerprint for place in (*whole.marked.values(), whole.folder)}) == 3


def test_a_run_that_stopped_early_may_go_on(tmp_path):
    state = tmp_path / "state.safetensors"
    _, straight = made(tmp_path / "straight", Plan(steps=8, batch=6))
    made(tmp_path / "on", Plan(steps=8, batch=6, stop=4), state=state)
    _, on = made(tmp_path / "on", Plan(steps=8, batch=6), state=state)
    assert on.run.steps == 8
    assert load_folder(on.folder).fingerprint == load_folder(straight.folder).fingerprint


def test_marks_are_kept_beside_a_state_or_missed(tmp_path):
    plan, state = Plan(steps=6, batch=6, marks=(3,)), tmp_path / "state.safetensors"
    _, told = made(tmp_path, plan, state=state)
    again = made(tmp_path, plan, state=state)[1]
    assert load_folder(again.marked[3]).fingerprint == load_folder(told.marked[3]).fingerprint
    shutil.rmtree(told.marked[3])
    with pytest.raises(InputError, match=r"out-after-3 is gone, but the run's state is past it; delete that state"):
        made(tmp_path, plan, state=state)
