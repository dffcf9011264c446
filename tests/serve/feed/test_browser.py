"""The site in a real browser: read without script, worked by keyboard with it, in both schemes, on a phone, at once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serve.feed.conftest import SCRIPT, make_feed
from tests.serve.label.test_browser import CONTRAST, IDS, UNNAMED

pytestmark = pytest.mark.browser
REAL = Path(__file__).parents[4] / "shared" / "data" / "pages"
PAGES = (
    "/",
    "/trending",
    "/newest?page=2",
    "/search?q=soup&like=1",
    "/paper/1",
    "/for-you",
    "/tags",
    "/tag?name=food",
    "/nowhere",
)
PAINT = """() => new Promise((done) => {
  const look = () => {
    const found = performance.getEntriesByName("first-contentful-paint")[0];
    if (found) done(found.startTime); else setTimeout(look, 10);
  };
  look();
})"""
OUTLINE = """() => ({
  lang: document.documentElement.lang,
  marks: ["header", "main", "footer", "nav"].map((name) => document.querySelectorAll(`body ${name}`).length > 0),
  levels: [...document.querySelectorAll("h1, h2, h3, h4")].filter((node) => !node.closest("dialog, aside"))
    .map((node) => Number(node.tagName[1])),
  unlabelled: [...document.querySelectorAll("input:not([type=hidden]), select, textarea")]
    .filter((node) => !node.labels.length).map((node) => node.outerHTML),
  articles: [...document.querySelectorAll("article")]
    .filter((node) => !document.getElementById(node.getAttribute("aria-labelledby"))).length,
})"""


class Server:
    """`modicum feed serve` as a process of its own."""

    def __init__(self, folder, *more):
        command = [sys.executable, "-m", "modicum", "feed", "serve", "--folder", str(folder), "--json", "--port", "0"]
        self.process = subprocess.Popen([*command, *more], stdout=subprocess.PIPE, text=True)
        self.url = json.loads(self.process.stdout.readline())["url"].rstrip("/")

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    found = Server(make_feed(tmp_path_factory.mktemp("site")), "--encoder", "hashed")
    yield found
    found.end()


@pytest.fixture
def open_page(browser):
    """A function that opens a page in a context of its own; errors, dialogs and requests elsewhere are in `noise`."""
    contexts = []

    def open_(url, width=1400, **settings):
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, **settings))
        page = contexts[-1].new_page()
        page.noise = []
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: page.noise.append(str(error)))
        page.on("console", lambda said: page.noise.append(said.text) if said.type == "error" else None)
        page.on("dialog", lambda dialog: (page.noise.append(dialog.message), dialog.dismiss()))
        home = "/".join(url.split("/")[:3])
        page.on("request", lambda asked: None if asked.url.startswith(home) else page.noise.append(asked.url))
        page.goto(url)
        return page

    yield open_
    for context in contexts:
        context.close()


def ready(page):
    """Wait until the search of the site is there, and show the page again."""
    for _ in range(100):
        if page.request.get(f"{page.url.split('/', 3)[0]}//{page.url.split('/')[2]}/search.json?q=soup").json()[
            "papers"
        ]:
            break
        page.wait_for_timeout(200)
    page.reload()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1400])
def test_every_page_fits_is_legible_and_named(open_page, server, width, scheme):
    page = open_page(server.url, width=width, color_scheme=scheme)
    ready(page)
    for number in (1, 3):
        page.request.post(f"{server.url}/paper/{number}/like", form={"on": "1"})
        page.request.post(f"{server.url}/paper/{number}/tag", form={"name": "food"})
    for path in PAGES:
        page.goto(server.url + path)
        page.wait_for_timeout(150)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert page.evaluate(CONTRAST) == [], path
        assert page.evaluate(UNNAMED) == [], path
        assert page.evaluate(IDS), path
        told = page.evaluate(OUTLINE)
        assert (told["lang"], all(told["marks"]), told["unlabelled"], told["articles"]) == ("en", True, [], 0), path
        assert told["levels"][0] == 1, path
        assert all(after - before <= 1 for before, after in zip(told["levels"], told["levels"][1:], strict=False)), path
    assert [said for said in page.noise if "404" not in said] == []


def test_reading_liking_and_searching_need_no_script(open_page, server):
    page = open_page(server.url, java_script_enabled=False)
    page.get_by_role("searchbox").fill("goal match")
    page.get_by_role("button", name="Search").click()
    assert "/search?q=goal+match" in page.url
    page.locator(".papers .title a").first.click()
    title = page.locator("h1").inner_text()
    page.get_by_role("button", name="Like", exact=False).first.click()
    assert page.locator(".whole button.like").get_attribute("aria-pressed") == "true"
    page.locator(".whole .tagging summary").click()
    page.locator(".whole .tagging input[name=name]").fill("to read")
    page.locator(".whole .tagging button").click()
    assert page.locator(".whole .own a").all_inner_texts() == ["to read"]
    page.goto(f"{server.url}/likes")
    assert title in page.locator(".papers .title").all_inner_texts()
    page.locator(".papers button.like").first.click()
    page.goto(f"{server.url}/search")
    page.locator("#source").select_option("1")
    page.get_by_role("button", name="Search").click()
    assert "source=1" in page.url
    assert page.noise == []


def test_a_morning_by_keyboard(open_page, server):
    page = open_page(f"{server.url}/newest", reduced_motion="reduce")
    page.wait_for_selector(".scripted")
    for key in ("j", "j", "k", "l"):
        page.keyboard.press(key)
    page.wait_for_selector("[data-current] button.like[aria-pressed=true]")
    page.keyboard.press("t")
    page.keyboard.type("x <i>tag</i>")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-current] .own a:has-text('x <i>tag</i>')")
    page.keyboard.press("j")
    page.keyboard.press("h")
    page.wait_for_selector("[data-current].hidden-one")
    page.keyboard.press("h")
    page.wait_for_selector("[data-current]:not(.hidden-one)")
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("jl")
    assert page.locator("#find").input_value() == "jl"
    page.reload()
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.wait_for_selector(".paper.whole")
    assert page.noise == []


def test_search_answers_while_one_types(open_page, server):
    page = open_page(f"{server.url}/search")
    ready(page)
    page.locator("#q").press_sequentially("referee leag", delay=20)
    page.wait_for_selector("#results mark:has-text('referee')")
    page.wait_for_url("**/search?*referee+leag*")
    page.get_by_role("link", name="Not like this").first.click()
    page.wait_for_selector(".named:has-text('Not like')")
    page.locator(".named .away").first.click()
    page.wait_for_selector(".named", state="detached")
    assert page.noise == []


def test_hostile_texts_stay_texts(open_page, server):
    page = open_page(server.url)
    page.request.post(f"{server.url}/paper/31/tag", form={"name": SCRIPT[:55]})
    page.request.post(f"{server.url}/paper/31/note", form={"text": "</textarea>" + SCRIPT})
    for path in ("/", "/paper/31", f"/search?q={SCRIPT[:30]}", "/tags", "/search?like=31"):
        page.goto(server.url + path)
        page.wait_for_timeout(200)
        assert page.title() != "hacked"
        assert page.locator("main img, main script, main svg[onload]").count() == 0
    assert page.noise == []


def test_focus_is_seen_and_goes_in_reading_order(open_page, server):
    page = open_page(f"{server.url}/newest")
    seen = []
    for _ in range(16):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "() => [document.activeElement.innerText.trim(), getComputedStyle(document.activeElement).outlineStyle]"
            )
        )
    assert seen[0][0] == "To the papers"
    assert all(style != "none" for _, style in seen)
    names = [name for name, _ in seen]
    assert (
        names.index("Front page")
        < names.index("Tags")
        < next(n for n, name in enumerate(names) if name.startswith("On "))
    )


@pytest.mark.skipif(not REAL.is_dir(), reason="there is no ../shared/data/pages")
def test_pages_of_457_papers_are_there_at_once(open_page, tmp_path):
    """The median of five first paints, each without a cache; the target of 300 ms is the benchmark's to hold."""
    command = [
        sys.executable,
        "-m",
        "modicum",
        "feed",
        "add",
        str(REAL),
        "--encoder",
        "none",
        "--folder",
        str(tmp_path),
    ]
    subprocess.run(command, check=True, capture_output=True)
    server = Server(tmp_path, "--encoder", "hashed")
    try:
        ready(open_page(server.url))
        for path in ("/", "/paper/1", "/search?q=few+labels"):
            times = sorted(open_page(server.url + path).evaluate(PAINT) for _ in range(5))
            assert times[2] < 3_000, (path, times)
    finally:
        server.end()
