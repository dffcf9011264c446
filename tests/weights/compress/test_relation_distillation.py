"""Distillation of relations: the loss written out, students of the right layers, and what they learn."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.encoders import compare, load_encoder, load_folder  # noqa: E402
from modicum.weights.compress import (  # noqa: E402
    Distillation,
    distil_relations,
    even_layers,
    relation_loss,
    vector_loss,
    with_layers,
)
from modicum.weights.encoder import Batch, write_folder  # noqa: E402
from tests.weights.compress.worlds import TEXTS, encoder  # noqa: E402
from tests.weights.merge.worlds import waves  # noqa: E402

MASK = torch.tensor([[True, True, True], [True, True, False]])


def heads(width, shift):
    return tuple(waves((2, 2, 3, width), shift + part) for part in (0.0, 0.4, 0.9))


def test_parity_with_the_formula_written_out():
    """Equations 6 to 9 of the paper, text by text: padding cut off, divergences by hand, in double precision."""
    teacher, student = heads(4, 0.1), heads(2, 1.7)

    def relation(one, other):
        scores = one @ other.T / np.sqrt(one.shape[1])
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    attention, values = [], []
    for text, length in enumerate([3, 2]):
        for head in range(2):
            q, k, v = (part[text, head, :length].double().numpy() for part in teacher)
            r, s, w = (part[text, head, :length].double().numpy() for part in student)
            for found, (a, b), (c, d) in ((attention, (q, k), (r, s)), (values, (v, v), (w, w))):
                p, z = relation(a, b), relation(c, d)
                found += (p * np.log(p / z)).sum(axis=1).tolist()
    expected = np.mean(attention) + np.mean(values)
    assert relation_loss(teacher, student, MASK).item() == pytest.approx(expected, rel=1e-5)


@settings(max_examples=25)
@given(st.floats(0, 6), st.floats(0, 6), st.floats(-3, 3))
def test_relations_cost_nothing_where_alike_whatever_padding_holds(one, other, filler):
    teacher, student = heads(4, one), heads(4, other)
    loss = relation_loss(teacher, student, MASK)
    assert loss >= -1e-6
    assert relation_loss(teacher, teacher, MASK) == pytest.approx(0, abs=1e-6)
    padded = tuple(torch.where(MASK[:, None, :, None], part, filler) for part in student)
    assert relation_loss(teacher, padded, MASK).item() == pytest.approx(loss.item(), rel=1e-5, abs=1e-7)


def test_relations_have_a_finite_gradient_beside_padding():
    student = tuple(part.requires_grad_() for part in heads(4, 2.0))
    relation_loss(heads(4, 0.0), student, MASK).backward()
    assert all(torch.isfinite(part.grad).all() for part in student)
    assert student[2].grad[1, :, 2].abs().max() == 0


@given(st.integers(1, 24).flatmap(lambda depth: st.tuples(st.just(depth), st.integers(1, depth))))
def test_layers_are_in_even_steps_and_end_with_the_last(sizes):
    depth, kept = sizes
    layers = even_layers(depth, kept)
    assert len(layers) == kept
    assert layers[-1] == depth - 1
    steps = np.diff([-1, *layers])
    assert steps.min() >= 1
    assert steps.max() - steps.min() <= 1


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert"])
def test_known_world_a_layer_that_does_nothing_is_not_missed(kind, tmp_path):
    _, module, batch = encoder(tmp_path, kind)
    n, first = module.names, module.names.layer.format(i=0)
    with torch.no_grad():
        for name in (f"{first}{n.attention_out}", f"{first}{n.down}"):
            for parameter in module.get_submodule(name).parameters():
                parameter.zero_()
        for name in (n.embedding_norm, f"{first}{n.attention_norm}", f"{first}{n.out_norm}"):
            module.get_submodule(name).weight.fill_(1)
            module.get_submodule(name).bias.zero_()
    torch.testing.assert_close(with_layers(module, even_layers(2, 1))(batch), module(batch), atol=1e-4, rtol=0)
    assert (with_layers(module, [0])(batch) - module(batch)).abs().max() > 1e-2
    assert torch.equal(with_layers(module, even_layers(2, 2))(batch), module(batch))


def test_layers_stand_in_the_order_given(tmp_path):
    _, module, batch = encoder(tmp_path)
    swapped = with_layers(module, [1, 0])
    x, mask = module.states(batch)[0], batch.mask[:, None, None, :]
    by_hand = module._layer(module._layer(x, "encoder.layer.1.", mask), "encoder.layer.0.", mask)
    assert torch.equal(swapped.states(batch)[-1], by_hand)
    assert swapped.config["num_hidden_layers"] == 2


@pytest.mark.parametrize(("how", "falls"), [({"vectors": 0.0}, 0), ({"relations": 0.0}, 1), ({}, 2)])
def test_a_student_comes_nearer_to_its_teacher(how, falls, tmp_path):
    found, module, batch = encoder(tmp_path)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}

    def losses(student):
        states = [one.states(batch) for one in (module, student)]
        layers = [(module, "encoder.layer.1.", states[0]), (student, "encoder.layer.0.", states[1])]
        relations = relation_loss(*(one.projected(s[-2], layer) for one, layer, s in layers), batch.mask).item()
        vectors = vector_loss(*(one.pool(s[-1], batch.mask) for one, _, s in layers)).item()
        return relations, vectors, relations + 10 * vectors

    with torch.no_grad():
        start = losses(with_layers(module, [1]))
    student = distil_relations(module, found.tokenize(TEXTS), 1, Distillation(epochs=60, batch=4, rate=1e-2, **how))
    with torch.no_grad():
        assert losses(student)[falls] < 0.7 * start[falls]
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    for name, tensor in student.state_dict().items():
        if name.startswith("embeddings"):
            assert torch.equal(tensor, before[name])
    assert all(p.requires_grad and p.grad is None for p in student.parameters())


def test_one_seed_gives_one_student_and_steps_are_told(tmp_path):
    found, module, _ = encoder(tmp_path)
    tokens, told = found.tokenize(TEXTS), []
    how = Distillation(epochs=2, batch=3, seed=5)
    first = distil_relations(module, tokens, 1, how, progress=lambda *said: told.append(said))
    again = distil_relations(module, tokens, 1, how)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert told == [("distil", step, 4) for step in (1, 2, 3, 4)]


def test_a_student_runs_without_torch_and_in_8_bits(tmp_path):
    found, module, _ = encoder(tmp_path)
    student = distil_relations(module, found.tokenize(TEXTS), 1, Distillation(epochs=2))
    folder = write_folder(tmp_path / "student", found, student)
    exact, fast = load_folder(folder, threads=1), load_encoder(folder, threads=1, mode="fast")
    with torch.no_grad():
        wanted = student.eval()(Batch.of(found.tokenize(TEXTS), module.pad)).numpy()
    np.testing.assert_allclose(exact.encode(TEXTS), wanted, atol=5e-6)
    told = compare(fast, exact, TEXTS)
    assert 0.99 < told.cosine_min <= told.cosine_mean < 1


def test_errors(tmp_path):
    _, module, _ = encoder(tmp_path)
    with pytest.raises(InputError, match="an encoder of 2 layers can keep 1 to 2 of them, not 3"):
        distil_relations(module, [[2, 3]], 3)
    with pytest.raises(InputError, match="a student learns from unlabelled texts; there is none"):
        distil_relations(module, [], 1)
    with pytest.raises(InputError, match=r"layers \[2\] are not some of 0 to 1"):
        with_layers(module, [2])
    with pytest.raises(InputError, match="the teacher has 2 heads and the student 1"):
        relation_loss(heads(4, 0.0), tuple(part[:, :1] for part in heads(4, 0.0)), MASK)
    for wrong in ({"relations": 0.0, "vectors": 0.0}, {"relations": -1.0}, {"epochs": 0}, {"batch": 0}, {"rate": 0.0}):
        with pytest.raises(InputError, match="a loss of weight above 0, an epoch, a row a batch and a rate above 0"):
            Distillation(**wrong)
