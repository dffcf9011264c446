"""Every script of the gallery runs as it stands, offline, and is listed."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

GALLERY = Path(__file__).parents[2] / "docs" / "gallery"
SCRIPTS = sorted(GALLERY.glob("*.py"))
SAID = {
    "few_labels": ["carry a label", "<- shipped", "weather", "kitchen"],
    "compare_recipes": ["against linear", "fused"],
    "sets_with_a_promise": ["calibration error after", "raps: coverage 0.9"],
    "clean_labels": ["[3 7]", "{'ref': 2}", "[10 20]"],
}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_runs_and_says_what_it_shows(script, capsys):
    runpy.run_path(str(script), run_name="__main__")
    told = capsys.readouterr().out
    for words in SAID[script.stem]:
        assert words in told


def test_readme_lists_every_script():
    page = (GALLERY / "README.md").read_text(encoding="utf-8")
    assert all(f"[{script.name}]({script.name})" in page for script in SCRIPTS)
    assert set(SAID) == {script.stem for script in SCRIPTS}
