"""`modicum doctor`: a table, JSON, and an exit code that a script can use."""

from __future__ import annotations

import json

from modicum.workspace.doctor import packages


def test_a_machine_that_works(run):
    done = run("doctor")
    assert (done.code, done.err) == (0, "")
    assert all(word in done.out for word in ("python", "numpy", "all-MiniLM-L6-v2", "cores", "gpu", "cache"))


def test_the_same_as_json(run):
    done = run("doctor", "--json")
    told = json.loads(done.out)
    assert (done.code, told["works"], told["remedies"]) == (0, True, [])
    assert {"topic", "name", "state", "told", "remedy", "needed"} == set(told["findings"][0])
    assert told["machine"]["cores"] >= 1


def test_what_is_missing_ends_with_2_and_the_remedy(run, monkeypatch):
    monkeypatch.setattr(packages, "requires", lambda name: ["numpy>=2.0", "no-such-package>=1.5"])
    done = run("doctor")
    assert done.code == 2
    assert 'no-such-package: pip install "no-such-package>=1.5"' in done.out
    assert 'modicum cannot work yet; do this: pip install "no-such-package>=1.5"' in done.err
