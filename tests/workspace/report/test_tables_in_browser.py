"""Tables in a real browser: sorted and filtered by pointer and keyboard, downloaded whole, printed whole."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.workspace.report.samples import sample

pytestmark = pytest.mark.browser

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\n@a", "＝1")


@pytest.fixture
def download(open_page):
    """A function that opens a report, does something to the page, and gives the lines of a table's download."""

    def download_(report, section, prepare=lambda page: None):
        page = open_page(report)
        prepare(page)
        with page.expect_download() as caught:
            page.locator(f"#{section}").get_by_role("button", name="as CSV").first.click()
        data = Path(caught.value.path()).read_bytes()
        assert data.startswith("\ufeff".encode()), "spreadsheets must know that it is UTF-8"
        assert [text for text in page.noise if not text.startswith("blob:")] == []
        text = data.decode("utf-8-sig")
        assert text.endswith("\r\n")
        return caught.value.suggested_filename, list(csv.reader(text.splitlines(keepends=True), strict=True))

    return download_


def column(table, place):
    return table.locator(f"tbody tr:visible > :nth-child({place})").all_inner_texts()


def test_sorting_by_number_and_by_name_with_missing_last(open_page):
    report = sample(12, points=5)
    for i, row in enumerate(report["per_class"]):
        row |= {"precision": 0.5 + 0.01 * i if i % 3 == 0 else None, "f1": i / 20}
    table = open_page(report).locator("#classes table").first
    head = table.get_by_role("button", name="Precision")
    head.click()
    values = [float(v.split("\u202f")[0]) for v in column(table, 4) if v != "–"]
    assert values == sorted(values, reverse=True)
    assert column(table, 4)[4:] == ["–"] * 8
    head.click()
    assert [v for v in column(table, 4) if v != "–"] == [f"{v:.1f}\u202f%" for v in sorted(values)]
    assert column(table, 4)[4:] == ["–"] * 8
    assert head.locator("..").get_attribute("aria-sort") == "ascending"
    table.get_by_role("button", name="Class").click()
    assert head.locator("..").get_attribute("aria-sort") == "none"
    assert column(table, 1) == sorted(column(table, 1), key=str.lower)


def test_prices_sort_by_keyboard_and_by_value_not_by_digits(open_page):
    page = open_page(sample(3, points=5))
    table = page.locator("table.prices")
    head = table.get_by_role("button", name="Time to fit")
    head.focus()
    page.keyboard.press("Enter")
    shown = column(table, 4)
    assert shown[0] == "6.4\u202fs"
    assert shown[-1].endswith("ms")
    assert head.locator("..").get_attribute("aria-sort") == "descending"
    page.keyboard.press("Space")
    assert column(table, 4) == shown[::-1]
    assert head.locator("..").get_attribute("aria-sort") == "ascending"
    assert head.evaluate("e => e === document.activeElement"), "the focus stays where it was"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Milliseconds per item"


def test_filters_count_what_is_left_and_keep_groups_together(open_page):
    report = sample(77, points=5)
    report["conflicts"][3] = {"ids": ["a", "b"], "texts": ["A Walrus", "another"], "labels": ["x", "y"]}
    page = open_page(report)
    classes = page.locator("#classes table").first
    page.get_by_label("Show classes whose name holds").fill("REFUND")
    assert column(classes, 1)
    assert all("refund" in name for name in column(classes, 1))
    assert page.locator("#classes output").first.inner_text() == f"{len(column(classes, 1))} of 77 rows"
    conflicts = page.locator("#conflicts table")
    page.get_by_label("Show groups that hold").fill("walrus")
    assert column(conflicts, 1) == ["a", "b"]
    page.get_by_label("Show groups that hold").fill("")
    assert len(column(conflicts, 1)) == 24


