"""The registry finds every card by walking, and suggests the nearest method."""

from __future__ import annotations

import importlib
import importlib.util
import re
import subprocess
import sys

import pytest

from modicum.core import InputError
from modicum.core.card import ROOMS
from modicum.heads import ClassMean
from modicum.workspace.registry import PACKAGE, method, methods, read_card


def test_keys_are_unique_and_lead_to_the_method():
    keys = [m.key for m in methods()]
    assert len(keys) == len(set(keys))
    assert method("heads.ClassMean").load() is ClassMean
    assert "nearest class mean" in method("heads.ClassMean").prose().lower()


def test_every_card_stands_in_the_room_and_question_it_names():
    for found in methods():
        parts = found.module.split(".")[1:-1]
        assert parts[0] == found.card.room
        assert parts[-1] == found.card.question


def test_no_card_is_passed_over():
    files = [file for room in ROOMS for file in (PACKAGE / room).rglob("*.py")]
    written = [file for file in files if re.search(r"^CARD\b", file.read_text(encoding="utf-8"), re.MULTILINE)]
    assert len(written) == len(methods())


def test_cards_are_read_as_they_would_be_imported():
    torch = importlib.util.find_spec("torch") is not None
    for found in methods():
        if torch or not found.module.startswith("modicum.weights."):
            assert found.card == importlib.import_module(found.module).CARD


def test_listing_methods_imports_none():
    code = "import sys; from modicum.workspace import methods; print(len(methods()), 'modicum.heads' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == [str(len(methods())), "False"]


def test_a_module_without_a_card_has_none():
    assert read_card("CARDS = 3\n") is None
    assert read_card("x = 1\nCARD = other\n") is None
    assert read_card("x = 1\nCARD = Card.of(\n)\n") is None


def test_unknown_method_suggests_the_nearest():
    with pytest.raises(InputError, match=r"did you mean 'heads.ClassMean'"):
        method("heads.ClasMean")
