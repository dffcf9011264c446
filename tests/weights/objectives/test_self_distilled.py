"""Self-distilled further pre-training."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.encoder import Batch  # noqa: E402
from modicum.weights.objectives import SelfDistilled, hidden_distance, masked_places  # noqa: E402
from tests.weights.objectives import worlds  # noqa: E402


@given(st.lists(st.integers(1, 12), min_size=1, max_size=6), st.floats(0.01, 0.99))
def test_inner_tokens_are_masked_and_one_of_each_text_at_least(lengths, share):
    mask = torch.arange(max(lengths))[None, :] < torch.tensor(lengths)[:, None]
    places = masked_places(mask, share)
    for length, row in zip(lengths, places, strict=True):
        assert not row[0]
        assert not row[length - 1 :].any()
        assert row.any() == (length > 2)


def test_about_the_share_is_masked():
    torch.manual_seed(0)
    assert masked_places(torch.ones(50, 102, dtype=torch.bool), 0.15).sum().item() == pytest.approx(750, abs=80)


@given(st.integers(1, 4), st.integers(1, 5), st.integers(0, 99))
def test_the_distance_is_that_of_tokens_and_not_of_padding(texts, length, seed):
    student, teacher = (worlds.unit(texts * length, 3, seed=seed + i).view(texts, length, 3) for i in (0, 1))
    mask = torch.ones(texts, length, dtype=torch.bool)
    wanted = torch.nn.functional.mse_loss(student, teacher) * 3
    torch.testing.assert_close(hidden_distance(student, teacher, mask), wanted, atol=1e-6, rtol=1e-5)
    padded = [torch.cat([part, torch.full((texts, 1, 3), 9.0 * i)], dim=1) for i, part in enumerate((student, teacher))]
    longer = torch.cat([mask, torch.zeros(texts, 1, dtype=torch.bool)], dim=1)
    torch.testing.assert_close(hidden_distance(*padded, longer), wanted, atol=1e-6, rtol=1e-5)


def test_the_teacher_has_learnt_and_the_encoder_stands_where_it_was(tmp_path):
    found, module = worlds.encoder(tmp_path)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    torch.manual_seed(0)
    loss = SelfDistilled(steps=60, rate=2e-3).start(worlds.lesson(found), module)
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    assert not any(p.requires_grad for p in loss.teacher.parameters())
    batch = loss.words.read(module, loss.words.lesson.pool)
    start, taught = [], []
    for told, encoder in ((start, module), (taught, loss.teacher)):
        torch.manual_seed(1)
        told += [loss.words(encoder, batch).item() for _ in range(20)]
    assert np.mean(taught) < 0.8 * np.mean(start)


def test_the_weight_holds_the_student_near_the_teacher(tmp_path):
    apart = {}
    for weight in (0.0, 10.0):
        found, module = worlds.encoder(tmp_path / str(weight))
        torch.manual_seed(0)
        loss = SelfDistilled(steps=5, rate=1e-3, weight=weight).start(worlds.lesson(found), module)
        worlds.descend(loss, module, steps=30)
        batch = loss.words.read(module, loss.words.lesson.pool)
        near = hidden_distance(module.eval().states(batch)[-1], loss.teacher.states(batch)[-1], batch.mask)
        apart[weight] = near.item()
    assert apart[10.0] < 0.5 * apart[0.0]


def test_the_mask_is_the_token_told_and_texts_without_words_cost_nothing(tmp_path):
    found, module = worlds.encoder(tmp_path)
    loss = SelfDistilled(steps=1, mask_token=1).start(worlds.lesson(found), module)
    seen = []
    module.states = lambda batch, states=module.states: seen.append(batch) or states(batch)
    batch = loss.words.read(module, loss.words.lesson.pool)
    loss.words(module, batch)
    changed = seen[0].ids != batch.ids
    assert changed.any()
    assert (seen[0].ids[changed] == 1).all()
    empty = Batch.of([[2, 3], [2, 3]], module.pad)
    assert loss.words(module, empty).item() == 0


def test_settings_out_of_range_are_told(tmp_path):
    found, module = worlds.encoder(tmp_path)
    with pytest.raises(InputError, match="steps and batch must be at least 1, not 0 and 32"):
        SelfDistilled(steps=0).start(worlds.lesson(found), module)
    with pytest.raises(InputError, match="share must lie strictly between 0 and 1, not 1"):
        SelfDistilled(share=1).start(worlds.lesson(found), module)