def test_downloaded_label_errors_hold_quotes_lines_and_no_formula(download):
    report = sample(3, points=5)
    texts = ['say "a, b";', "one\ntwo\r\nthree", *FORMULAS, "long " * 50, "a − b", ""]
    report["label_errors"] = [
        {"id": f"-{i}", "text": text, "label": "@l", "suggested": "s", "score": -0.25 if i == 0 else None}
        for i, text in enumerate(texts)
    ]
    name, lines = download(report, "errors")
    assert name == "modicum-label-errors.csv"
    assert lines[0] == ["Row", "Text", "Label", "Suggested", "Probability of the label"]
    assert [line[0] for line in lines[1:]] == [f"'-{i}" for i in range(len(texts))]
    assert lines[1][1:] == [texts[0], "'@l", "s", "-0.25"]
    assert lines[2][1] == "one\ntwo\nthree"
    for text, line in zip(FORMULAS, lines[3:], strict=False):
        assert line[1][0] == "'"
        assert line[1][1:].split() == text.split()
    assert [line[1] for line in lines[-3:]] == ["long " * 50, "a − b", ""]
    assert {line[4] for line in lines[2:]} == {""}


def test_downloads_follow_filter_and_order(download):
    def prepare(page):
        page.get_by_label("Show rows that hold").nth(1).fill("card_")
        page.locator("#next").get_by_role("button", name="Probability").click()

    report = sample(77, points=5)
    for row in report["next_to_label"][::2]:
        row["prediction"] = "card_lost"
    _, lines = download(report, "next", prepare)
    values = [float(line[3]) for line in lines[1:]]
    assert len(values) == 5 + sum("card_" in row["prediction"] for row in report["next_to_label"][1::2])
    assert values == sorted(values, reverse=True)


def test_prices_and_shares_are_downloaded_as_plain_numbers(download):
    report = sample(4, points=5)
    _, lines = download(report, "cost")
    assert lines[0] == [
        "Recipe", "Accuracy", "Labels used", "Seconds to fit and measure", "Milliseconds per item", "Megabytes"
    ]  # fmt: skip
    first = report["ladder"][0]
    assert lines[1][0] == "names"
    told = [first["cv_accuracy"], 0, first["seconds"], first["seconds_per_1000_items"], first["megabytes"]]
    assert [float(value) for value in lines[1][1:]] == pytest.approx(told, rel=1e-5)
    _, lines = download(report, "shift")
    assert lines[0] == ["Class", "Labels", "Unlabelled", "Change"]
    assert all(float(line[2]) - float(line[1]) == pytest.approx(float(line[3]), abs=1e-5) for line in lines[1:])


def test_print_is_light_whole_and_without_controls(open_page):
    page = open_page(sample(77, points=20), 700, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--k0')") == "#0b6e99"
    assert page.locator("input:visible, .tools:visible, nav:visible, .skip:visible").count() == 0
    assert page.locator("details:not([open])").count() == 0
    cut = "e => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1"
    assert page.evaluate(f"[...document.querySelectorAll('.scroll')].filter({cut}).map(e => e.ariaLabel)") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    assert page.locator("#classes tbody tr:visible").count() > 77
    assert page.locator(".badge").first.evaluate("e => getComputedStyle(e).color") == "rgb(10, 100, 104)"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0


CONTRAST = """() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const parts = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => {
    const [r, g, b] = parts(colour).map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const poor = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.checkVisibility()) continue;
    if (element.closest("script, .unseen, desc")) continue;
    const style = getComputedStyle(element);
    let ground = element;
    while (ground && parts(getComputedStyle(ground).backgroundColor)[3] < 255) ground = ground.parentElement;
    const [a, b] = [
      light(element.closest("svg") ? style.fill : style.color),
      light(getComputedStyle(ground ?? document.body).backgroundColor),
    ].sort();
    if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5) poor.add(element.outerHTML.slice(0, 120));
  }
  return [...poor];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_of_all_words_on_their_ground(open_page, scheme):
    page = open_page(sample(13, points=20), color_scheme=scheme)
    assert page.evaluate(CONTRAST) == []


def test_stacked_tables_are_still_tables_to_those_who_cannot_see(open_page):
    page = open_page(sample(3, points=5), 400)
    table = page.get_by_role("table", name="labelled rows that look wrong")
    assert table.get_by_role("row").count() == 10
    assert table.get_by_role("rowheader").count() == 9
    assert table.get_by_role("columnheader").count() == 5
    assert table.get_by_role("cell").count() == 36
    boxes = "[...document.querySelectorAll('.scroll:has(.items)')].map(e => e.scrollWidth - e.clientWidth)"
    assert page.evaluate(boxes) == [0, 0, 0], "nothing of an item is out of sight to the right"
    table.get_by_role("button", name="Label holds").click()
    assert column(table, 5)[0].endswith("24.1\u202f%")
