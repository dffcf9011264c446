"""The page: every size of task, missing parts, hostile texts, nothing from outside, and every figure in it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum.workspace.report import render
from modicum.workspace.report.wording import count, decimal, percent, plus_minus, seconds, significant
from tests.workspace.report.samples import HOSTILE, sample

VOID = {"meta", "input", "br", "link", "img"}
PLACED = {"line", "text"}
"""Names on the chart of recipes and their leaders: whether there is room for one depends on its length."""


class Reader(HTMLParser):
    """Collects elements, attributes and text; refuses tags that do not match."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.text, self.open = [], [], []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.text.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def words(self):
        return " ".join(self.text)


@pytest.mark.parametrize(("classes", "points"), [(2, 200), (21, 400), (77, 800), (1000, 2000)])
def test_any_number_of_classes_gives_a_whole_page_of_modest_size(classes, points):
    page = render(sample(classes, points=points))
    assert len(page.encode()) < (600_000 if classes < 1000 else 1_000_000)
    reader = Reader(page)
    assert len(reader.all("circle")) + len(reader.all("path")) > points
    assert f"{count(classes)} classes, weakest F1 first" in reader.words


@pytest.mark.parametrize(
    "report", [{}, {"schema": 1}, dict.fromkeys(sample(2, points=5)), {"ladder": [{}], "test": {}}]
)
def test_what_was_not_measured_is_said_in_words(report):
    words = Reader(render(report)).words
    for told in (
        "What was decided is not recorded.",
        "No recipe could be measured",
        "Results by class were not measured",
        "reliability of the probabilities was not measured",
        "No prediction sets",
        "Class shift was not estimated",
        "No map was drawn",
        "Labels were not checked",
        "No rows were proposed",
        "Times were not recorded",
        "No labelled rows were kept back",
    ):
        assert told in words, told
    assert not re.search(r"\b(None|nan|Undefined)\b", words)


def test_empty_is_not_the_same_as_not_measured():
    words = Reader(render({"label_errors": [], "next_to_label": [], "confusions": []})).words
    assert "No label looks wrong." in words
    assert "no unlabelled row left" in words
    assert "No class was taken for another one." in words


def holes(value, seed):
    """The same report with null in place of every third number or list, differing with `seed`."""
    if isinstance(value, dict):
        return {k: None if (hash_(k) + seed) % 3 == 0 else holes(v, seed) for k, v in value.items()}
    return [holes(v, seed + i) for i, v in enumerate(value)] if isinstance(value, list) else value


def hash_(text):
    return sum(map(ord, text))


@pytest.mark.parametrize("seed", range(12))
def test_holes_anywhere_are_borne(seed):
    Reader(render(holes(sample(5, points=20), seed)))


def test_infinite_and_undefined_numbers_are_missing_ones():
    report = sample(3, points=5)
    report["ladder"][0]["cv_se"] = float("nan")
    report["calibration"]["ece"]["after"] = float("inf")
    words = Reader(render(report)).words
    assert not re.search(r"\b(nan|inf)\b", words)


def everything_hostile(value, text):
    """The report with `text` for every string and every key that is a class name."""
    if isinstance(value, dict):
        return {k: everything_hostile(v, text) for k, v in value.items()}
    if isinstance(value, list):
        return [everything_hostile(v, text) for v in value]
    return text if isinstance(value, str) and value not in ("tried", "skipped") else value


@pytest.mark.parametrize("text", [*HOSTILE, "<" * 400, "\U0001f600" * 10_000])
def test_hostile_texts_stay_texts(text):
    harmless, hostile = (Reader(render(everything_hostile(sample(13, points=40), t))) for t in ("word", text))
    pairs = [[(name, set(a) - {"title"}) for name, a in r.elements if name not in PLACED] for r in (hostile, harmless)]
    assert pairs[0] == pairs[1]
    assert not any(key.startswith("on") for _, attrs in hostile.elements for key in attrs)
    assert len(hostile.all("script")) == 1


@pytest.mark.parametrize("text", ["<" * 5_000, "\U0001f600" * 5_000])
def test_the_page_stays_under_two_megabytes_even_if_every_text_is_long_and_escaped(text):
    assert len(render(everything_hostile(sample(1000, points=2000), text)).encode()) < 2_000_000


