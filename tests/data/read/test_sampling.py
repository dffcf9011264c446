"""Rows drawn in one pass: each as likely, in their order, with their ids; however the file is cut."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.core import InputError
from modicum.data.read import read, sample, sampling

ROWS = 500


@pytest.fixture
def source(tmp_path):
    file = tmp_path / "in.csv"
    file.write_text("text,when\n" + "".join(f"row {n},{n}\n" for n in range(ROWS)), encoding="utf-8")
    return file


def test_rows_come_in_order_with_the_ids_that_they_have_in_the_table(source):
    found, whole = sample(source, 40, text="text", time="when"), read(source, text="text")
    rows = [int(id) for id in found.ids]
    assert rows == sorted(set(rows))
    assert len(rows) == 40
    assert found.texts == tuple(whole.texts[row] for row in rows)
    assert found.times.tolist() == rows
    assert found.columns["text"] == list(found.texts)
    assert sample(source, 40, text="text", time="when").ids == found.ids
    assert sample(source, 40, text="text", seed=1).ids != found.ids


def test_how_the_file_is_read_does_not_matter(source, monkeypatch):
    found = sample(source, 40, text="text")
    monkeypatch.setattr(sampling, "READ", 7)
    monkeypatch.setattr(sampling, "SPARE", 3)
    again = sample(source, 40, text="text")
    assert (again.ids, again.texts) == (found.ids, found.texts)


def test_every_row_is_as_likely(source):
    times = np.zeros(ROWS)
    for seed in range(60):
        times[[int(id) for id in sample(source, 100, text="text", seed=seed).ids]] += 1
    halves = times.reshape(2, -1).sum(axis=1)
    assert abs(halves[0] - halves[1]) < 4 * np.sqrt(60 * 100)  # four standard deviations of a fair coin
    assert times.max() < 30


def test_a_small_table_is_taken_whole_and_named_ids_stay(tmp_path):
    file = tmp_path / "in.csv"
    file.write_text("id,text\na,one\nb,two\n", encoding="utf-8")
    assert sample(file, 10).ids == ("a", "b")
    assert sample(file, 10, text="text").texts == ("one", "two")


def test_refusals_name_the_row_of_the_file(source, tmp_path):
    with pytest.raises(InputError, match="at least one row, not 0"):
        sample(source, 0)
    file = tmp_path / "mixed.csv"
    file.write_text("text,when\n" + "rain,1\n" * 30 + "rain,soon\n", encoding="utf-8")
    with pytest.raises(InputError, match="row 31: column 'when' holds 'soon'"):
        sample(file, 31, text="text", time="when")
    (tmp_path / "none.csv").write_text("text\n", encoding="utf-8")
    with pytest.raises(InputError, match="has no rows"):
        sample(tmp_path / "none.csv", 3, text="text")
