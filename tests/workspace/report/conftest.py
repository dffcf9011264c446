"""Makes the sample reports importable for the tests of this folder, and opens them in a browser.

They are imported as `from report_samples import sample`.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from modicum.workspace.report import render

spec = importlib.util.spec_from_file_location("report_samples", Path(__file__).with_name("samples.py"))
module = importlib.util.module_from_spec(spec)
sys.modules["report_samples"] = module
spec.loader.exec_module(module)


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
