"""Fixed class vectors."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from modicum.core import InputError  # noqa: E402
from modicum.weights.objectives import FixedVectors, fixed_vectors, simplex_vectors, turn_towards  # noqa: E402
from modicum.weights.objectives.head import class_vectors  # noqa: E402
from tests.weights.objectives import worlds  # noqa: E402

# dsimplex(num_classes=4) of github.com/miccunifi/iamcl2r (commit 18495ac), on the CPU.
PUBLISHED = [
    [0.9622505, -0.1924501, -0.1924501],
    [-0.1924501, 0.9622505, -0.1924501],
    [-0.1924501, -0.1924501, 0.9622505],
    [-0.5773503, -0.5773503, -0.5773503],
]


def test_parity_with_the_authors_simplex():
    torch.testing.assert_close(simplex_vectors(4), torch.tensor(PUBLISHED), atol=1e-6, rtol=0)


@given(st.integers(2, 30))
def test_corners_are_alike_and_as_far_apart_as_can_be(classes):
    corners = simplex_vectors(classes)
    assert corners.shape == (classes, classes - 1)
    wanted = torch.full((classes, classes), -1 / (classes - 1)).fill_diagonal_(1.0)
    torch.testing.assert_close(corners @ corners.T, wanted, atol=1e-5, rtol=0)


@given(st.integers(1, 6), st.integers(6, 9), st.integers(0, 99))
def test_turning_keeps_cosines_and_is_the_best_of_turns(classes, width, seed):
    fixed, wanted = worlds.unit(classes, 6, seed=seed), worlds.unit(classes, width, seed=seed + 1)
    turned = turn_towards(fixed, wanted)
    torch.testing.assert_close(turned @ turned.T, fixed @ fixed.T, atol=1e-5, rtol=0)
    random = torch.linalg.qr(torch.randn(width, 6, generator=torch.Generator().manual_seed(seed)))[0]
    assert (turned * wanted).sum() >= (fixed @ random.T * wanted).sum() - 1e-5


def test_vectors_that_lie_apart_alike_are_found_again():
    turn = torch.linalg.qr(torch.randn(6, 6, generator=torch.Generator().manual_seed(0)))[0][:3]
    torch.testing.assert_close(turn_towards(simplex_vectors(4), simplex_vectors(4) @ turn), simplex_vectors(4) @ turn)


@pytest.mark.parametrize("kind", ["simplex", "equiangular"])
def test_places_are_the_same_for_every_encoder_or_near_its_classes(kind, tmp_path):
    found, module = worlds.encoder(tmp_path)
    lesson = worlds.lesson(found)
    places = {t: FixedVectors(kind=kind, turned=t).start(lesson, module).cost.keywords["places"] for t in (True, False)}
    cosine = -0.5 if kind == "simplex" else 0.0
    for own in places.values():
        assert own.shape == (3, 16)
        torch.testing.assert_close(own @ own.T, torch.eye(3) * (1 - cosine) + cosine, atol=1e-5, rtol=0)
    means = class_vectors(module, lesson)
    assert (places[True] * means).sum() > (places[False] * means).sum()
    with torch.no_grad():
        module.get_submodule("encoder.layer.1.output.dense").weight.mul_(2)
    again = FixedVectors(kind=kind, turned=False).start(lesson, module).cost.keywords["places"]
    assert torch.equal(again, places[False])


def test_at_its_place_a_row_costs_least_also_where_vectors_are_cut():
    places = turn_towards(simplex_vectors(3), worlds.unit(3, 8))
    for width in (8, 4):
        here = torch.nn.functional.normalize(places[:, :width], dim=1)
        right = fixed_vectors(here, torch.arange(3), places=places)
        assert right < fixed_vectors(here, torch.tensor([1, 2, 0]), places=places)
    assert fixed_vectors(places, torch.arange(3), places=places, temperature=1.0).item() == pytest.approx(
        np.log(1 + 2 * np.exp(-1.5)), abs=1e-5
    )


def test_classes_without_labels_have_the_place_of_their_name_or_none(tmp_path):
    found, module = worlds.encoder(tmp_path)
    named = class_vectors(module, worlds.lesson(found, labelled=(0, 1, 3)))
    expected = found.encode([worlds.TEXTS[3], worlds.NAMES[2]])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(named[1:].numpy(), expected, atol=2e-6)
    assert module.training
    assert (class_vectors(module, worlds.lesson(found, labelled=(0, 3), names=False))[2] == 0).all()


def test_what_cannot_be_is_told(tmp_path):
    found, module = worlds.encoder(tmp_path)
    lesson = worlds.lesson(found)
    many = type(lesson)(lesson.tokens, lesson.codes, 18)
    with pytest.raises(InputError, match="no simplex has 18 corners in 16 dimensions; choose the kind 'equiangular'"):
        FixedVectors().start(many, module)
    with pytest.raises(InputError, match="the kind of fixed vectors 'simplx' is not known; did you mean 'simplex'"):
        FixedVectors(kind="simplx").start(lesson, module)
    assert FixedVectors(kind="equiangular", alpha=0.4).start(many, module)(module, lesson.rows) > 0
