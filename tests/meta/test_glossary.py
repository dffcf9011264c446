"""One vocabulary: every term of the glossary is met where it says, and no text says another word for it."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import glossary
import pyarrow.parquet
import pytest
import typer.main

import modicum
from modicum.cli import app

ROOT = Path(__file__).parents[2]
TERMS = glossary.told()["terms"]
UNUSED = glossary.told()["unused"]
THEMES = {"food": "soup bread cheese pasta", "sport": "goal match referee league", "weather": "rain storm snow wind"}


def places(kind):
    found = [(name, place) for name, term in TERMS.items() for place in term.get(kind, ())]
    assert found
    return [pytest.param(place, id=f"{name}: {place}") for name, place in found]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A bundle with everything in it that a glossary can name."""
    names = list(THEMES)
    texts = [f"about {' and '.join(THEMES[names[n % 3]].split()[n % 4 :])} number {n}" for n in range(90)]
    columns = {"text": texts, "topic": [names[n % 3] if n < 45 else None for n in range(90)]}
    table = modicum.read(columns, text="text", label="topic")
    folder = tmp_path_factory.mktemp("bundle") / "topics"
    modicum.fit(table, encoder="hashed", budget=1, unknown=0.1).save(folder)
    return folder


def names_within(told):
    """Keys of one level, of a record or of a list of them."""
    records = told if isinstance(told, list) else [told]
    return {key: record[key] for record in records if isinstance(record, dict) for key in record}


@pytest.mark.parametrize("place", places("options"))
def test_the_option_or_argument_exists(place):
    verb, option = place.split(" ")
    command = typer.main.get_group(app).commands[verb]
    assert option in {name for one in command.params for name in (*one.opts, one.metavar)}


@pytest.mark.parametrize("place", places("keys"))
def test_the_key_stands_in_the_file(place, bundle):
    file, _, path = place.partition(" ")
    told = json.loads((bundle / file).read_text(encoding="utf-8"))
    for key in path.split("."):
        found = names_within(told)
        assert key in found
        told = found[key]


@pytest.mark.parametrize("place", places("columns"))
def test_the_column_is_predicted(place, bundle):
    assert place in pyarrow.parquet.read_schema(bundle / "predictions.parquet").names


@pytest.mark.parametrize("place", places("library"))
def test_the_name_can_be_imported(place):
    module, _, name = place.rpartition(".")
    assert hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize("name", TERMS)
def test_a_term_is_told_in_one_sentence_and_met_somewhere(name):
    term = TERMS[name]
    assert re.fullmatch(r"[^.]+(?:`[^`]*`[^.]*)*\.", term["says"])
    assert len(term["says"]) <= 120
    assert set(term) > {"says"}
    assert set(term) <= {"says", "options", "keys", "columns", "library", "page"}


def test_every_unused_word_has_one_that_is_used():
    assert set(UNUSED.values()) <= set(TERMS)
    assert not {word.lower() for word in UNUSED} & set(TERMS)


def test_the_page_tells_all():
    page = glossary.glossary_page()
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == [*sorted(TERMS), "Words that are not used"]
    assert all(f"`{name}`" in page for term in TERMS.values() for name in term.get("library", ()))


@pytest.mark.parametrize("place", glossary.said())
def test_pages_and_reports_say_our_words(place):
    assert list(glossary.offences(glossary.said()[place])) == []


@pytest.mark.parametrize("verb", typer.main.get_group(app).commands)
def test_help_says_our_words(verb):
    command = typer.main.get_group(app).commands[verb]
    told = [command.help or "", command.epilog or "", *(one.help or "" for one in command.params)]
    assert [found for text in told for found in glossary.offences(text)] == []


def test_other_words_are_found():
    text = "Two datasets, and labels of Out-of-distribution rows; not a datasets_loader."
    found = list(glossary.offences(text))
    assert [one.split("'")[1] for one in found] == ["datasets", "Out-of-distribution"]
    assert "say 'table'" in found[0]
