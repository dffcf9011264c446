"""What came to the report later: each part is shown where it is told, and the page is whole where it is not."""

from __future__ import annotations

import re

import pytest

from modicum.workspace.report import render
from modicum.workspace.report.tables import MOST_ROWS, conflicts, prices
from modicum.workspace.report.wording import percent, percent_range
from tests.workspace.report.samples import sample

LATER = ("summary", "learning_curve", "conflicts", "shortcuts")


def section(page, name):
    """The words of a section, without tags."""
    found = re.search(rf'<section id="{name}".*?</section>', page, re.DOTALL).group(0)
    return re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", " ", found))


def earlier(report):
    """The report as it was before these parts existed."""
    report = {key: value for key, value in report.items() if key not in LATER}
    report["ladder"] = [{k: v for k, v in entry.items() if k != "megabytes"} for entry in report["ladder"]]
    report["encoder"] = {k: v for k, v in report["encoder"].items() if k not in ("mode", "agreement")}
    return report


def test_an_earlier_report_gives_a_whole_page():
    page = render(earlier(sample(4, points=5)))
    assert "What more labels would bring was not estimated." in section(page, "curve")
    assert "Repeated texts were not checked for different labels." in section(page, "conflicts")
    assert "Shortcuts were not looked for." in section(page, "shortcuts")
    assert "Megabytes" not in page
    assert "Mode of the encoder" not in page
    assert 'class="summary"' not in page


@pytest.mark.parametrize("empty", [{}, {"points": [], "forecast": []}, {"points": None, "forecast": [{"labels": 3}]}])
def test_a_curve_without_points_is_no_curve(empty):
    assert "was not estimated" in section(render({"learning_curve": empty}), "curve")


def test_empty_lists_say_that_nothing_was_found():
    page = render({"conflicts": [], "shortcuts": []})
    assert "No two rows of the same text have different labels." in section(page, "conflicts")
    assert "No single word gives a class away" in section(page, "shortcuts")


def test_the_summary_stands_under_the_headline_and_before_the_grounds():
    page = render({"decision": "A.", "summary": ["S & <b>."], "grounds": ["G."]})
    assert page.index("</h1>") < page.index("S &amp; &lt;b&gt;.") < page.index("G.")


def test_the_curve_is_told_in_words_and_figures():
    report = sample(4, points=5)
    curve = report["learning_curve"]
    words = section(render(report), "curve")
    assert curve["said"] in words
    assert curve["note"] in words
    assert "in 80\u202f% of cases" in words
    for point in curve["points"]:
        assert percent(point["accuracy"]) in words
        half = 1.96 * point["se"]
        assert percent_range(point["accuracy"] - half, point["accuracy"] + half) in words
    for point in curve["forecast"]:
        assert percent_range(point["low"], point["high"]) in words


def test_prices_count_no_label_for_what_looks_at_none():
    tried = [{"name": "names", "rung": 0, "seconds_per_1000_items": 0.006}, {"name": "linear", "rung": 1}]
    told = prices(tried, {"labelled": 168})
    assert [(row["labels"], row["milliseconds"]) for row in told] == [(0, 0.006), (168, None)]
    assert [row["labels"] for row in prices(tried, {})] == [0, None]


def test_prices_of_a_recipe_are_on_one_row():
    entry = {"name": "a", "rung": 1, "cv_accuracy": 0.5, "seconds": 2.0, "seconds_per_1000_items": 0.31}
    page = render({"ladder": [entry | {"megabytes": 3.14}, entry], "data": {"labelled": 40}})
    row = "a 50.0\u202f% 40 2.0\u202fs 0.31 3.1 a 50.0\u202f% 40 2.0\u202fs 0.31 –"
    assert row in section(page, "cost")


def test_groups_of_conflicts_are_kept_whole():
    group = {"ids": ["1", "2", "3"], "texts": ["t"] * 3, "labels": ["a", "b", "a"]}
    told = conflicts({"conflicts": [group] * 100})
    assert len(told) == MOST_ROWS // 3 * 3
    assert [row["group"] for row in told[:4]] == [1, 1, 1, 2]
    words = section(render({"conflicts": [group] * 100}), "conflicts")
    assert f"but not their labels; the first {len(told) // 3} are here" in words
    long = {"ids": ["1"] * 500, "texts": ["t"] * 500, "labels": ["a"] * 500}
    assert len(conflicts({"conflicts": [long, group]})) == MOST_ROWS


