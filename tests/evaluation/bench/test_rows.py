"""Benchmark rows and the machine's facts are plain JSON, and a summary says how far the runs differ."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.evaluation.bench import BenchRow, machine_facts, rows_to_json, summarize
from modicum.evaluation.bench.rows import _processor


def test_rows_become_json_with_every_field_of_the_contract():
    row = BenchRow("accuracy", "trec test", 0.9, "share", target=0.95, seeds=3, spread=0.01, note="n")
    (found,) = json.loads(json.dumps(rows_to_json([row])))
    assert BenchRow(**found) == row
    assert list(found) == ["measure", "on", "value", "unit", "baseline", "target", "seeds", "spread", "note"]


def test_summary_by_hand():
    assert summarize([1.0, 2.0, 3.0]) == (2.0, 1.0)
    assert summarize([0.5]) == (0.5, None)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20), st.floats(-10, 10))
def test_a_shift_moves_the_mean_and_leaves_the_spread(values, shift):
    mean, spread = summarize(values)
    moved, same = summarize([v + shift for v in values])
    assert moved == pytest.approx(mean + shift, abs=2e-5)
    assert same == pytest.approx(spread, abs=2e-5)


@given(st.floats(-1e3, 1e3), st.integers(2, 10))
def test_equal_runs_have_no_spread(value, runs):
    assert summarize([value] * runs) == (pytest.approx(value, abs=1e-5), 0.0)


def test_machine_facts_are_json_and_public():
    facts = json.loads(json.dumps(machine_facts()))
    assert set(facts) == {"cores", "threads", "processor", "machine", "system", "python", "libraries"}
    assert facts["cores"] >= 1
    assert facts["threads"] >= 1
    assert re.match(r"3\.\d+", facts["python"])
    assert {"modicum", "numpy", "scikit-learn"} <= set(facts["libraries"])


def test_processor_is_read_where_the_system_tells_it(tmp_path):
    told = tmp_path / "cpuinfo"
    told.write_text("processor\t: 0\nmodel name\t: Fast: One\nprocessor\t: 1\nmodel name\t: Other\n", encoding="utf-8")
    assert _processor(told) == "Fast: One"
    assert isinstance(_processor(tmp_path / "absent"), str)
