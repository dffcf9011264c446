"""`modicum encoders`: the table, JSON, and clear refusals."""

from __future__ import annotations

import json

import numpy as np

from tests.cli.test_bad_input import refused


def test_candidates_are_shown_in_order(run, table, tmp_path):
    np.save(tmp_path / "noise.npy", np.random.default_rng(0).normal(size=(36, 4)))
    asked = (table, "--text", "text", "--label", "topic", "--encoder", "noise.npy", "--encoder", "hashed")
    done = run("encoders", *asked)
    assert done.code == 0
    assert "18 labelled rows, 3 classes; hashed serves most rows by itself" in done.out
    assert done.out.index("hashed") < done.out.index("precomputed")
    found = json.loads(run("encoders", *asked, "--keep", 1, "--json").out)
    assert [one["name"] for one in found["candidates"]] == ["hashed", "noise.npy"]
    assert found["candidates"][1]["together"] is None


def test_refusals(run, table):
    asked = ("encoders", table, "--text", "text")
    assert refused(run(*asked, "--encoder", "hashed"), "holds no label at all", "--label COL")
    assert refused(run(*asked, "--label", "topic", "--encoder", "none.npy"), "there is no file none.npy")
    assert refused(run(*asked, "--label", "topic", "--encoder", "hashed", "--keep", 0), "0 encoders are wanted of 1")
