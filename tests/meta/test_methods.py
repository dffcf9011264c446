"""Every method that a card names has what a method must have."""

from __future__ import annotations

import importlib
import inspect
import re
import textwrap
from pathlib import Path

import pytest

from modicum.workspace.registry import methods

ROOT = Path(__file__).parents[2]


def where(method):
    """Place of the method's file under the package, without its ending."""
    return Path(*method.module.split(".")[1:])


def package(method):
    return importlib.import_module(method.module.rpartition(".")[0])


@pytest.fixture(autouse=True)
def importable(request):
    if request.node.callspec.params["method"].card.room == "weights":
        pytest.importorskip("torch")


@pytest.mark.parametrize("method", methods(), ids=lambda m: m.key)
class TestMethods:
    def test_has_a_test_file_that_mirrors_it(self, method):
        path = where(method)
        assert (ROOT / "tests" / path.parent / f"test_{path.name}.py").is_file()

    def test_has_a_page(self, method):
        assert (ROOT / "docs" / "methods" / where(method)).with_suffix(".md").is_file()

    def test_is_exported_by_its_question(self, method):
        assert method.card.name in package(method).__all__
        assert getattr(package(method), method.card.name) is method.load()

    def test_its_question_is_a_question(self, method):
        assert "?" in package(method).__doc__

    def test_prose_names_question_source_limits_and_changes(self, method):
        prose = " ".join(method.prose().split())
        assert "?" in prose
        assert re.search(r"\b(Papers?|Source):", prose)
        assert "Changed:" in prose
        assert re.search(r"\b[Dd]o not\b", prose)
        assert re.split("[:,]", method.card.paper)[0] in prose

    def test_card_is_filled_in(self, method):
        card = method.card
        assert card.summary.strip()
        assert card.needs
        assert card.cost.startswith("O(")
        assert 1900 < card.year < 2100
        assert all(re.fullmatch(r"\d{3}-\d{3}", known) for known in card.ids)

    def test_docstring_shows_an_example_and_documents_every_parameter(self, method):
        thing = method.load()
        told = inspect.cleandoc(thing.__doc__)
        assert ">>>" in told
        names = list(inspect.signature(thing).parameters)
        args = re.search(r"^Args:\n((?:    .*\n|\n)+)", told, re.MULTILINE)
        named = re.findall(r"^(\w+): ", textwrap.dedent(args[1]), re.MULTILINE) if args else []
        assert named == names or (not named and len(names) == 1)  # one array is told in the first line
