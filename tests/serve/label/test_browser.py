"""The page in a real browser: a day's work by keyboard, two tabs, a killed server, the map, and who may read it how."""

from __future__ import annotations

import csv

import pytest

pytestmark = pytest.mark.browser
DARK, LIGHT = {"color_scheme": "dark"}, {"color_scheme": "light"}


def text(page):
    return page.locator("#item-text").inner_text()


def press(page, key):
    """Press a key and wait until the next item is there."""
    before = page.locator("#item-text").element_handle()
    page.keyboard.press(key)
    page.wait_for_function("(old) => !old.isConnected", arg=before)
    page.wait_for_selector("#view section:not([aria-busy])")


def labels(server):
    undone = {event.get("of") for event in server.journal if event["kind"] == "undo"}
    return [event for event in server.journal if event["kind"] == "label" and event["n"] not in undone]


def choose(page, name):
    """Label the item at hand by typing the name of its class."""
    before = page.locator("#item-text").element_handle()
    page.keyboard.press("/")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.wait_for_function("(old) => !old.isConnected", arg=before)


def test_thirty_items_by_keyboard_with_undo_reload_and_a_killed_server(open_page, server):
    page = open_page(server)
    for n in range(10):
        press(page, str(n % 3 + 1))
    assert len(labels(server)) == 10
    last = text(page)
    page.keyboard.press("u")
    page.wait_for_function("(old) => document.getElementById('item-text').textContent !== old", arg=last)
    undone = text(page)
    assert len(labels(server)) == 9
    page.reload()
    page.wait_for_selector("#item-text")
    assert text(page) == undone, "a reload keeps the item"
    for _ in range(11):
        press(page, "1")
    assert len(labels(server)) == 20

    server.kill()
    page.keyboard.press("2")
    page.wait_for_selector("#toast:has-text('not saved yet')")
    waiting = text(page)
    server.start()
    page.wait_for_function("(old) => document.getElementById('item-text').textContent !== old", arg=waiting)
    assert len(labels(server)) == 21, "the answer that waited is there, once"
    for _ in range(9):
        press(page, "3")
    assert len(labels(server)) == 30
    assert len({tuple(event["items"][0]) for event in labels(server)}) == 30
    assert {event["who"] for event in labels(server)} == {"ana"}

    with page.expect_download() as found:
        page.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(found.value.path().read_text(encoding="utf-8").splitlines()))
    assert (len(rows), sum(bool(row["topic"]) for row in rows)) == (49, 36)
    assert [n for n in page.noise if "Failed to fetch" not in n] == []


def test_skip_not_sure_note_search_and_new_class(open_page, server):
    page = open_page(server)
    press(page, "s")
    press(page, "?")
    page.keyboard.press("n")
    page.get_by_role("textbox", name="Note").fill("odd one")
    page.get_by_role("button", name="Save").click()
    page.wait_for_selector(".own-note:has-text('odd one')")
    choose(page, "weat")
    page.keyboard.press("+")
    page.get_by_text("What is asked about gets it at once").wait_for()
    page.get_by_role("textbox", name="Name").fill("music")
    before = page.locator("#item-text").element_handle()
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_function("(old) => !old.isConnected", arg=before)
    kinds = [event["kind"] for event in server.journal]
    assert kinds == ["opened", "skip", "unsure", "note", "label", "class_added", "label"]
    assert [event["classes"] for event in server.journal if event["kind"] == "label"] == [["weather"], ["music"]]
    assert server.journal[3]["text"] == "odd one"
    assert page.noise == []


