"""Multiple negatives ranking."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from modicum.weights.objectives import Lesson, MultipleNegatives, multiple_negatives  # noqa: E402
from tests.weights.objectives import worlds  # noqa: E402

# MultipleNegativesRankingLoss(scale).compute_loss_from_embeddings of sentence-transformers 6.2.0 on `drawn()`.
PUBLISHED = {20.0: 20.03546142578125, 5.0: 5.426338195800781}


def drawn():
    queries = torch.linspace(-1, 1, 20).reshape(4, 5).sin() + torch.eye(4, 5)
    answers = torch.linspace(0, 3, 20).reshape(4, 5).cos() + 0.5 * torch.eye(4, 5)
    return F.normalize(queries, dim=1), F.normalize(answers, dim=1)


@pytest.mark.parametrize("scale", PUBLISHED)
@pytest.mark.parametrize("codes", [None, torch.arange(4)])
def test_parity_with_sentence_transformers(scale, codes):
    found = multiple_negatives(*drawn(), codes, temperature=1 / scale)
    assert found.item() == pytest.approx(PUBLISHED[scale], rel=1e-5)


def test_answers_of_the_same_class_are_not_wrong():
    queries, answers = drawn()
    found = multiple_negatives(queries, answers, torch.tensor([0, 1, 0, 2]), temperature=0.5)
    scores = queries @ answers.T / 0.5
    kept = [[0, 1, 3], [0, 1, 2, 3], [1, 2, 3], [0, 1, 2, 3]]
    wanted = sum(scores[i, places].logsumexp(0) - scores[i, i] for i, places in enumerate(kept)) / 4
    torch.testing.assert_close(found, wanted, atol=1e-6, rtol=0)


@given(st.integers(1, 8), st.floats(0.02, 1), st.integers(0, 99))
def test_turning_all_vectors_alike_changes_nothing(pairs, temperature, seed):
    queries, answers = worlds.unit(pairs, 4, seed=seed), worlds.unit(pairs, 4, seed=seed + 1)
    turn = torch.linalg.qr(torch.randn(4, 4, generator=torch.Generator().manual_seed(seed)))[0]
    found = multiple_negatives(queries, answers, temperature=temperature)
    assert found >= 0
    again = multiple_negatives(queries @ turn, answers @ turn, temperature=temperature)
    torch.testing.assert_close(again, found, atol=1e-3, rtol=1e-4)


@given(st.lists(st.integers(0, 4), min_size=2, max_size=20), st.integers(1, 24), st.integers(0, 99))
def test_pairs_are_of_one_class_and_of_two_rows_where_it_has_them(codes, size, seed):
    codes = np.array(codes)
    loss = MultipleNegatives().start(Lesson([[1]] * len(codes), codes, 5), None)
    rows = loss.draw(size, np.random.default_rng(seed))
    queries, answers = np.split(rows, 2)
    assert (codes[queries] == codes[answers]).all()
    assert ((queries != answers) == (np.bincount(codes)[codes[queries]] > 1)).all()
