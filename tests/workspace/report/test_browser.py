"""The page in a real browser: quiet, within its width, and usable by pointer, by keyboard and without scripts."""

from __future__ import annotations

import pytest

from tests.workspace.report.samples import sample

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("classes", [0, 2, 12, 77, 1000])
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


def test_the_map_shows_what_is_looked_for(open_page):
    page = open_page(sample(77, points=50))
    page.get_by_label("Show items whose class or text holds").fill("transfer_")
    assert 0 < page.locator(".map .mark:visible").count() < 50


def test_it_reads_without_scripts(open_page):
    page = open_page(sample(21, points=20), java_script_enabled=False)
    assert page.locator("button:visible, input:visible").count() == 0
    assert page.locator(".map circle > title").count() == 20
    assert page.locator("#classes tbody tr:visible").count() > 21
    assert page.noise == []
