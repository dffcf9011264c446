"""`modicum report`: what a bundle's making showed."""

from __future__ import annotations

import modicum
from modicum.cli import options
from modicum.cli.console import out, print_json


def report(bundle: options.BUNDLE, json: options.JSON = False) -> None:
    """Print the decision behind a bundle and the path of its report page.

    Example: modicum report intents --json
    """
    content = modicum.workspace.read_report(bundle)
    if json:
        print_json(content)
        return
    out().print(content["decision"], soft_wrap=True, markup=False)
    out().print(f"Report: {bundle / 'report.html'}", soft_wrap=True, markup=False)
