"""The main job in the library: honest report, odd tables, settings that do what they say."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import modicum
from modicum.core import InputError, LabelSpace, Table
from modicum.workspace.cleaning import clean
from modicum.workspace.ladder.bank import TUNED, Bank, Entry


def world(n=240, classes=4, shots=8, seed=0, spread=0.5, width=12):
    """A table with its vectors: well separated classes, `shots` labels each, the rest hidden."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(classes, width))
    codes = np.arange(n) % classes
    X = (centres[codes] + spread * rng.normal(size=(n, width))).astype(np.float32)
    names = tuple(f"theme {chr(97 + k)}" for k in range(classes))
    known = np.arange(n) < shots * classes
    labels = tuple(names[k] if s else None for k, s in zip(codes, known, strict=True))
    hidden = tuple(None if s else names[k] for k, s in zip(codes, known, strict=True))
    table = Table(tuple(map(str, range(n))), tuple(f"text {i}" for i in range(n)), labels, hidden=hidden)
    return table, X


QUICK = {"budget": "20s", "map_points": 0}


def test_report_is_json_and_says_what_was_asked_for():
    table, X = world()
    report = modicum.fit(table, vectors=X, **QUICK).report
    json.dumps(report, allow_nan=False)
    assert report["test"]["accuracy"] > 0.85
    assert report["test"]["rows"] == 240 - 32
    assert 0.7 < report["test"]["coverage"] <= 1
    assert abs(sum(report["shift"]["estimated"].values()) - 1) < 1e-6
    assert len(report["next_to_label"]) == 20
    assert set(report["calibration"]["ece"]) == {"before", "after"}


def test_hidden_labels_decide_nothing():
    table, X = world()
    lies = Table(table.ids, table.texts, table.labels, hidden=tuple(h and "theme a" for h in table.hidden))
    ours, theirs = modicum.fit(table, vectors=X, **QUICK), modicum.fit(lies, vectors=X, **QUICK)
    np.testing.assert_array_equal(ours.predictions.codes, theirs.predictions.codes)


def test_a_wrong_label_is_found():
    table, X = world(n=160, shots=40, spread=0.2)
    labels = list(table.labels)
    labels[5] = "theme a"
    flawed = Table(table.ids, table.texts, tuple(labels))
    report = modicum.fit(flawed, vectors=X, **QUICK).report
    errors = report["label_errors"]
    assert errors[0]["id"] == "5"
    assert errors[0]["suggested"] == "theme b"
    assert report["totals"] == {"label_errors": len(errors), "conflicts": len(report["conflicts"])}


def test_one_wrong_label_of_few_is_told_in_the_singular():
    table, X = world(n=20, classes=2, shots=10, spread=0.2)
    flawed = replace(table, labels=("theme b", *table.labels[1:]), hidden=None)
    grounds = modicum.fit(flawed, vectors=X, **QUICK).report["grounds"]
    assert any(sentence.startswith("1 label is probably wrong") for sentence in grounds)


def test_many_labels_set_rows_aside_for_the_sets():
    table, X = world(n=900, shots=150, spread=0.8)
    few = modicum.fit(table, vectors=X, **QUICK).report["conformal"]
    many = modicum.fit(table, vectors=X, set_aside_from=500, **QUICK).report["conformal"]
    assert few["calibrated_on"] == 600
    assert many["calibrated_on"] == 120
    assert few["guarantee"] != many["guarantee"]


def test_only_labels_that_nobody_has_given_are_asked_for():
    """Not those of rows set aside for the sets, nor those of the test rows of a split."""
    table, X = world(n=60, classes=2, shots=25, spread=2)
    table = replace(table, hidden=None)
    aside = modicum.fit(table, vectors=X, set_aside_from=40, **QUICK).report["next_to_label"]
    assert {row["id"] for row in aside} == set(map(str, range(50, 60)))
    sides = {"side": ["test" if 20 <= row < 40 or row == 59 else "train" for row in range(60)]}
    split = modicum.fit(replace(table, columns=sides), vectors=X, split="side", **QUICK).report["next_to_label"]
    assert {row["id"] for row in split} == set(map(str, range(50, 59)))


def test_two_labels_in_all_are_enough_to_run():
    table, X = world(n=40, classes=2, shots=1)
    result = modicum.fit(table, vectors=X, **QUICK)
    assert result.report["test"]["accuracy"] > 0.5
    assert result.report["label_errors"] is None
    assert result.report["totals"]["label_errors"] is None


