"""The summary in plain words: each sentence from its figure, none where nothing was measured."""

from __future__ import annotations

from modicum.workspace.summary import summary

DATA = {"rows": 1200, "classes": 3, "labelled": 60}
SHIPPED = {"chosen": True, "cv_accuracy": 0.8, "cv_se": 0.05}


def test_nothing_measured_says_only_what_the_table_holds():
    assert summary({"data": DATA, "ladder": []}) == ["The table holds 1,200 texts in 3 classes; 60 carry a label."]


def test_every_figure_has_its_sentence():
    report = {
        "data": DATA | {"near_duplicates": 2},
        "ladder": [{"chosen": False, "cv_accuracy": 0.9}, SHIPPED],
        "shift": {"expected_accuracy": 0.7},
        "conformal": {"mean_size": 1.5, "coverage": 0.91},
        "label_errors": [{}],
        "conflicts": [{}, {}],
        "learning_curve": {"said": "50 more labels: +1.0 to +3.0 points"},
        "next_to_label": [{}] * 20,
    }
    data, accuracy, sets, labels, curve = summary(report)
    assert data.endswith("60 carry a label. 2 say nearly the same as another; no split parts them.")
    assert "about 80 of 100 cases (between 70 and 90); on the unlabelled ones" in accuracy
    assert accuracy.endswith("in about 70.")
    assert "1.5 on average, with the right one among them in 91 of 100 cases" in sets
    assert (
        labels
        == "1 label is contradicted by the model and worth a second look; 2 texts have different labels on copies."
    )
    assert curve == "Expected of more labels: 50 more would bring +1.0 to +3.0 points."


def test_what_is_not_listed_is_counted_too():
    report = {"label_errors": [{}] * 200, "conflicts": [{}] * 100, "totals": {"label_errors": 500, "conflicts": 130}}
    said = summary({"data": DATA, "ladder": []} | report)[1]
    assert "500 labels are contradicted" in said
    assert "130 texts have different labels" in said


def test_one_copy_is_told_in_the_singular():
    one = DATA | {"near_duplicates": 1}
    assert summary({"data": one, "ladder": []})[0].endswith("1 says nearly the same as another; no split parts it.")
    images = summary({"data": one | {"kind": "images"}, "ladder": []})
    assert images[0].endswith("1 holds the same as another; no split parts it.")


def test_without_a_curve_the_next_rows_are_named():
    told = summary({"data": DATA, "ladder": [SHIPPED | {"cv_se": None}], "next_to_label": [{}] * 20})
    assert told[1] == "On texts like the labelled ones the model should be right in about 80 of 100 cases."
    assert told[2] == "A label for the 20 rows listed below would help most."
