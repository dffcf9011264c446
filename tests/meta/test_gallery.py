"""Every script of the gallery runs as it stands, offline, and is listed."""

from __future__ import annotations

import re
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
    "clean_a_table": ["netdesk", "second pass: "],
    "no_classes": ["classes: numbers and mathematics, "],
}
PLANTED = {"clean_a_table": (r"^copies across train and test: (\d+)$", 15)}
"""What a journey counts, and how many of it were planted; docstrings of the library that is loaded may add some."""
RISES = {"clean_a_table": (0, 1, 5), "no_classes": (0, 1, 4)}
"""Of the accuracies that a journey prints, by place: the lower, the higher, and the points between them at least."""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_runs_and_says_what_it_shows(script, capsys):
    runpy.run_path(str(script), run_name="__main__")
    told = capsys.readouterr().out
    for words in SAID[script.stem]:
        assert words in told
    if script.stem in PLANTED:
        counted, least = PLANTED[script.stem]
        assert int(re.findall(counted, told, re.MULTILINE)[0]) >= least
    if script.stem in RISES:
        low, high, least = RISES[script.stem]
        found = [int(share) for share in re.findall(r"^accuracy .*: (\d+)%$", told, re.MULTILINE)]
        assert found[high] - found[low] >= least


def test_readme_lists_every_script():
    page = (GALLERY / "README.md").read_text(encoding="utf-8")
    assert all(f"[{script.name}]({script.name})" in page for script in SCRIPTS)
    assert set(SAID) == {script.stem for script in SCRIPTS}
