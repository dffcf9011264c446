"""A head on merged weights: the same head, other vectors, and promises that are made anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import modicum  # noqa: E402
from modicum.core import InputError  # noqa: E402
from modicum.encoders import HashedEncoder, load_encoder, load_folder  # noqa: E402
from modicum.workspace import add_class  # noqa: E402
from modicum.workspace.classes import rename_classes  # noqa: E402
from modicum.workspace.report import render  # noqa: E402
from modicum.workspace.tuning.own import OwnWeights  # noqa: E402
from modicum.workspace.weights import MergeSettings, merge, read_head  # noqa: E402
from modicum.workspace.weights.merging import states_of  # noqa: E402
from tests.encoders import tiny  # noqa: E402
from tests.workspace.weights.worlds import rows, table, tuned, unlike  # noqa: E402

UNIFORM = MergeSettings("uniform", threads=1)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return [tuned(folder / name, seed, 0.3) for seed, name in enumerate(("first", "second"))]


def fitted(encoder, folder, mode="exact", count=60, **changes):
    """A bundle of cards and pins on an encoder, in a folder of its own."""
    texts, topics = rows(count, seed=7)
    items = modicum.read({"text": texts, "topic": topics}, text="text", label="topic")
    found = load_encoder(encoder, threads=1, mode="fast") if mode == "fast" else str(encoder)
    settings = {"budget": 1, "map_points": 0, "encoder_mode": mode.replace("fast", "exact")} | changes
    return modicum.fit(items, encoder=found, threads=1, **settings).bundle.save(folder)


def on(bundle, models, tables=None, settings=UNIFORM):
    tables = tables or [table()]
    head = read_head(bundle, models, tables, threads=1)
    return head.on(merge(models, tables, settings=settings))


def arrays(bundle):
    return {name: array for name, array in bundle._arrays().items() if name.startswith("members.")}


@pytest.fixture(scope="module", params=["exact", "fast", "fused"])
def world(request, models, tmp_path_factory):
    place = tmp_path_factory.mktemp(request.param)
    found = on(fitted(models[0], place / "bundle", request.param), models)
    return request.param, place, found


def test_the_head_is_the_one_that_was_fitted_and_the_vectors_are_merged_ones(world, models):
    mode, place, found = world
    old, new = modicum.load(place / "bundle"), modicum.load(found.bundle.save(place / "both"))
    assert arrays(old).keys() == arrays(new).keys() != set()
    assert all(np.array_equal(array, arrays(new)[name]) for name, array in arrays(old).items())
    assert (new.model.temperature, new.encoder.mode, new.encoder.own) == (old.model.temperature, mode, True)
    assert new.encoder.name.endswith(", merged")
    merged = load_folder(merge(models, [table()], settings=UNIFORM).write(place / "merged"), threads=1)
    if mode == "exact":
        X = merged.encode(["my pin", "the card"])
        np.testing.assert_allclose(
            new.predict(["my pin", "the card"]).probabilities, old.model.proba(X), rtol=0, atol=1e-6
        )
    assert new.find_encoder(1).fingerprint != old.find_encoder(1).fingerprint


def test_it_is_measured_beside_the_encoder_it_had(world):
    _, place, found = world
    held, old = table(), modicum.load(place / "bundle")
    codes = np.array([old.classes.index(label) for label in held.labels])
    before = old.predict(held.texts)
    assert found.rows == len(held.texts)
    assert found.before.accuracy == pytest.approx((before.codes == codes).mean())
    assert found.before.coverage == pytest.approx(before.sets[range(48), codes].mean())
    proba = found.bundle.predict(held.texts).probabilities
    assert found.after.accuracy == pytest.approx((proba.argmax(axis=1) == codes).mean())
    sets = old.model.answer(proba).sets
    assert found.after.coverage == pytest.approx(sets[range(48), codes].mean())
    assert found.after.mean_size == pytest.approx(sets.sum(axis=1).mean())


def test_sets_keep_the_promise_of_rows_set_aside(world):
    _, place, found = world
    rule, old = found.bundle.model.conformal, modicum.load(place / "bundle").model.conformal
    assert (rule.alpha, rule.score, rule.calibrated_on) == (old.alpha, old.score, 48)
    assert rule.guarantee.startswith("at least 90 % of the sets hold the true class on average")
    assert "held-out rows of held, for weights were merged after the fit" in rule.guarantee
    held = table()
    codes = np.array([found.bundle.classes.index(label) for label in held.labels])
    assert found.bundle.predict(held.texts).sets[range(48), codes].mean() >= 0.9
    assert any("they were set anew by 48 held-out rows" in note for note in found.notes)


def test_the_report_tells_what_came_after_the_fit(world):
    _, place, found = world
    report = found.bundle.report
    accuracy = f"{100 * found.after.accuracy:.1f} %"
    assert report["decision"].startswith("The head answers on weights merged after the fit (uniform, of 2 models)")
    assert f"right in {accuracy} of 48 held-out rows of held" in report["decision"]
    assert report["grounds"][0] == f"At the fit: {modicum.load(place / 'bundle').report['decision']}"
    assert report["merged"]["after"]["accuracy"] == report["test"]["accuracy"] == found.after.accuracy
    assert report["encoder"]["fingerprint"] == found.bundle.encoder.fingerprint
    assert report["conformal"]["calibrated_on"] == 48
    assert "on weights merged after the fit, was right in" in " ".join(report["summary"])
    page = render(report)
    assert "on 48 held-out rows, after weights were merged" in page
    assert "(same head, encoder of the fit)" in page
    assert "prediction sets hold the truth in" not in page


def test_equal_weights_change_no_answer(models, tmp_path):
    copies = [tuned(tmp_path / name, 0, 0.3) for name in ("one", "two")]
    found = on(fitted(copies[0], tmp_path / "bundle"), copies)
    assert found.before == found.after
    old = modicum.load(tmp_path / "bundle")
    asked = ["my card", "a new pin"]
    expected = old.predict(asked).probabilities
    np.testing.assert_allclose(found.bundle.predict(asked).probabilities, expected, atol=1e-6)


def test_a_bundle_with_weights_of_its_own_is_model_and_head(models, tmp_path):
    made = modicum.load(fitted(models[0], tmp_path / "plain"))
    own = replace(made, encoder=replace(made.encoder, own=True, name="tiny, tuned"), weights=OwnWeights(models[0]))
    bundle = own.save(tmp_path / "own")
    found = on(bundle, [bundle, models[1]])
    assert modicum.load(found.bundle.save(tmp_path / "both")).encoder.name == "tiny, merged"


def test_a_head_on_the_base_itself_is_taken(models, tmp_path):
    base = tiny.save_transformer(tmp_path / "base")
    assert on(fitted(base, tmp_path / "bundle"), models).bundle.encoder.own


def test_per_class_thresholds_stay_per_class(models, tmp_path):
    found = on(fitted(models[0], tmp_path / "bundle", sets="lac-per-class"), models)
    assert len(found.bundle.model.conformal.thresholds) == 2
    assert "within every class" in found.bundle.model.conformal.guarantee


def test_unknown_rows_are_marked_at_the_rate_that_was_promised(models, tmp_path):
    found = on(fitted(models[0], tmp_path / "bundle", unknown=0.1, budget=3), models)
    rule, old = found.bundle.model.unknown, modicum.load(tmp_path / "bundle").model.unknown
    assert np.array_equal(rule.known.vectors, old.known.vectors)
    assert rule.threshold != old.threshold
    assert rule.guarantee.startswith("At most 10 % of the rows of the classes are marked as unknown")
    assert found.bundle.predict(table().texts).unknown.mean() <= 0.1
    assert found.bundle.report["unknown"]["guarantee"] == rule.guarantee
    assert modicum.load(found.bundle.save(tmp_path / "both")).model.unknown.calibrated_on == 48


def test_a_cascade_is_given_up(models, tmp_path):
    found = on(fitted(models[0], tmp_path / "bundle", "cascade"), models)
    assert found.bundle.cascade is None
    assert "The cascade was given up, so that the encoder answers all texts." in found.notes
    assert found.bundle.report["cascade"] is None


def test_exemplars_are_held_out_rows_from_then_on(models, tmp_path):
    found = on(fitted(models[0], tmp_path / "bundle"), models)
    encoder, kept = found.bundle.find_encoder(1), found.bundle.exemplars
    X = encoder.encode(table().texts)
    assert all(np.isclose(X, vector, atol=1e-6).all(axis=1).any() for vector in kept.vectors)
    larger = add_class(found.bundle, "lost", examples=["lost lost lost", "is lost"])
    assert larger.classes == ("card", "pin", "lost")


def test_without_a_row_of_each_class_none_can_be_added(models, tmp_path):
    texts, _ = rows(60, seed=7)
    items = modicum.read({"text": texts, "topic": ["card", "pin", "other"] * 20}, text="text", label="topic")
    made = modicum.fit(items, encoder=str(models[0]), budget=1, map_points=0, threads=1)
    found = on(made.bundle.save(tmp_path / "bundle"), models)
    assert "Some classes have no held-out row, so no class can be added without a fit." in found.notes
    with pytest.raises(InputError, match="the bundle kept no labelled row to tell a new class from"):
        add_class(found.bundle, "more", examples=["lost"])


def test_the_rows_that_decided_on_the_merge_judge_nothing(models, tmp_path):
    bundle = fitted(models[0], tmp_path / "bundle")
    found = on(bundle, models, [table(96)], MergeSettings("greedy", threads=1))
    assert 40 <= found.rows <= 56
    assert found.bundle.model.conformal.calibrated_on == found.rows


def test_of_several_tables_the_one_of_its_classes_judges(models, tmp_path):
    other = table(name="other")
    renamed = type(other)(other.ids, other.texts, tuple(f"a {label}" for label in other.labels), "other")
    found = on(fitted(models[0], tmp_path / "bundle"), models, [renamed, table(seed=3, name="held")])
    assert found.table == "held"
    assert found.to_dict()["before"].keys() == {"accuracy", "calibration_error", "coverage", "mean_size"}


def test_states_are_of_one_start(models, tmp_path):
    first, odd = load_folder(models[0], threads=1), load_folder(unlike(tmp_path / "odd"), threads=1)
    assert set(states_of([first])[0]) == set(tiny.weights("bert"))
    with pytest.raises(InputError, match=r"odd does not go with .*first: the models are of unlike starts"):
        states_of([first, odd])


def test_heads_that_merged_weights_cannot_carry_are_refused(models, tmp_path):
    told = r"reads vectors of .* \({}\), which no tuned encoder makes; give a bundle of texts on a pretrained encoder"
    static = fitted(models[0], tmp_path / "static", "static")
    with pytest.raises(InputError, match=told.format("static")):
        read_head(static, models, [table()])
    texts, topics = rows(60, seed=7)
    items = modicum.read({"text": texts, "topic": topics}, text="text", label="topic")
    hashed = modicum.fit(items, encoder="hashed", budget=1, map_points=0).bundle.save(tmp_path / "hashed")
    with pytest.raises(InputError, match=told.format("exact")):
        read_head(hashed, models, [table()])
    X = HashedEncoder.fit(texts).encode(texts)
    given = modicum.fit(items, vectors=X, budget=1, map_points=0).bundle.save(tmp_path / "given")
    with pytest.raises(InputError, match="reads vectors of precomputed"):
        read_head(given, models, [table()])
    several = modicum.read({"text": texts, "topic": topics}, text="text", label="topic", separator="|")
    labels = modicum.fit(several, encoder=str(models[0]), budget=1, threads=1).bundle.save(tmp_path / "labels")
    with pytest.raises(InputError, match="labels have several labels, or a number; a head must give each row one"):
        read_head(labels, models, [table()])


def test_a_head_of_another_start_kind_or_task_is_refused(models, tmp_path):
    odd = fitted(unlike(tmp_path / "odd"), tmp_path / "bundle")
    with pytest.raises(InputError, match=r"odd does not go with .*first: the models are of unlike starts"):
        read_head(odd, models, [table()])
    other = fitted(tiny.save_transformer(tmp_path / "distil", "distilbert"), tmp_path / "other")
    with pytest.raises(InputError, match=r"distil has model_type 'distilbert' where .*first has 'bert'"):
        read_head(other, models, [table()])
    cash = rename_classes(modicum.load(fitted(models[0], tmp_path / "mine")), {"pin": "cash"}).save(tmp_path / "cash")
    with pytest.raises(InputError, match=r"held: 'pin' is no class of .*cash; give held-out rows of its classes with"):
        read_head(cash, models, [table()])
    with pytest.raises(InputError, match=r"no table judges the head of .*cash; give held-out rows of its classes"):
        read_head(cash, models, [])
