"""Heads that objectives train beside the encoder, and what they start from."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from modicum.weights.objectives.head import Head, class_vectors, frozen_vectors  # noqa: E402
from tests.weights.objectives import worlds  # noqa: E402


def test_frozen_vectors_are_those_outside_training_and_training_goes_on(tmp_path):
    found, module = worlds.encoder(tmp_path, dropout=0.5)
    tokens = found.tokenize(worlds.TEXTS)
    vectors = frozen_vectors(module, tokens)
    expected = found.encode(worlds.TEXTS)
    expected = expected / np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors.numpy(), expected, atol=2e-6)
    assert not vectors.requires_grad
    assert module.training


def test_a_class_without_a_label_starts_from_its_name(tmp_path):
    found, module = worlds.encoder(tmp_path)
    lesson = worlds.lesson(found, labelled=(0, 1, 3))
    means, names = class_vectors(module, lesson), frozen_vectors(module, lesson.names)
    torch.testing.assert_close(means[2], names[2])
    rows = frozen_vectors(module, [lesson.tokens[row] for row in (0, 1)])
    torch.testing.assert_close(means[0], torch.nn.functional.normalize(rows.sum(dim=0), dim=0))


def test_a_head_scores_by_cosines_and_takes_cut_vectors():
    head = Head(torch.eye(3), temperature=0.5)
    assert head(torch.eye(3)).tolist() == (2 * torch.eye(3)).tolist()
    assert head(torch.eye(2)).shape == (2, 3)
