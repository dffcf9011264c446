"""Tables of many rows, what a run has kept of them by the names of its parts, and what is said of a cluster's times."""

from __future__ import annotations

import pytest

from modicum.core import InputError
from modicum.core.progress import silent
from modicum.data import read
from modicum.workspace.bench import cluster, scale
from modicum.workspace.bench.many import rows_kept, write_rows


def test_rows_are_written_that_differ(tmp_path):
    table = read(write_rows(tmp_path / "many.csv", ["rain", "soup"], 5, silent), text="text")
    assert table.texts == ("rain 0", "soup 1", "rain 2", "soup 3", "rain 4")


def test_rows_kept_are_those_of_whole_parts(tmp_path):
    for name in ("000000.0-500.csv", "000002.1000-1250.csv", ".000001.500-1000.csv.new-7", "manifest.json", "lock"):
        (tmp_path / name).touch()
    assert rows_kept(tmp_path) == 750
    assert rows_kept(tmp_path / "nowhere") == 0


def test_times_are_told_by_their_medians_beside_the_local_ones():
    times = cluster._Times([4.0, 8.0, 5.0], [6.0, 5.5, 20.0], {"one digest"})
    took, same = cluster._overhead_rows("5,000 texts", times)
    assert (took.value, took.baseline, took.target, took.seeds) == (6.0, 5.0, 6.25, 3)
    assert (same.value, same.target) == (1.0, 1.0)
    assert cluster._overhead_rows("", cluster._Times([1.0], [1.0], {"one", "another"}))[1].value == 0.0


def test_a_number_is_refused_that_is_none(tmp_path):
    with pytest.raises(InputError, match="'many' is no number of rows or runs"):
        scale.run(tmp_path, ["nodes:many"], 1, silent)
