"""`modicum doctor`: a table, JSON, and an exit code that a script can use."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from modicum.workspace.doctor import packages

ROOT = Path(__file__).parents[2]


def test_a_machine_that_works(run):
    done = run("doctor")
    assert (done.code, done.err) == (0, "")
    assert all(word in done.out for word in ("python", "numpy", "all-MiniLM-L6-v2", "cores", "gpu", "cache"))


def test_the_same_as_json(run):
    done = run("doctor", "--json")
    told = json.loads(done.out)
    assert (done.code, told["works"], told["remedies"]) == (0, True, [])
    assert {"topic", "name", "state", "told", "remedy", "needed", "use"} == set(told["findings"][0])
    assert told["machine"]["cores"] >= 1


def test_what_is_missing_ends_with_2_and_the_remedy(run, monkeypatch):
    monkeypatch.setattr(packages, "requires", lambda name: ["numpy>=2.0", "no-such-package>=1.5"])
    done = run("doctor")
    assert done.code == 2
    assert '  pip install "no-such-package>=1.5"  no-such-package' in done.out
    assert 'modicum cannot work yet; do this: pip install "no-such-package>=1.5"' in done.err


def test_what_some_verbs_ask_for_is_told_by_what_it_is_for(run, monkeypatch):
    lines = [f'no-such-{name}>=1.5; extra == "store"' for name in ("base", "engine")]
    monkeypatch.setattr(packages, "requires", lambda name: lines)
    done = run("doctor")
    assert done.code == 0
    assert "modicum works. What is not there yet, for who wants it:" in done.out
    line = "  pip install 'modicum[store]'  for tables and vectors in LanceDB (no-such-base, no-such-engine)"
    assert done.out.splitlines()[-1] == line


def test_every_extra_has_a_use():
    known = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(packages.EXTRAS) == set(known["project"]["optional-dependencies"])
