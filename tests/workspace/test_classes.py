"""Classes added, renamed and removed: answers stay, odds stay, and the bundle remembers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import modicum
from modicum.core import InputError, LabelSpace
from modicum.workspace import add_class, remove_classes, rename_classes
from tests.cli.conftest import THEMES
from tests.workspace.test_fitting import QUICK, world


@pytest.fixture(scope="module")
def fitted():
    table, X = world(spread=1.0)
    return modicum.fit(table, vectors=X, sets="lac-per-class", **QUICK).bundle, X


def test_renamed_classes_answer_as_before(fitted, tmp_path):
    bundle, X = fitted
    other = rename_classes(bundle, {"theme b": "cash"})
    assert other.classes == ("theme a", "cash", "theme c", "theme d")
    np.testing.assert_array_equal(other.predict(vectors=X).probabilities, bundle.predict(vectors=X).probabilities)
    assert modicum.load(other.save(tmp_path / "b")).report["changed_classes"] == ["theme b → cash"]
    assert bundle.classes[1] == "theme b"
    counts, before = (found.report["data"]["class_counts"] for found in (other, bundle))
    assert list(counts) == ["theme a", "cash", "theme c", "theme d"]
    assert counts["cash"] == before["theme b"]


def test_a_renamed_class_stays_the_parent_it_was(fitted):
    bundle, _ = fitted
    space = replace(
        bundle.model.space, parents=(None, "theme a", "theme a", "others"), group_parents=(("others", "theme a"),)
    )
    other = rename_classes(replace(bundle, model=replace(bundle.model, space=space)), {"theme a": "cash"})
    assert other.model.space.parents == (None, "cash", "cash", "others")
    assert other.model.space.group_parents == (("others", "cash"),)


def test_what_is_said_of_the_classes_that_stay_stays(fitted):
    bundle, _ = fitted
    space = replace(bundle.model.space, descriptions=("one", None, "three", "four"), parents=("up", None, None, "up"))
    smaller = remove_classes(replace(bundle, model=replace(bundle.model, space=space)), ["theme b"])
    assert smaller.model.space.descriptions == ("one", "three", "four")
    assert smaller.model.space.parents == ("up", None, "up")
    assert remove_classes(bundle, ["theme b"]).model.space.descriptions == ()


def test_what_was_not_promised_is_not_promised_after_a_change(fitted):
    bundle, _ = fitted
    bare = replace(bundle, model=replace(bundle.model, conformal=None), report={**bundle.report, "conformal": None})
    told = rename_classes(bare, {"theme a": "cash"}).report
    assert (told["conformal"], told["unknown"]) == (None, None)
    assert rename_classes(bundle, {"theme a": "cash"}).report["conformal"]["guarantee"]


def test_removed_classes_leave_the_odds_of_the_others(fitted, tmp_path):
    bundle, X = fitted
    smaller = modicum.load(remove_classes(bundle, ["theme b"]).save(tmp_path / "b"))
    before, after = bundle.predict(vectors=X), smaller.predict(vectors=X)
    assert smaller.classes == ("theme a", "theme c", "theme d")
    kept = before.probabilities[:, [0, 2, 3]]
    np.testing.assert_allclose(after.probabilities, kept / kept.sum(axis=1, keepdims=True), rtol=1e-6)
    assert after.sets.shape == (len(X), 3)
    assert "Classes were removed" in smaller.model.conformal.guarantee


@pytest.fixture(scope="module", params=["lac", "lac-per-class"])
def grown(request):
    """A bundle of three themes, and the same with the fourth added from eight examples."""
    table, X = world(spread=1.0)
    known = [k for k in range(len(table)) if k % 4 != 3]
    labels = [table.labels[k] for k in known]
    small = modicum.read({"text": [table.texts[k] for k in known], "label": labels}, text="text", label="label")
    bundle = modicum.fit(small, vectors=X[known], sets=request.param, **QUICK).bundle
    return bundle, add_class(bundle, "theme d", vectors=X[3::4][:8]), X


def test_an_added_class_is_found_and_the_others_keep_their_odds(grown, tmp_path):
    bundle, larger, X = grown
    larger = modicum.load(larger.save(tmp_path / "b"))
    assert larger.classes == ("theme a", "theme b", "theme c", "theme d")
    before, after = bundle.predict(vectors=X), larger.predict(vectors=X)
    kept = after.probabilities[:, :3]
    np.testing.assert_allclose(kept / kept.sum(axis=1, keepdims=True), before.probabilities, rtol=1e-4, atol=1e-9)
    truth = np.arange(len(X)) % 4
    assert (after.codes == truth)[truth == 3].mean() > 0.8
    assert (after.codes == truth)[truth < 3].mean() > (before.codes == truth)[truth < 3].mean() - 0.05


def test_sets_of_the_others_hold_what_they_held(grown):
    bundle, larger, X = grown
    before, after = (one.model.conformal.sets(one.model.proba(X)) for one in (bundle, larger))
    own = np.arange(len(X)) % 4 < 3
    np.testing.assert_array_equal(after[own, :3], before[own])
    rule = larger.model.conformal
    assert "Classes were added after that: this holds for rows of the others" in rule.guarantee
    assert larger.report["conformal"]["guarantee"] == rule.guarantee


def test_the_report_tells_how_the_added_class_was_learnt(grown):
    bundle, larger, _ = grown
    told = larger.report["added_classes"][0]
    assert told["name"] == "theme d"
    assert told["examples"] == 8
    assert 5 <= told["recognised"] <= 8
    assert told["taken"] <= told["exemplars"] // 10
    assert "was added after the fit from 8 examples" in larger.report["grounds"][-1]
    assert larger.report["changed_classes"] == ["theme d added"]
    assert "added_classes" not in bundle.report


def test_classes_can_come_and_go_one_after_another(grown):
    _, larger, X = grown
    more = add_class(rename_classes(larger, {"theme a": "cash"}), "theme e", vectors=X[3::4][8:10] + 3.0)
    assert more.model.conformal.added == 2
    assert len(more.exemplars.vectors) == len(larger.exemplars.vectors) + 2
    back = remove_classes(more, ["theme d", "cash"])
    assert back.classes == ("theme b", "theme c", "theme e")
    assert back.model.conformal.added == 1
    assert set(back.exemplars.codes) == {0, 1, 2}
    assert back.predict(vectors=X).sets.shape == (len(X), 3)


def test_an_example_alone_measures_nothing(grown):
    bundle, _, X = grown
    told = add_class(bundle, "theme d", vectors=X[3:4]).report["added_classes"][0]
    assert told["recognised"] is None


def test_a_class_far_from_the_others_is_recognised_and_takes_no_row_of_theirs(grown):
    bundle, _, X = grown
    told = add_class(bundle, "theme d", vectors=X[3::4][:4] + 30).report["added_classes"][0]
    assert (told["examples"], told["recognised"], told["taken"]) == (4, 4, 0)


def test_a_class_of_texts_in_a_tree_with_descriptions():
    texts = [f"{words[n]} and {words[(n + 3) % 8]}" for words in THEMES.values() for n in range(8)]
    labels = ["weather"] * 8 + ["food"] * 8 + [None] * 8
    space = LabelSpace(("weather", "food"), ("of the sky", "to eat"), ("out", "in"), (("out", "all"), ("in", "all")))
    table = modicum.read({"text": texts, "label": labels}, text="text", label="label")
    bundle = modicum.fit(table, classes=space, encoder="hashed", **QUICK).bundle
    more = add_class(bundle, "sport", examples=texts[16:21], description="to play", parent="out")
    assert more.model.space.descriptions[-1] == "to play"
    assert more.model.space.parents[-1] == "out"
    assert more.predict(texts[21:]).codes.tolist() == [2, 2, 2]


def test_errors_of_adding(grown):
    bundle, _, X = grown
    with pytest.raises(InputError, match="the class 'theme a' is there already"):
        add_class(bundle, "theme a", vectors=X[:3])
    with pytest.raises(InputError, match="the new class has no name"):
        add_class(bundle, " ", vectors=X[:3])
    with pytest.raises(InputError, match="give the examples' vectors, too"):
        add_class(bundle, "theme d", examples=["a text"])
    with pytest.raises(InputError, match="learnt from examples; give at least one"):
        add_class(bundle, "theme d", vectors=X[:0])
    with pytest.raises(InputError, match="vectors are 2 wide"):
        add_class(bundle, "theme d", vectors=X[:3, :2])
    with pytest.raises(InputError, match="kept no labelled row"):
        add_class(replace(bundle, exemplars=None), "theme d", vectors=X[:3])


def test_errors(fitted):
    bundle, _ = fitted
    with pytest.raises(InputError, match="class 'theme x' is not known; did you mean 'theme"):
        remove_classes(bundle, ["theme x"])
    with pytest.raises(InputError, match="only 1 class would be left"):
        remove_classes(bundle, ["theme a", "theme b", "theme c"])
    with pytest.raises(InputError, match="'theme a' is named twice"):
        rename_classes(bundle, {"theme b": "theme a"})
    with pytest.raises(InputError, match="class 'theme x' is not known"):
        rename_classes(bundle, {"theme x": "cash"})
