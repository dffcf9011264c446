"""Filters are written as a table would write the cells."""

from __future__ import annotations

import modicum
from modicum.workspace.search.filters import kept_rows

COLUMNS = {
    "text": ["a", "b", "c", "d"],
    "open": [True, False, None, True],
    "year": [1999.0, 2001.0, 2001.5, None],
    "tags": [["x", "y"], [], ["y"], ["x"]],
}


def test_cells_of_every_kind_are_found_by_what_they_show():
    table = modicum.read(COLUMNS, text="text")
    found = {
        told: kept_rows(table, [told]).nonzero()[0].tolist()
        for told in ("open=true", "open=false", "open=", "year=2001", "year=2001.5", "year=", "tags=y")
    }
    assert found == {
        "open=true": [0, 3],
        "open=false": [1],
        "open=": [2],
        "year=2001": [1],
        "year=2001.5": [2],
        "year=": [3],
        "tags=y": [0, 2],
    }


def test_a_list_of_nothing_is_an_empty_cell():
    table = modicum.read(COLUMNS, text="text")
    assert kept_rows(table, ["tags="]).nonzero()[0].tolist() == [1]


def test_a_row_passes_all_filters():
    table = modicum.read(COLUMNS, text="text")
    assert kept_rows(table, ["open=true", "tags=y"]).tolist() == [True, False, False, False]