def test_with_one_label_a_class_no_accuracy_is_claimed():
    table, X = world(shots=1)
    report = modicum.fit(table, vectors=X, **QUICK).report
    assert all(entry["cv_accuracy"] is None for entry in report["ladder"])
    assert "cannot be measured with one label a class" in report["decision"]
    assert report["per_class"] == []
    assert report["conformal"]["guarantee"]
    assert all("on other tables" in sentence for sentence in report["grounds"] if "%" in sentence)
    assert report["expected"]["low"] < report["expected"]["accuracy"] < report["expected"]["high"]


def named(labelled, groups=None):
    texts = [f"where is my {word} number {i}" for i in range(20) for word in ("card", "pin")]
    labels = tuple(("card", "pin")[i % 2] if i < labelled else None for i in range(40))
    return Table(tuple(map(str, range(40))), tuple(texts), labels, groups=groups)


@pytest.mark.parametrize(("labelled", "groups"), [(1, None), (10, tuple("aaaaaaaaaa" + "b" * 30))])
def test_labels_that_cannot_be_held_out_decide_with_the_names(labelled, groups):
    table, classes = named(labelled, groups), LabelSpace(("card", "pin"))
    result = modicum.fit(table, classes=classes, encoder="hashed", **QUICK)
    json.dumps(result.report, allow_nan=False)
    assert "nothing can be measured: labels and class names decide" in result.report["decision"]
    assert result.predictions.codes.tolist() == [0, 1] * 20


def test_labels_that_cannot_be_held_out_do_not_do_without_names():
    given = {"classes": LabelSpace(("0", "1")), "encoder": "hashed"} | QUICK
    one, several = (
        replace(named(n, tuple("a" * 10 + "b" * 30)), labels=("0",) * n + (None,) * (40 - n)) for n in (1, 9)
    )
    with pytest.raises(InputError, match="there is 1 label, and the class names say nothing; label a few rows"):
        modicum.fit(one, **given)
    with pytest.raises(InputError, match=r"all 9 labels are of one group, .*; label rows of at least two groups"):
        modicum.fit(several, **given)


def test_classes_without_a_label_and_without_names_are_never_predicted():
    table, X = world()
    space = LabelSpace(("theme a", "theme b", "theme c", "theme d", "theme z"))
    result = modicum.fit(table, classes=space, vectors=X, **QUICK)
    assert 4 not in result.predictions.codes


def test_same_seed_same_model():
    table, X = world()
    first, second = (modicum.fit(table, vectors=X, seed=3, **QUICK) for _ in range(2))
    assert first.report["chosen"]["name"] == second.report["chosen"]["name"]
    np.testing.assert_allclose(first.predictions.probabilities, second.predictions.probabilities, atol=1e-6)


def test_classes_of_one_group_each_are_told_to_need_another():
    table, X = world(n=120, classes=2, shots=10)
    groups = tuple(f"group {i % 2}" if i < 20 else f"own {i}" for i in range(120))
    said = modicum.fit(replace(table, groups=groups), vectors=X, **QUICK).report["decision"]
    assert "With 20 labels" in said
    assert said.endswith("in one group (texts that say the same are one): label rows of each in another.")


