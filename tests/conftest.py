"""What many tests share: a browser, one for the whole run, as a second is not driven beside it; and a mail server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mail import Mailbox

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="session")
def browser():
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def standing(tmp_path_factory):
    """A mail server for all tests of a file."""
    pytest.importorskip("aiosmtpd")
    found = Mailbox(tmp_path_factory.mktemp("mail"))
    yield found
    found.kill()


@pytest.fixture
def mailbox(standing):
    """The mail server, empty."""
    standing.forget()
    return standing
