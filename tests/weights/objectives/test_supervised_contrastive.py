"""Supervised contrastive learning."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from modicum.core import InputError  # noqa: E402
from modicum.weights.objectives import SupervisedContrastive, supervised_contrastive  # noqa: E402
from tests.weights.objectives import worlds  # noqa: E402


def test_it_is_the_formula_of_the_paper_written_out():
    vectors, codes, temperature = worlds.unit(7, 5), [0, 0, 1, 1, 1, 2, 0], 0.3
    total = 0.0
    for i in range(7):
        others = [a for a in range(7) if a != i]
        alike = [p for p in others if codes[p] == codes[i]]
        below = math.log(sum(math.exp(float(vectors[i] @ vectors[a]) / temperature) for a in others))
        terms = [float(vectors[i] @ vectors[p]) / temperature - below for p in alike]
        total -= sum(terms) / len(terms) if terms else 0.0
    found = supervised_contrastive(vectors, torch.tensor(codes), temperature=temperature)
    assert found.item() == pytest.approx(total / 7, abs=1e-6)


def test_anchors_are_compared_with_but_not_judged():
    vectors = worlds.unit(3, 4)
    found = supervised_contrastive(vectors, torch.tensor([1, 0, 1]), temperature=1.0, anchors=2)
    assert found.item() == pytest.approx(-(vectors[0] @ vectors[1:].T).log_softmax(0)[1].item(), abs=1e-6)


def test_alone_in_its_class_a_row_costs_nothing_and_gives_no_nan():
    vectors = worlds.unit(3, 4).requires_grad_()
    loss = supervised_contrastive(vectors, torch.tensor([0, 1, 2]))
    loss.backward()
    assert loss.item() == 0
    assert torch.isfinite(vectors.grad).all()


def test_names_are_drawn_in_and_asked_for(tmp_path):
    found, module = worlds.encoder(tmp_path)
    lesson = worlds.lesson(found)
    plain = SupervisedContrastive().start(lesson, module)
    named = SupervisedContrastive(names=True).start(lesson, module)
    assert plain(module, lesson.rows).item() != named(module, lesson.rows).item()
    with pytest.raises(InputError, match="class names"):
        SupervisedContrastive(names=True).start(worlds.lesson(found, names=False), module)
