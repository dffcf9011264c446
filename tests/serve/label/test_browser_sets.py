"""The page on rows of several labels, in a real browser: sets by keyboard, undo, reload, the map, export and fit."""

from __future__ import annotations

import csv

import pytest

import modicum
from modicum.data.read import label_matrix
from tests.serve.label.test_browser import CONTRAST, DARK, IDS, LIGHT, UNNAMED, labels, text

pytestmark = pytest.mark.browser
MARKED = "[...document.querySelectorAll('.chip')].map((chip) => chip.querySelector('span:nth-child(2)').textContent)"


def marked(page):
    """The set that Enter would save."""
    return sorted(page.evaluate(MARKED))


def save(page, *names):
    """Mark these labels and no others by keyboard, save, and wait for the next item."""
    order = page.locator(".chooser .class .name").all_inner_texts()
    for name in set(names) ^ set(marked(page)):
        page.keyboard.press(str(order.index(name) + 1))
    assert marked(page) == sorted(names)
    before = page.locator("#item-text").element_handle()
    page.keyboard.press("Enter")
    page.wait_for_function("(old) => !old.isConnected", arg=before)
    page.wait_for_selector("#view section:not([aria-busy])")


def test_ten_sets_by_keyboard_with_undo_reload_and_export(open_page, sets_server, tmp_path):
    page = open_page(sets_server)
    page.wait_for_selector(".chooser .class")
    sets = [("food",), (), ("food", "sport"), ("weather",), ("sport", "weather"), (), ("food", "sport", "weather")]
    for names in sets:
        save(page, *names)
    assert [tuple(event.get("classes", [])) for event in labels(sets_server)][1] == ()
    last = text(page)
    page.keyboard.press("u")
    page.wait_for_function("(old) => document.getElementById('item-text').textContent !== old", arg=last)
    undone = text(page)
    assert marked(page) == ["food", "sport", "weather"], "what was undone is marked, to be mended"
    assert len(labels(sets_server)) == 6
    page.reload()
    page.wait_for_selector(".chooser .class")
    assert text(page) == undone
    save(page, "food")

    page.keyboard.press("/")
    page.keyboard.type("weat")
    page.keyboard.press("Enter")
    assert "weather" in marked(page)
    save(page, "weather")
    page.keyboard.press("+")
    page.get_by_role("textbox", name="Name").fill("music")
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_selector(".chip:has-text('music')")
    save(page, "music", "sport")
    before = page.locator("#item-text").element_handle()
    page.locator(".chooser .class").first.click()
    page.get_by_role("button", name="Save:").click()
    page.wait_for_function("(old) => !old.isConnected", arg=before)
    done = labels(sets_server)
    assert len(done) == 10
    assert [sorted(event.get("classes", [])) for event in done[:9]] == [
        *(sorted(names) for names in sets[:6]), ["food"], ["weather"], ["music", "sport"]
    ]  # fmt: skip
    assert {event["who"] for event in done} == {"ana"}
    assert page.noise == []

    with page.expect_download() as found:
        page.get_by_role("button", name="CSV").click()
    path = tmp_path / "labels.csv"
    path.write_bytes(found.value.path().read_bytes())
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert sum(bool(row["topic"]) for row in rows) == 17
    table = modicum.read(path, text="text", label="topic", separator="|")
    space, Y, known = label_matrix(table, None)
    assert space.names == ("food", "music", "sport", "weather")
    assert known.sum() == 17
    assert Y.sum() == sum(len([name for name in row["topic"].split("|") if name]) for row in rows)


def test_a_new_class_is_marked_and_saved_with_the_others(open_page, sets_server):
    page = open_page(sets_server)
    page.wait_for_selector(".chooser .class")
    expected = marked(page)
    page.keyboard.press("+")
    page.get_by_text("It is marked at once; Enter saves").wait_for()
    page.get_by_role("textbox", name="Name").fill("music")
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_selector(".marked .chip:has-text('music')")
    assert labels(sets_server) == [], "a mark is no answer yet"
    before = page.locator("#item-text").element_handle()
    page.locator("body").press("Enter")
    page.wait_for_function("(old) => !old.isConnected", arg=before)
    assert [sorted(event["classes"]) for event in labels(sets_server)] == [sorted([*expected, "music"])]
    assert page.noise == []


def test_a_lasso_adds_and_removes_a_label(open_page, lasso_all, sets_server):
    page = open_page(sets_server, "map")
    lasso_all(page)
    page.wait_for_selector("#map-told:has-text('42 rows picked, 7 of them labelled')")
    page.locator(".chooser .class:has-text('sport')").click()
    page.wait_for_selector("#toast:has-text('sport added; 35 rows without a label got it alone')")
    page.wait_for_selector(".class[aria-pressed=true]:has-text('sport')")
    told = labels(sets_server)[0]
    assert told["classes"] == ["sport"]
    assert len(told["sets"]) == len(told["items"]) > 35
    assert all("sport" in names for names in told["sets"])
    page.locator(".chooser .class:has-text('sport')").click()
    page.wait_for_selector("#toast:has-text('sport removed')")
    for what in ("the removal of the label sport", "the label sport"):
        page.keyboard.press("u")
        page.wait_for_selector(f"#toast:has-text('Undone: {what} of')")
        page.wait_for_timeout(300)
    assert labels(sets_server) == []
    assert page.noise == []


@pytest.mark.parametrize("settings", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("width", [400, 1400])
def test_fits_is_legible_and_named(open_page, calm_sets, width, settings):
    page = open_page(calm_sets, width=width, **settings)
    for view in ("one", "batch", "review", "disagreements", "classes", "map"):
        page.evaluate("(view) => { location.hash = view; }", view)
        page.wait_for_selector("#view section")
        page.wait_for_timeout(300)
        if view == "one":
            page.keyboard.press("1")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
        assert page.evaluate(CONTRAST) == [], view
        assert page.evaluate(UNNAMED) == [], view
        assert page.evaluate(IDS), view
