"""The benchmark of tuning on tiny encoders: which rows there are, and beside what they stand."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from modicum.core import InputError  # noqa: E402
from modicum.core.progress import silent  # noqa: E402
from modicum.encoders import load_encoder, load_folder  # noqa: E402
from modicum.workspace.bench import tasks  # noqa: E402
from modicum.workspace.bench.weights import tuning as bench  # noqa: E402
from tests.encoders import tiny  # noqa: E402
from tests.workspace.weights.worlds import rows  # noqa: E402


@pytest.fixture
def root(monkeypatch, tmp_path):
    """A small collection, a tiny encoder of some width, and few steps."""
    few = {"STEPS": 2, "BATCH": 4, "OTHERS": (4,), "TABLE_SHOTS": 4, "TABLE_STEPS": 1, "LESSON_STEPS": 2}
    for name, value in few.items():
        monkeypatch.setattr(bench, name, value)
    monkeypatch.setattr(bench, "all_ways", lambda: ["full", "LoRA", "DiffFit"])
    monkeypatch.setattr(bench, "all_objectives", lambda: ["SupervisedContrastive", "NameAnchors", "PseudoLabels"])
    folder = tiny.save_transformer(tmp_path / "tiny")
    monkeypatch.setattr(bench, "load_encoder", lambda: load_folder(folder, threads=1))
    monkeypatch.setattr(tasks, "resolve", lambda name, texts: load_folder(folder, threads=1))
    for part, seed in (("train", 0), ("test", 1)):
        (tmp_path / "cards").mkdir(exist_ok=True)
        lines = [f"{text},{topic}" for text, topic in zip(*rows(24, seed), strict=True)]
        (tmp_path / "cards" / f"{part}.csv").write_text("\n".join(["text,category", *lines]) + "\n", encoding="utf-8")
    return tmp_path


def test_gains_stand_beside_the_frozen_ladder_and_prices_beside_all_layers(root):
    found = bench.run(root, ["gains", "ways", "cards"], 1, silent)
    gains = [row for row in found if row.measure.startswith("accuracy, tuned")]
    assert {row.measure for row in gains} == {f"accuracy, {recipe.name}" for recipe in bench.RECIPES}
    assert len({row.baseline for row in gains}) == 1
    assert all(row.against == bench.LADDER and row.on == "cards test, 4 labels a class" for row in gains)
    for measure in (bench.REACHED, bench.NUMBERS, bench.SPENT):
        told = {row.method: row for row in found if row.measure == measure.name}
        assert set(told) == {bench.OBJECTIVE, "weights.LoRA", "weights.DiffFit"}
        assert told[bench.OBJECTIVE].value == told[bench.OBJECTIVE].baseline
    assert len(found) == 4 + 9
    numbers = {row.method: row.value for row in found if row.measure == bench.NUMBERS.name}
    assert numbers["weights.DiffFit"] < numbers["weights.LoRA"] < numbers[bench.OBJECTIVE]


def test_objectives_stand_beside_the_usual_one_and_frozen_vectors(root):
    found = bench.run(root, ["objectives", "cards"], 1, silent)
    assert len(found) == 9
    for measure in (bench.LEARNT, bench.OVER_FROZEN, bench.TOOK):
        told = {row.method: row for row in found if row.measure == measure.name}
        assert set(told) == {bench.OBJECTIVE, "weights.NameAnchors", "weights.PseudoLabels"}
        assert all(row.on == "cards test, 4 labels a class, 2 steps" for row in told.values())
        assert len({row.baseline for row in told.values()}) == 1
    learnt = next(row for row in found if row.measure == bench.LEARNT.name and row.method == bench.OBJECTIVE)
    assert learnt.value == learnt.baseline


def test_objectives_are_found_by_walking():
    found = bench.all_objectives()
    assert found[0] == "SupervisedContrastive"
    assert len(found) == len(set(found)) > 8


def test_ways_are_found_by_walking():
    found = bench.all_ways()
    assert found[0] == "full"
    assert {"LoRA", "Compacter", "DiffFit"} < set(found)
    assert "InfinitePrefix" not in found


def test_an_encoder_without_weights_is_told(root, monkeypatch):
    monkeypatch.setattr(bench, "load_encoder", lambda: load_encoder("hashed", texts=["a b", "c d"]))
    with pytest.raises(InputError, match="has no weights that could be tuned"):
        bench.run(root, ["cards"], 1, silent)
