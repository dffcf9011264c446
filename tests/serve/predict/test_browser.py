"""The page to try a service, in a real browser: by keyboard, in both colour schemes, on a phone."""

from __future__ import annotations

import pytest

from tests.serve.label.test_browser import CONTRAST, UNNAMED

pytestmark = pytest.mark.browser
SECRET = "a-secret-of-some-length"
SCRIPT = "<script>document.title='hacked'</script><img src=x onerror=\"document.title='hacked'\"> rain & storm"


@pytest.fixture
def page_of(browser):
    contexts = []

    def open_(url, width=1200, **settings):
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, **settings))
        page = contexts[-1].new_page()
        page.noise = []
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: page.noise.append(str(error)))
        page.on(
            "request", lambda r: None if r.url.startswith((url.split("#")[0], "blob:")) else page.noise.append(r.url)
        )
        page.goto(url)
        page.wait_for_selector("#panel dl")
        return page

    yield open_
    for context in contexts:
        context.close()


def test_a_text_is_classified_corrected_and_searched_by_keyboard(start, bundle, page_of, tmp_path):
    (tmp_path / "secret").write_text(SECRET)
    server = start(bundle, "--feedback", tmp_path / "fix.labels.jsonl", "--token-file", tmp_path / "secret")
    assert server.url.endswith(f"#token={SECRET}")
    page = page_of(server.url, reduced_motion="reduce")
    assert SECRET not in page.url
    page.keyboard.type(SCRIPT)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".answer")
    assert page.locator(".asked").inner_text() == SCRIPT
    assert page.title() == "modicum serve"
    assert page.locator(".answer .bars li").count() == 3
    page.locator(".fix select").select_option("weather")
    page.get_by_role("button", name="Save the correction").press("Enter")
    page.wait_for_selector(".fix:has-text('Saved: weather.')")
    assert (tmp_path / "fix.labels.jsonl").read_text().count('"kind":"label"') == 1
    page.locator("#texts").fill("rain storm")
    page.get_by_role("button", name="Search the table").press("Enter")
    page.wait_for_selector(".hits li")
    assert page.locator(".hits li").count() == 10
    page.locator("#texts").fill("\n".join(["rain and snow"] * 60))
    page.keyboard.press("Control+Enter")
    page.wait_for_function("() => document.querySelector('#panel dd').textContent === '61'")
    assert page.locator("#panel dd").first.inner_text() == "61"
    page.locator("#panel tbody th").first.evaluate(
        "(name) => { name.textContent = 'compression-and-archiving '.repeat(9); }"
    )
    heights = page.locator("#panel thead th").evaluate_all("(heads) => heads.map((one) => one.offsetHeight)")
    assert max(heights) < 30, "a heading is broken within a word"
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(CONTRAST) == []
    assert page.evaluate(UNNAMED) == []
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.noise == []
    page.locator("#texts").fill("x" * 100_001)
    page.get_by_role("button", name="Classify").click()
    page.wait_for_selector("#toast:has-text('100,000 are allowed')")
    server.end()
    page.get_by_role("button", name="Classify").click()
    page.wait_for_selector("#toast.error")


def test_a_small_number_keeps_its_digits(start, bundle, page_of):
    page = page_of(start(bundle).url)
    told = {"prediction": 0.00041234, "low": -0.0002, "high": 1234.5}
    page.route("**/v1/predict", lambda route: route.fulfill(json={"answers": [told]}))
    page.locator("#texts").fill("rain")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".answer h2:has-text('0.000412')")
    assert page.locator(".answer .set").inner_text() == "-0.0002 to 1,234.5"


def test_an_address_with_another_token_is_taken_in_an_open_tab(start, bundle, page_of, tmp_path):
    (tmp_path / "secret").write_text(SECRET)
    server = start(bundle, "--token-file", tmp_path / "secret")
    page = page_of(server.url)
    page.evaluate("sessionStorage.setItem('token', 'of-yesterday')")
    page.reload()
    page.wait_for_selector("#toast:has-text('the token is missing or wrong')")
    page.goto(server.url)
    page.wait_for_selector("#panel dl")
    assert SECRET not in page.url