def test_groups_never_stand_on_both_sides():
    """Copies of one row in one group give nothing away: the ladder must not see their labels."""
    rng = np.random.default_rng(0)
    base = rng.normal(size=(20, 40)).astype(np.float32)
    X = np.repeat(base, 10, axis=0)
    codes = np.repeat(rng.integers(0, 2, 20), 10)
    labels = tuple("ab"[k] for k in codes)
    ids = tuple(map(str, range(200)))
    texts = tuple(f"t{i}" for i in range(200))
    leaking = modicum.fit(Table(ids, texts, labels), vectors=X, **QUICK)
    grouped = modicum.fit(Table(ids, texts, labels, groups=tuple(str(i // 10) for i in range(200))), vectors=X, **QUICK)

    def best(result):
        return max(entry["cv_accuracy"] or 0 for entry in result.ladder)

    assert best(leaking) > 0.95
    assert best(grouped) < 0.8


def test_vectors_may_be_lists():
    table, X = world(n=24, classes=2)
    listed, array = (modicum.fit(table, vectors=given, budget="1s", map_points=0) for given in (X.tolist(), X))
    assert listed.bundle.encoder.name == "precomputed"
    assert listed.predictions.codes.tolist() == array.predictions.codes.tolist()


def test_unknown_settings_are_refused():
    table, X = world(n=40, classes=2)
    with pytest.raises(InputError, match="setting 'bugdet' is not known; did you mean 'budget'"):
        modicum.fit(table, vectors=X, bugdet="5s")
    with pytest.raises(InputError, match="prediction sets 'lax' is not known"):
        modicum.fit(table, vectors=X, sets="lax")


@pytest.mark.parametrize(
    ("name", "wrong", "least"),
    [("workers", 0, 1), ("threads", 0, 1), ("set_aside_from", 0, 1), ("map_points", -1, 0), ("seed", -1, 0)],
)
def test_settings_below_their_least_are_refused(name, wrong, least):
    table, X = world(n=40, classes=2)
    with pytest.raises(InputError, match=rf"^{name} must be at least {least}, not {wrong}$"):
        modicum.fit(table, vectors=X, **{name: wrong})


def test_settings_that_are_no_whole_numbers_are_refused():
    table, X = world(n=40, classes=2)
    with pytest.raises(InputError, match=r"^seed must be a whole number, not 'x'$"):
        modicum.fit(table, vectors=X, seed="x")


def test_ragged_vectors_are_refused():
    table, _ = world(n=40, classes=2)
    with pytest.raises(InputError, match=r"^vectors must be rows of one width; make them all by the same encoder$"):
        modicum.fit(table, vectors=[[1.0, 2.0], [3.0]] * 20)


def test_a_tolerance_that_is_no_number_is_refused():
    table, X = world(n=40, classes=2)
    with pytest.raises(InputError, match=r"^tolerance must be at least 0 and below 1, not nan; a point is 0\.01$"):
        modicum.fit(table, vectors=X, tolerance=float("nan"))


def test_other_class_shares_are_noticed_and_their_accuracy_is_told():
    """Labels are picked evenly; unlabelled rows are nine tenths of a class that is hard to tell from its neighbour."""
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0.0], [1.2, 0.0], [9.0, 9.0], [-9.0, 9.0]])
    codes = np.concatenate([np.repeat(np.arange(4), 30), rng.choice(4, 600, p=[0.45, 0.45, 0.05, 0.05])])
    X = (centres[codes] + rng.normal(size=(len(codes), 2))).astype(np.float32)
    labels = tuple("abcd"[k] if row < 120 else None for row, k in enumerate(codes))
    hidden = tuple(None if row < 120 else "abcd"[k] for row, k in enumerate(codes))
    ids = tuple(map(str, range(len(codes))))
    report = modicum.fit(Table(ids, ids, labels, hidden=hidden), vectors=X, **QUICK).report
    shipped = next(entry for entry in report["ladder"] if entry["chosen"])
    assert shipped["cv_accuracy"] > report["test"]["accuracy"] + 0.05
    assert report["shift"]["expected_accuracy"] == pytest.approx(report["test"]["accuracy"], abs=0.06)
    assert any("other shares" in sentence for sentence in report["grounds"])


def test_the_report_tells_whether_tuning_weights_pays():
    def bank(*tuned):
        told = [Entry(f"t{i}", f"t{i}", 4, 8.0, 0.7, 0.6, {}, {TUNED: accuracy}) for i, accuracy in enumerate(tuned)]
        return Bank(tuple(told))

    table, X = world()
    for tuned, verdict in (
        ((0.8, 0.82, 0.81), "worth a try"),
        ((0.5, 0.52), "does not pay"),
        ((0.5, 0.7), "nobody can"),
    ):
        told = modicum.fit(table, vectors=X, bank=bank(*tuned), **QUICK).report["tuning"]
        assert verdict in told["said"]
        assert told["gain"] == pytest.approx(np.mean(tuned) - 0.6)
    assert modicum.fit(table, vectors=X, bank=bank(0.8), **QUICK).report["tuning"] is None


def test_a_class_that_is_no_label_is_told():
    table, X = world(n=60, classes=3)
    labels = tuple("nan" if label == "theme c" else label for label in table.labels)
    flawed = Table(table.ids, table.texts, labels, label_column="theme")
    with pytest.warns(UserWarning, match="'nan', the label of 8 rows in column 'theme', is taken for a class"):
        modicum.fit(flawed, vectors=X, **QUICK)
    modicum.fit(flawed, vectors=X, classes=LabelSpace(("theme a", "theme b", "nan")), **QUICK)


def test_vectors_that_say_nothing_or_too_much_are_refused():
    table, X = world(n=60)
    with pytest.raises(InputError, match="are 0 wide"):
        modicum.fit(table, vectors=X[:, :0], **QUICK)
    with pytest.raises(InputError, match="holds numbers too large to be squared"):
        modicum.fit(table, vectors=1e30 * X.astype(np.float64), **QUICK)


def test_texts_that_are_all_empty_are_refused():
    table = Table(tuple("0123"), ("", " ", "\t", ""), ("a", "b", "a", None), source="t.csv")
    for use in (modicum.fit, clean):
        with pytest.raises(InputError, match=r"t\.csv: every text is empty; name another column with --text"):
            use(table, encoder="hashed")
