"""Opens reports in a browser."""

from __future__ import annotations

import pytest

from modicum.workspace.report import render


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
