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
    "serve_a_model": ["carry a label", '"prediction_set"', 'modicum_items_total{kind="predict"} 80.0'],
    "merge_and_swap": ["merged: ", "half the layers: ", " by the new, 0 lost"],
    "papers_to_digest": ["91 entries read, ", "labels that are wrong: ", "For your tag sets", "speaks of "],
}
SERVED = ("merge_and_swap", "papers_to_digest", "serve_a_model")
"""Scripts that ask a service of their own, on this machine."""
NEEDS = {"merge_and_swap": "torch"}
"""What a script needs that is not always installed."""
COUNTS = {
    "merge_and_swap": (r"^requests meanwhile: \d+ answered by the old bundle, (\d+) by the new", 10),
    "clean_a_table": (r"^copies across train and test: (\d+)$", 15),
    "papers_to_digest": (r"^of the first 10 for you, (\d+) stand on the page of the likes", 6),
}
"""What a journey counts, and the least of it: what was planted, to which docstrings of the library that is loaded may
add some; or over three times what chance would give."""
ALIKE = {"serve_a_model": r"^corrections: (\d+) sent, (\d+) in the journal$"}
"""What a journey counts in two ways."""
RISES = {"clean_a_table": (0, 1, 5), "no_classes": (0, 1, 4)}
"""Of the accuracies that a journey prints, by place: the lower, the higher, and the points between them at least."""


def case(script):
    """A script as a case; sockets are for those that need them, and lead nowhere else."""
    own = [pytest.mark.allow_hosts(["127.0.0.1"])] if script.stem in SERVED else []
    return pytest.param(script, marks=own, id=script.stem)


@pytest.mark.parametrize("script", [case(script) for script in SCRIPTS])
def test_runs_and_says_what_it_shows(script, capsys):
    if script.stem in NEEDS:
        pytest.importorskip(NEEDS[script.stem])
    runpy.run_path(str(script), run_name="__main__")
    told = capsys.readouterr().out
    for words in SAID[script.stem]:
        assert words in told
    if script.stem in COUNTS:
        counted, least = COUNTS[script.stem]
        assert int(re.findall(counted, told, re.MULTILINE)[0]) >= least
    if script.stem in ALIKE:
        ((one, other),) = re.findall(ALIKE[script.stem], told, re.MULTILINE)
        assert int(one) == int(other) > 0
    if script.stem in RISES:
        low, high, least = RISES[script.stem]
        found = [int(share) for share in re.findall(r"^accuracy .*: (\d+)%$", told, re.MULTILINE)]
        assert found[high] - found[low] >= least


def test_readme_lists_every_script():
    page = (GALLERY / "README.md").read_text(encoding="utf-8")
    assert all(f"[{script.name}]({script.name})" in page for script in SCRIPTS)
    assert set(SAID) == {script.stem for script in SCRIPTS}
