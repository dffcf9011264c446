"""The benchmark of merging on tiny encoders: which rows there are, and what holds whatever was tuned."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from modicum.core import InputError  # noqa: E402
from modicum.core.progress import silent  # noqa: E402
from modicum.encoders import load_encoder, load_folder  # noqa: E402
from modicum.workspace.bench.weights import merge as bench  # noqa: E402
from tests.encoders import tiny  # noqa: E402
from tests.workspace.weights.worlds import rows  # noqa: E402


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    for name, value in {"RUNS": 2, "STEPS": 2, "BATCH": 4, "LABELLED": 8, "SEARCH": 2}.items():
        monkeypatch.setattr(bench, name, value)
    folder = tiny.save_transformer(tmp_path / "tiny")
    monkeypatch.setattr(bench, "load_encoder", lambda: load_folder(folder, threads=1))


@pytest.fixture
def root(tmp_path):
    for seed, name in enumerate(("cards", "pins")):
        (tmp_path / name).mkdir()
        for part in ("train", "test"):
            lines = [f"{text},{topic}" for text, topic in zip(*rows(24, seed), strict=True)]
            file = tmp_path / name / f"{part}.csv"
            file.write_text("\n".join(["text,category", *lines]) + "\n", encoding="utf-8")
    return tmp_path


def test_rows_stand_beside_their_baselines(root):
    found = {(row.measure, row.method, row.on): row for row in bench.run(root, ["cards", "pins"], 1, silent)}
    soup = "cards, 2 runs on 8 rows, 16 rows decide"
    assert found[bench.LEAD.name, "weights.greedy_soup", soup].value >= 0
    for way in ("greedy_soup", "uniform_soup"):
        assert found[bench.CHANGED.name, f"weights.{way}", soup].value == 0
        assert found[bench.UNSEEN.name, f"weights.{way}", soup].against == bench.BEST
    for task in ("cards", "pins"):
        where = f"{task} test, cards + pins in one encoder"
        kept, shared = (found[m.name, "weights.atlas", where] for m in (bench.KEPT, bench.SHARED))
        assert kept.value == pytest.approx(shared.value / shared.baseline, abs=1e-4)
        assert kept.baseline == found[bench.KEPT.name, "weights.uniform_soup", where].value
        assert (bench.KEPT.name, "weights.self_positioning", where) in found


def test_one_collection_has_soups_alone(root):
    measures = {row.measure for row in bench.run(root, ["pins"], 1, silent)}
    assert measures == {bench.LEAD.name, bench.UNSEEN.name, bench.CHANGED.name}


def test_rows_of_a_task_do_not_meet(root):
    task = bench.read_task("cards", root, 0)
    assert (len(task.own[0]), len(task.held[0]), len(task.test[0])) == (8, 16, 24)
    assert np.bincount(task.own[1]).tolist() == [4, 4]
    assert not set(task.own[0]) & set(task.held[0])


def test_an_encoder_without_weights_is_refused(root, monkeypatch):
    monkeypatch.setattr(bench, "load_encoder", lambda: load_encoder("hashed", texts=["my card"]))
    with pytest.raises(InputError, match="has no weights that could be merged"):
        bench.run(root, ["cards"], 1, silent)