def test_hostile_texts_can_be_read():
    words = Reader(render(sample(21, points=40))).words
    for text in HOSTILE[:4]:
        assert text in words


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=60))
def test_any_text_can_be_written_and_shown(text):
    report = {"decision": "d" + text, "label_errors": [{"id": text, "text": text, "label": text}]}
    reader = Reader(render(report).encode().decode())
    assert len(reader.all("script")) == 1
    shown = " ".join(re.sub(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufffe\uffff]", "\ufffd", text).split())
    assert shown in " ".join(reader.words.split())


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_rendering_repeats_itself_and_leaves_the_report_alone(seed, classes):
    report = sample(classes + 1, seed=seed, points=10)
    before = json.dumps(report)
    assert render(report) == render(report)
    assert json.dumps(report) == before


def test_nothing_is_fetched():
    report = everything_hostile(sample(21, points=40), "https://example.invalid/x.png")
    page = render(report)
    reader = Reader(page)
    for name, attrs in reader.elements:
        assert name not in {"link", "img", "iframe", "object", "embed", "base", "image", "use", "form"}
        assert not {"src", "srcset", "action", "data", "background", "xlink:href"} & set(attrs)
        assert attrs.get("href", "#").startswith("#")
    policy = next(meta["content"] for meta in reader.all("meta") if meta.get("http-equiv"))
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:")
    style = re.search("<style>(.*?)</style>", page, re.DOTALL).group(1)
    assert not re.search(r"url\(|@import|http", style)
    assert "http" not in re.search("<script>(.*?)</script>", page, re.DOTALL).group(1)


def test_every_figure_appears():
    report = sample(6, points=30)
    words = Reader(render(report)).words
    told = [count(report["data"][key]) for key in ("rows", "labelled", "classes", "duplicates")]
    for e in (e for e in report["ladder"] if e["status"] == "tried"):
        told += [e["name"], plus_minus(e["cv_accuracy"], 1.96 * e["cv_se"]), decimal(e["cv_log_loss"])]
        told += [percent(e["cv_macro_f1"]), percent(e["test_accuracy"]), seconds(e["seconds"]), *e["steps"]]
        told += [significant(e["seconds_per_1000_items"]), count(e["parameters_moved"]), significant(e["megabytes"])]
    told += [e["reason"] for e in report["ladder"] if e["status"] == "skipped"]
    told += [f"{m['recipe']} {percent(m['weight'])}" for m in report["chosen"]["members"]]
    test, conformal = report["test"], report["conformal"]
    told += [percent(test[key]) for key in ("accuracy", "macro_f1", "baseline_accuracy", "coverage")]
    told += [decimal(test["mean_size"], 2), decimal(conformal["mean_size"], 2), percent(conformal["coverage"])]
    told += [
        percent(1 - conformal["alpha"]),
        conformal["guarantee"],
        conformal["method"],
        str(conformal["calibrated_on"]),
    ]
    told += [count(n) for n in conformal["sizes"].values()]
    for row in report["per_class"]:
        told += [
            str(row["labelled"]),
            str(row["predicted"]),
            *(percent(row[key]) for key in ("precision", "recall", "f1")),
        ]
    told += [percent(row["share"]) for row in report["confusions"]]
    told += [
        decimal(report["calibration"]["temperature"]),
        *(percent(v) for v in report["calibration"]["ece"].values()),
    ]
    for b in report["calibration"]["reliability"]["before"] + report["calibration"]["reliability"]["after"]:
        told += [percent(b["confidence"]), percent(b["accuracy"]), count(b["count"])]
    told += [percent(v) for key in ("labelled", "estimated") for v in report["shift"][key].values()]
    told += [decimal(report["shift"]["l1"]), report["shift"]["method"], report["map"]["method"]]
    told += [percent(row["score"]) for row in report["label_errors"]]
    told += [percent(row["probability"]) for row in report["next_to_label"]]
    told += [seconds(v) for v in report["timings"].values()]
    told += [report["encoder"]["name"], report["encoder"]["fingerprint"], report["modicum"], report["decision"]]
    assert [figure for figure in told if figure not in words] == []


def test_the_shipped_recipe_is_marked_by_word_and_shape():
    report = sample(5, points=10)
    report["ladder"][2]["name"] = "only me"
    for entry in report["ladder"]:
        entry["chosen"] = entry["name"] == "only me"
    page = render(report)
    for row in re.findall(r'<tr class="shipped">.*?</th>', page, re.DOTALL):
        assert "★ shipped" in row
        assert "only me" in row
    assert "shipped: only me" in page
    assert page.count('class="point chosen"') == 2, "one star in the wide chart, one in the narrow"


def test_an_unmarked_choice_is_found_by_its_name():
    report = {
        "ladder": [{"name": "a", "cv_accuracy": 0.5}, {"name": "b", "cv_accuracy": 0.25}],
        "chosen": {"name": "b"},
    }
    card = re.search(r"Accuracy expected</dt><dd[^>]*>(.*?)</dd>", render(report)).group(1)
    assert percent(0.25) in card


def test_structure_for_those_who_cannot_see():
    reader = Reader(render(sample(21, points=40)))
    levels = [int(name[1]) for name, _ in reader.elements if re.fullmatch("h[1-6]", name)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for landmark in ("header", "nav", "main", "footer"):
        assert len(reader.all(landmark)) == 1
    assert len(reader.all("caption")) == len(reader.all("table"))
    assert all("scope" in attrs for attrs in reader.all("th"))
    charts = [attrs for attrs in reader.all("svg") if not attrs.get("aria-hidden")]
    assert all(attrs["role"] == "img" for attrs in charts)
    assert len(reader.all("desc")) == len(charts) == 8
    ids = [attrs["id"] for _, attrs in reader.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = {attrs["href"][1:] for attrs in reader.all("a")}
    assert targets <= set(ids)


def test_long_texts_do_not_enter():
    report = sample(2, points=5)
    report["next_to_label"] = [{"id": "1", "text": "abc" * 400_000, "prediction": "x" * 1_000_000}]
    page = render(report)
    assert "abc" * 98 in page
    assert "abc" * 101 not in page
    assert "x" * 301 not in page


def _luminance(colour):
    colour = colour * 2 if len(colour) == 3 else colour
    parts = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)] if len(colour) == 6 else None
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(a, b):
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1, 2])
def test_contrast_of_text_is_enough_in_every_scheme(scheme):
    style = re.search("<style>(.*?)</style>", render({}), re.DOTALL).group(1)
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): #([0-9a-f]+)", blocks[scheme]))
    for text in ("ink", "soft", "accent"):
        for ground in ("bg", "card"):
            assert _contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    assert _contrast(colours["ink"], colours["tint"]) >= 4.5
    assert _contrast(colours["on-accent"], colours["accent"]) >= 4.5
    for k in (key for key in colours if key.startswith("k")):
        assert _contrast(colours[k], colours["card"]) >= 3, k


def test_grounds_follow_the_decision():
    page = render({"decision": "A is shipped.", "grounds": ["B <i>was</i> worse.", "C was not tried."]})
    assert "<h1><bdi>A is shipped.</bdi></h1>" in page
    assert "B &lt;i&gt;was&lt;/i&gt; worse." in page
    assert "C was not tried." in page
