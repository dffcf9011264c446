"""Without the extra `serve`, one sentence says what to install; nothing else needs it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import modicum

WITHOUT = """
import sys
sys.modules["fastapi"] = None
from modicum.cli import main
main()
"""


def test_the_missing_extra_is_named(tmp_path):
    (tmp_path / "items.csv").write_text("text,topic\na rainy day,weather\na new goal,sport\nsoup,food\n")
    command = [sys.executable, "-c", WITHOUT, "label", "items.csv", "--text", "text", "--encoder", "hashed"]
    done = subprocess.run([*command, "--no-open"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "the web page needs the package fastapi; install it with: pip install 'modicum[serve]'" in done.stderr
    done = subprocess.run([*command, "--export", "out.csv"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0


def test_there_is_nothing_else():
    with pytest.raises(AttributeError, match="has no attribute 'other'"):
        _ = modicum.serve.other
