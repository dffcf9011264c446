"""What trains where nobody says so: all layers, or few numbers where memory is too small."""

from __future__ import annotations

import os

import pytest

from modicum.workspace.tuning import memory
from modicum.workspace.tuning.memory import BYTES, chosen_method, free_memory, layer_numbers
from modicum.workspace.tuning.settings import FULL, TuneSettings

MINILM = {"model_type": "bert", "hidden_size": 384, "intermediate_size": 1536, "num_hidden_layers": 6}
NEEDED = BYTES * 10_616_832


def test_layers_are_counted_without_reading_weights():
    assert layer_numbers(MINILM) == 6 * (4 * 384**2 + 2 * 384 * 1536) == 10_616_832
    assert layer_numbers({"model_type": "distilbert", "dim": 4, "hidden_dim": 8, "n_layers": 2}) == 256


def test_free_memory_is_what_the_system_tells(monkeypatch, tmp_path):
    file = tmp_path / "meminfo"
    monkeypatch.setattr(memory, "MEMINFO", file)
    file.write_text("MemTotal:  100 kB\nMemAvailable:   7 kB\n")
    assert free_memory() == 7 * 1024
    file.unlink()
    monkeypatch.setattr(os, "sysconf", {"SC_AVPHYS_PAGES": 5, "SC_PAGE_SIZE": 4096}.__getitem__)
    assert free_memory() == 20_480


def test_a_system_that_does_not_tell_is_believed_to_have_enough(monkeypatch, tmp_path):
    def refuse(name):
        raise ValueError(f"unrecognized configuration name {name}")

    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "none")
    monkeypatch.setattr(os, "sysconf", refuse)
    assert free_memory() is None
    assert chosen_method(TuneSettings(), MINILM) == (TuneSettings(method=FULL), None)


@pytest.mark.parametrize(("free", "method"), [(NEEDED, "full"), (NEEDED - 1, "DiffFit")])
def test_auto_is_all_layers_where_memory_allows(monkeypatch, free, method):
    monkeypatch.setattr(memory, "free_memory", lambda: free)
    found, why = chosen_method(TuneSettings(), MINILM)
    assert found.method == method
    assert why == (None if method == "full" else "all layers would take 0.2 GB of memory to train, and 0.2 are free")


def test_what_is_asked_for_is_not_weighed_against_memory(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 0)
    for asked in ("full", "LoRA"):
        assert chosen_method(TuneSettings(method=asked), MINILM) == (TuneSettings(method=asked), None)
