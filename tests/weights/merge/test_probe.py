"""The loss that coefficients are learnt by: that of the objective, summed over tasks."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from modicum.core import InputError  # noqa: E402
from modicum.encoders import load_folder  # noqa: E402
from modicum.weights.encoder import read_module  # noqa: E402
from modicum.weights.merge import Descent, atlas, contrast_loss, self_positioning, task_vector  # noqa: E402
from modicum.weights.objectives import Lesson, SupervisedContrastive  # noqa: E402
from tests.encoders import tiny  # noqa: E402

TEXTS = ["my card is lost", "where is my card ?", "the pin is new", "a new pin"]
CODES = np.array([0, 0, 1, 1])


@pytest.fixture
def encoder(tmp_path):
    return load_folder(tiny.save_transformer(tmp_path / "plain"), threads=1)


@pytest.fixture
def module(encoder):
    return read_module(encoder, dropout=0.0).eval()


def lesson(encoder, codes=CODES):
    return Lesson(encoder.tokenize(TEXTS), codes, 2)


def test_one_task_costs_what_the_objective_says(encoder, module):
    module.normalize = True
    found = contrast_loss([lesson(encoder)], module.pad, size=4, rng=np.random.default_rng(3))(module, 0)
    loss = SupervisedContrastive().start(lesson(encoder), module)
    told = loss(module, loss.draw(4, np.random.default_rng(3)))
    torch.testing.assert_close(found, told)


def test_vectors_are_brought_to_length_one(encoder, module):
    plain, unit = (read_module(encoder, dropout=0.0).eval() for _ in range(2))
    unit.normalize = True
    first, second = (
        contrast_loss([lesson(encoder)], one.pad, size=4, rng=np.random.default_rng(0))(one, 0) for one in (plain, unit)
    )
    torch.testing.assert_close(first, second)


def test_tasks_are_summed(encoder, module):
    one = contrast_loss([lesson(encoder)], module.pad, size=4, rng=np.random.default_rng(0))(module, 0)
    twice = contrast_loss([lesson(encoder)] * 2, module.pad, size=4, rng=np.random.default_rng(0))(module, 0)
    torch.testing.assert_close(twice, 2 * one)  # four rows of two classes are always the same batch


@pytest.mark.parametrize("search", [atlas, self_positioning])
def test_a_search_lowers_it(encoder, module, search):
    base, tuned = module.state_dict(), {}
    for name, tensor in base.items():
        generator = torch.Generator().manual_seed(len(tuned))
        tuned[name] = tensor + 0.3 * torch.randn(tensor.shape, generator=generator)
    loss = contrast_loss([lesson(encoder)], module.pad, size=4, rng=np.random.default_rng(0))
    found = search(module, [task_vector(base, tuned)], loss, settings=Descent(steps=15, rate=0.05))
    assert found.losses[-1] < found.losses[0]


def test_errors(encoder):
    with pytest.raises(InputError, match="there is no task to learn coefficients from; give at least one"):
        contrast_loss([], 0, rng=np.random.default_rng(0))
    with pytest.raises(InputError, match="the objective learns from labels and needs 2; there are 0"):
        contrast_loss([lesson(encoder, np.full(4, -1))], 0, rng=np.random.default_rng(0))