def test_one_of_anything_is_told_in_the_singular():
    group = {"ids": ["1", "2"], "texts": ["t", "t"], "labels": ["a", "b"]}
    page = render(
        {
            "data": {"rows": 1, "labelled": 1, "classes": 1, "conflicts": ["1"]},
            "label_errors": [{"id": "1", "text": "t", "label": "a", "score": 0.1}],
            "conflicts": [group],
            "test": {"rows": 1, "accuracy": 1.0},
            "per_class": [{"name": "a", "f1": 1.0}],
            "ladder": [{"name": "r", "cv_accuracy": 0.9, "cv_se": 0.1, "seconds": 1}],
            "learning_curve": {"points": [{"labels": 1, "accuracy": 0.9}]},
            "conformal": {"sizes": {"1": 1}, "calibrated_on": 1},
            "calibration": {"reliability": {"after": [{"confidence": 0.5, "accuracy": 1.0, "count": 1}]}},
        }
    )
    for said in (
        *(
            "1 labelled row that looks wrong",
            "1 group of rows",
            "1 labelled row kept back",
            "1 class, weakest F1 first",
        ),
        *("1 recipe. Best", "now: 1 label<", "1 label: 90.0", "Calibrated on 1 row.", "1 item: ", "of 1 row; 1 class,"),
        *("1 item (", "1 row: "),
    ):
        assert said in page, said


def test_the_intervals_of_the_curve_end_at_none_and_at_all():
    points = [{"labels": 5, "accuracy": 0.99, "se": 0.02}, {"labels": 3, "accuracy": 0.01, "se": 0.02}]
    words = section(render({"learning_curve": {"points": points}}), "curve")
    assert percent_range(0.99 - 1.96 * 0.02, 1.0) in words
    assert percent_range(0.0, 0.01 + 1.96 * 0.02) in words


def test_lists_that_hold_the_first_of_all_are_not_told_as_all():
    group = {"ids": ["1", "2"], "texts": ["t", "t"], "labels": ["a", "b"]}
    found = {"label_errors": [{"id": "1", "text": "t", "label": "a"}] * 200, "conflicts": [group] * 100}
    page = render(found | {"totals": {"label_errors": 500, "conflicts": 130}})
    assert "500 labelled rows that look wrong, to be checked by a person; the first 200 are here." in page
    assert "130 groups of rows" in section(page, "conflicts")
    assert "but not their labels; the first 100 are here." in section(page, "conflicts")
    for totals in ({}, {"totals": None}, {"totals": {"label_errors": 200, "conflicts": 100}}):
        page = render(found | totals)
        assert "200 labelled rows that look wrong, to be checked by a person." in page
        assert "100 groups of rows" in section(page, "conflicts")
        assert "are here" not in page


def test_lists_of_unequal_length_lose_what_has_no_partner():
    assert conflicts({"conflicts": [{"ids": ["1", "2"], "texts": ["t"], "labels": None}, {}]}) == []


def test_the_mode_of_the_encoder_is_one_line():
    encoder = {"name": "e", "mode": "fast", "agreement": {"speedup": 3.21, "cosine_mean": 0.9974, "cosine_min": 0.981}}
    said = "3.2 times as fast as the exact mode; cosine with the exact vectors 0.997 on average, 0.981 at worst"
    assert said in section(render({"encoder": encoder}), "provenance")
    assert "exact mode" in section(render({"encoder": {"name": "e", "mode": "exact", "agreement": None}}), "provenance")


def filled(classes=1000, points=1500):
    """A report of the largest kind: every table as long as the page shows it."""
    report = sample(classes, points=points)
    report["label_errors"] = [report["label_errors"][i % 9] for i in range(MOST_ROWS)]
    report["conflicts"] = [report["conflicts"][i % 12] for i in range(MOST_ROWS // 2)]
    return report


def test_a_thousand_classes_and_full_tables_stay_under_two_megabytes():
    assert len(render(filled()).encode()) < 1_200_000


def test_long_texts_are_told_in_less_where_the_page_would_be_too_large():
    report = filled()
    for row in (*report["label_errors"], *report["next_to_label"]):
        row |= {key: "<" * 5_000 for key in row if isinstance(row[key], str)}
    for group in report["conflicts"]:
        group |= {key: ["<" * 5_000] * 2 for key in group}
    for row in report["per_class"]:
        row["name"] = "<" * 5_000
    page = render(report)
    assert len(page.encode()) < 2_000_000
    assert "&lt;" * 150 in page