def test_rename_and_merge_classes_and_take_it_back(open_page, server):
    page = open_page(server, "classes")
    page.get_by_role("button", name="Rename food").click()
    page.get_by_role("textbox", name="New name").fill("meals")
    page.get_by_role("button", name="Rename", exact=True).click()
    page.wait_for_selector("th:has-text('meals')")
    page.get_by_role("button", name="Merge sport into another class").click()
    page.get_by_role("combobox", name="Into").select_option(label="weather")
    page.get_by_role("button", name="Merge", exact=True).click()
    page.wait_for_selector("th:has-text('sport')", state="detached")
    assert page.locator("tbody tr:has-text('weather') td").first.inner_text() == "4"
    page.locator("h2").first.click()
    page.keyboard.press("u")
    page.wait_for_selector("#toast:has-text('Undone: the merging of sport')")
    page.wait_for_selector("th:has-text('sport')")


def test_a_script_in_a_text_is_shown_as_text(open_page, server):
    page = open_page(server)
    for _ in range(60):
        if "<script>" in text(page):
            break
        press(page, "s")
    assert text(page).startswith("<script>document.title='hacked'</script><img src=x onerror=")
    assert page.title() == "items.csv: labelling"
    assert page.locator("#view script, #view img").count() == 0


def test_two_tabs_never_show_the_same_item_and_see_each_other(open_page, server):
    one, two = open_page(server), open_page(server)
    two.get_by_label("Labelled by").fill("ben")
    two.keyboard.press("Enter")
    two.wait_for_timeout(500)
    for _ in range(6):
        assert text(one) != text(two)
        press(one, "1")
        press(two, "2")
    one.wait_for_selector("#panel:has-text('ben: 6 labels')")
    two.wait_for_selector("#panel:has-text('ana: 6 labels')")
    assert len({tuple(event["items"][0]) for event in labels(server)}) >= 8, "but for the share that is asked twice"


def test_alike_items_are_labelled_at_once(open_page, server):
    page = open_page(server, "batch")
    page.wait_for_function("() => document.querySelectorAll('.alike li').length || document.querySelector('.done')")
    while page.locator(".done").count():
        page.get_by_role("button", name="Look again").click()
        page.wait_for_timeout(1000)
    boxes = page.locator(".alike input")
    count = boxes.count()
    boxes.first.uncheck()
    page.keyboard.press("1")
    page.wait_for_selector(f"#toast:has-text('Saved: {count - 1} row')")
    assert len(labels(server)[0]["items"]) == count - 1
    page.keyboard.press("u")
    page.wait_for_selector("#toast:has-text('Undone: the label')")
    assert labels(server) == []


def test_the_map_writes_back_and_is_undone(open_page, lasso_all, server):
    page = open_page(server, "map")
    lasso_all(page)
    page.wait_for_selector("#map-told:has-text('49 rows picked, 6 of them labelled')")
    page.keyboard.press("2")
    page.wait_for_selector("#toast:has-text('Saved: 49 rows')")
    assert len(labels(server)[0]["items"]) == 49
    page.keyboard.press("u")
    page.wait_for_selector("#toast:has-text('of 49 rows')")
    assert labels(server) == []
    page.locator("canvas").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    page.wait_for_selector("#map-told:has-text('1 row picked')")
    page.keyboard.press("x")
    page.wait_for_selector("#toast:has-text('no label')")
    assert server.journal[-1]["kind"] == "unlabel"
    assert page.noise == []


def test_a_view_that_opens_late_draws_over_no_other_and_keys_label_what_is_shown(open_page, server):
    page, waiting = open_page(server), []
    for slow, view in (("ask", "one"), ("review", "review"), ("batches", "batch"), ("map", "map")):
        page.evaluate("location.hash = 'classes'")
        page.wait_for_selector("#view h2:has-text('Classes')")
        page.route(f"**/api/{slow}*", lambda route: waiting.append(route))
        with page.expect_request(f"**/api/{slow}*"):
            page.evaluate("(view) => { location.hash = view; }", view)
        page.keyboard.press("1")
        page.evaluate("location.hash = 'disagreements'")
        page.wait_for_selector("#view h2:has-text('No disagreements')")
        with page.expect_response(f"**/api/{slow}*"):
            while waiting:
                waiting.pop().continue_()
        page.unroute(f"**/api/{slow}*")
        page.wait_for_timeout(300)
        assert page.locator("#view h2").all_inner_texts() == ["No disagreements"], view
    assert labels(server) == [], "a key while a view opens answers nothing that was shown before"
    assert page.noise == []


