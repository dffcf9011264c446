"""The benchmark of smaller encoders on a tiny one: every kind beside what it is measured against."""

from __future__ import annotations

import importlib

import pytest

pytest.importorskip("torch")

from modicum.core import InputError
from modicum.core.progress import silent
from modicum.encoders import load_folder
from modicum.workspace.bench.weights import compress as bench
from tests.encoders import tiny

WORDS = {
    "card": ["my card is lost", "the new card", "where is my card ?"],
    "pin": ["my pin", "the pin is new", "a pin"],
}


@pytest.fixture
def root(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "small"
    folder.mkdir(parents=True)
    for part in ("train", "test"):
        rows = [f"{text},{name}" for name, texts in WORDS.items() for text in texts * 3]
        (folder / f"{part}.csv").write_text("\n".join(["text,category", *rows]) + "\n", encoding="utf-8")
    encoder = load_folder(tiny.save_transformer(tmp_path / "tiny"), threads=1)
    monkeypatch.setattr(bench, "resolve", lambda *_: encoder)
    return tmp_path / "data"


def test_every_encoder_is_measured_beside_the_exact_one_or_its_start(root):
    rows = {row.measure: row for row in bench.run(root, ["small"], 2, silent)}
    kinds = [bench.CUT, bench.STUDENT, f"{bench.STUDENT}, 8 bits", "8 bits", "static", bench.TABLE]
    measures = [f"accuracy, {kind}" for kind in kinds] + [f"speed, {kind}" for kind in kinds]
    assert set(rows) == {*measures, "accuracy, exact", "seconds to teach half the layers"}
    exact = rows["accuracy, exact"]
    assert (exact.baseline, exact.seeds) == (None, 2)
    student, table = rows[f"accuracy, {bench.STUDENT}"], rows[f"accuracy, {bench.TABLE}"]
    assert student.target == pytest.approx(exact.value - 0.02)
    assert student.baseline == rows[f"accuracy, {bench.CUT}"].value
    assert table.baseline == rows["accuracy, static"].value
    assert rows["accuracy, 8 bits"].baseline == exact.value
    assert (student.method, table.method) == ("weights.distil_relations", "weights.static_student")
    assert all(rows[f"speed, {kind}"].value > 0 for kind in kinds)


def test_without_torch_it_says_what_to_install(root, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(InputError, match=r"needs the package torch; install it with: pip install 'modicum\[torch\]'"):
        bench.run(root, ["small"], 1, silent)
