"""Centroid triplets."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.objectives import CentroidTriplet, centroid_triplet  # noqa: E402
from tests.weights.objectives import worlds  # noqa: E402


def test_parity_with_the_triplet_loss_of_torch_on_means_taken_by_hand():
    vectors, codes = worlds.unit(7, 4), torch.tensor([0, 0, 0, 1, 1, 2, 2])
    triplets = []
    for i in range(7):
        others = [j for j in range(7) if j != i and codes[j] == codes[i]]
        means = [vectors[codes == k].mean(dim=0) for k in range(3) if k != codes[i]]
        nearest = min(means, key=lambda mean, row=vectors[i]: float((row - mean).norm()))
        triplets.append((vectors[i], vectors[others].mean(dim=0), nearest))
    query, own, other = (torch.stack(part) for part in zip(*triplets, strict=True))
    wanted = F.triplet_margin_loss(query, own, other, margin=0.5, eps=0)
    assert 0 < wanted < 1
    torch.testing.assert_close(centroid_triplet(vectors, codes, margin=0.5), wanted, atol=1e-6, rtol=0)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.floats(0, 2), st.integers(0, 99))
def test_it_is_bounded_and_has_finite_gradients(codes, margin, seed):
    vectors = worlds.unit(len(codes), 3, seed=seed)[torch.arange(len(codes)) // 2].requires_grad_()
    loss = centroid_triplet(vectors, torch.tensor(codes), margin=margin)
    loss.backward()
    assert 0 <= loss.item() <= 2 + margin + 1e-6
    assert torch.isfinite(vectors.grad).all()


def test_classes_far_apart_cost_nothing_and_a_row_alone_is_left_out():
    vectors = torch.tensor([[0.0, 0], [0, 1], [9, 0], [9, 1], [50, 0]])
    codes = torch.tensor([4, 4, 7, 7, 9])
    assert centroid_triplet(vectors, codes, margin=1.0).item() == 0
    alone = centroid_triplet(vectors, codes, margin=10.0)
    torch.testing.assert_close(alone, centroid_triplet(vectors[:4], codes[:4], margin=10.0))


def test_batches_hold_a_gallery_where_two_classes_have_room(tmp_path):
    found, module = worlds.encoder(tmp_path)
    loss = CentroidTriplet(gallery=2).start(worlds.lesson(found), module)
    for size, each in ((6, 3), (4, 2), (12, 4)):
        rows = loss.draw(size, np.random.default_rng(0))
        assert set(np.unique(worlds.CODES[rows], return_counts=True)[1].tolist()) == {each}
        assert len(set(worlds.CODES[rows].tolist())) >= 2


def test_settings_out_of_range_are_told(tmp_path):
    found, module = worlds.encoder(tmp_path)
    with pytest.raises(InputError, match="margin must be at least 0 and gallery 1, not -1 and 3"):
        CentroidTriplet(margin=-1).start(worlds.lesson(found), module)