def test_enter_that_ends_a_composition_answers_nothing(open_page, server):
    page = open_page(server)
    page.keyboard.press("/")
    page.keyboard.type("weat")
    composing = "new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true })"
    page.locator(".chooser input").evaluate(f"(field) => field.dispatchEvent({composing})")
    page.wait_for_timeout(300)
    assert labels(server) == []


def test_one_row_and_one_character_are_told_as_one(open_page, server):
    def one_more(route):
        told = route.fetch().json()
        route.fulfill(json={"question": told["question"] | {"cut": 1}})

    page = open_page(server)
    page.keyboard.press("+")
    page.get_by_role("textbox", name="Name").fill("music")
    before = page.locator("#item-text").element_handle()
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_function("(old) => !old.isConnected", arg=before)
    page.evaluate("location.hash = 'classes'")
    page.get_by_role("button", name="Merge music into another class").click()
    page.wait_for_selector("dialog:has-text('1 row goes along.')")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("searchbox", name="Search a class").fill("zebra")
    assert page.locator("tbody").inner_text() == "No class is called that."
    page.route("**/api/ask", one_more)
    page.evaluate("location.hash = 'one'")
    page.wait_for_selector("button:has-text('Show 1 more character')")


CONTRAST = """() => {
  const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const found = rgb(getComputedStyle(node).backgroundColor);
      if (found[3] === 255) return found;
    }
    return [255, 255, 255, 255];
  };
  const bad = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || !node.getClientRects().length) continue;
    if (node.closest("noscript, script, .skip")) continue;
    const [a, b] = [light(rgb(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) bad.push(`${node.tagName}.${node.className}: ${ratio.toFixed(2)}`);
  }
  return bad;
}"""
UNNAMED = """() => [...document.querySelectorAll("button, a, input, select, textarea, canvas, progress, [role]")]
  .filter((node) => node.getClientRects().length)
  .filter((node) => !(node.getAttribute("aria-label") || node.textContent.trim() || node.labels?.length))
  .filter((node) => node.getAttribute("role") !== "status")
  .map((node) => node.outerHTML.slice(0, 80))"""


@pytest.mark.parametrize("settings", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("width", [400, 1400])
def test_fits_is_legible_and_named(open_page, calm, width, settings):
    page = open_page(calm, width=width, **settings)
    for view in ("one", "batch", "review", "disagreements", "classes", "map"):
        page.evaluate("(view) => { location.hash = view; }", view)
        page.wait_for_selector("#view section")
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
        assert page.evaluate(CONTRAST) == [], view
        assert page.evaluate(UNNAMED) == [], view
        assert page.evaluate(IDS), view


FOCUS = """() => {
  const node = document.activeElement;
  return [node.tagName, node.textContent.trim().slice(0, 20) || node.id, getComputedStyle(node).outlineStyle];
}"""
IDS = (
    "new Set([...document.querySelectorAll('[id]')].map((n) => n.id)).size === document.querySelectorAll('[id]').length"
)
MOVING = (
    "[...document.querySelectorAll('*')].filter((n) => parseFloat(getComputedStyle(n).transitionDuration) > 0).length"
)


def test_focus_goes_in_reading_order_and_is_seen(open_page, calm):
    page = open_page(calm)
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        where = page.evaluate(FOCUS)
        if where[0] == "BODY":
            break
        seen.append(where)
    assert seen[0][1] == "To the item"
    assert all(style != "none" for _, _, style in seen)
    names = [name for _, name, _ in seen]
    assert names.index("One by one") < names.index("who") < next(i for i, n in enumerate(names) if n.startswith("1"))
    assert any("Skip" in name for name in names)


def test_still_page_where_motion_is_not_wanted(open_page, calm):
    page = open_page(calm, reduced_motion="reduce")
    assert page.evaluate(MOVING) == 0
