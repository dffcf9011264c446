"""The page in a real browser: quiet, within its width, and usable by pointer, by keyboard and without scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_samples import sample

from modicum.workspace.report import render

CHROMIUM = Path("/usr/bin/chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}"),
]


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, tmp_path):
    """A function that opens a report and watches it: every complaint and request is in `page.noise`."""
    opened = []

    def open_(report, width=1400, **settings):
        file = tmp_path / "report.html"
        file.write_text(render(report), encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
        opened.append(context)
        page = context.new_page()
        page.noise = []
        page.on("console", lambda message: page.noise.append(message.text))
        page.on("pageerror", lambda error: page.noise.append(str(error)))
        page.on("dialog", lambda dialog: (page.noise.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: page.noise.append(request.url) if request.url != file.as_uri() else None)
        page.goto(file.as_uri())
        return page

    yield open_
    for context in opened:
        context.close()


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("classes", [0, 2, 21, 1000])
def test_quiet_and_within_its_width(open_page, classes, width):
    page = open_page(sample(classes, points=150) if classes else {}, width)
    assert page.noise == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    beyond = "e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll')"
    assert page.evaluate(f"[...document.querySelectorAll('main *')].filter({beyond}).map(e => e.outerHTML)") == []
    if classes:
        assert page.locator(".cost-quality:visible").count() == 1


def test_tooltip_by_pointer(open_page):
    report = sample(4, points=1)
    page = open_page(report)
    page.locator(".map .mark").hover()
    (item,) = report["map"]["points"]
    name = report["map"]["classes"][item["class"]]
    assert page.locator("#tip").inner_text() == f"{name} (label), {item['id']}: {item['text']}"
    page.mouse.move(2, 2)
    assert page.locator("#tip").is_hidden()


@pytest.mark.parametrize("chart", [".cost-quality:visible", ".reliability", ".histogram", ".map"])
def test_tooltips_by_keyboard(open_page, chart):
    page = open_page(sample(13, points=60))
    box = page.locator(".chart", has=page.locator(chart)).first
    box.focus()
    page.keyboard.press("Home")
    first = page.locator("#tip").inner_text()
    seen = set()
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown", "End"):
        page.keyboard.press(key)
        seen.add(page.locator("#tip").inner_text())
    assert first
    assert len(seen | {first}) > 1
    page.keyboard.press("Escape")
    assert page.locator("#tip").is_hidden()
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    assert not box.evaluate("e => e === document.activeElement"), "the keyboard is not trapped"
    assert page.locator("#tip").inner_text() != first or page.locator("#tip").is_hidden()


def test_sorting_by_number_and_by_name_with_missing_last(open_page):
    report = sample(12, points=5)
    for i, row in enumerate(report["per_class"]):
        row |= {"precision": 0.5 + 0.01 * i if i % 3 == 0 else None, "f1": i / 20}
    page = open_page(report)
    table = page.locator("#classes table").first

    def column(place):
        return table.locator(f"tbody tr > :nth-child({place})").all_inner_texts()

    head = table.get_by_role("button", name="Precision")
    head.click()
    values = [float(v.split("\u202f")[0]) for v in column(4) if v != "–"]
    assert values == sorted(values, reverse=True)
    assert column(4)[4:] == ["–"] * 8
    head.click()
    assert [v for v in column(4) if v != "–"] == [f"{v:.1f}\u202f%" for v in sorted(values)]
    assert column(4)[4:] == ["–"] * 8
    assert head.locator("..").get_attribute("aria-sort") == "ascending"
    table.get_by_role("button", name="Class").click()
    assert column(1) == sorted(column(1), key=str.lower)


def test_times_sort_by_duration_not_by_digits(open_page):
    page = open_page(sample(3, points=5))
    page.get_by_role("button", name="Time to measure").click()
    shown = page.locator("#ladder tbody tr > :nth-child(7)").all_inner_texts()
    assert shown[0] == "6.4\u202fs"
    assert shown[-1].endswith("ms")


def test_filters(open_page):
    page = open_page(sample(77, points=50))
    page.get_by_label("Show classes whose name holds").fill("REFUND")
    names = page.locator("#classes table").first.locator("tbody tr:visible th").all_inner_texts()
    assert names
    assert all("refund" in name for name in names)
    page.get_by_label("Show items whose class or text holds").fill("transfer_")
    assert 0 < page.locator(".map .mark:visible").count() < 50


def test_it_reads_without_scripts(open_page):
    page = open_page(sample(21, points=20), java_script_enabled=False)
    assert page.locator("button, input:visible").count() == 0
    assert page.locator(".map circle > title").count() == 20
    assert page.locator("#classes tbody tr:visible").count() > 21
    assert page.noise == []
