"""Benchmark rows and the machine's facts are plain JSON, and a summary says how far the runs differ."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from modicum.evaluation.bench import BenchRow, machine_facts, rows_to_json, summarize
from modicum.evaluation.bench.rows import _processor


def test_rows_become_json_with_every_field_of_the_contract():
    row = BenchRow("accuracy", "trec test", 0.9, "share", target=0.95, seeds=3, spread=0.01, note="n")
    (found,) = json.loads(json.dumps(rows_to_json([row])))
    assert BenchRow(**found) == row
    assert list(found) == [
        *("measure", "on", "value", "unit", "baseline", "target", "seeds", "spread", "note"),
        *("method", "against", "lower_is_better", "difference_spread"),
    ]


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


@pytest.mark.parametrize(
    ("value", "lower_is_better", "verdict", "words"),
    [
        (0.75, False, "better", "better by 25.0 points (± 10.0)"),
        (0.75, True, "worse", "worse by 25.0 points (± 10.0)"),
        (0.25, False, "worse", "worse by 25.0 points (± 10.0)"),
        (0.25, True, "better", "better by 25.0 points (± 10.0)"),
        (0.45, False, "unclear", "no clear difference: -5.0 points (± 10.0)"),
        (0.55, True, "unclear", "no clear difference: +5.0 points (± 10.0)"),
    ],
)
def test_a_difference_is_clear_beyond_chance_and_has_a_direction(value, lower_is_better, verdict, words):
    row = BenchRow("m", "on", value, "share", 0.5, None, 3, lower_is_better=lower_is_better, difference_spread=0.1)
    assert row.verdict == verdict
    assert row.in_words() == words


def test_clear_is_what_a_paired_t_test_calls_so():
    """SciPy's test on the differences themselves, on both sides of the level."""
    rng = np.random.default_rng(0)
    clear = 0
    for runs in (2, 3, 5, 20):
        for shift in np.linspace(0, 2, 25):
            differences = shift + rng.normal(size=runs)
            value, spread = summarize(differences)
            row = BenchRow("m", "on", value, "", 0.0, None, runs, difference_spread=spread)
            assert (row.verdict != "unclear") == (ttest_1samp(differences, 0).pvalue < 0.1)
            clear += row.verdict != "unclear"
    assert 10 < clear < 90


def test_words_keep_the_unit_and_claim_nothing_without_baseline_or_second_run():
    row = BenchRow("log-loss", "on", 2.0, "nats", 0.75, None, 3, lower_is_better=True, difference_spread=0.5)
    assert row.in_words() == "worse by 1.25 nats (± 0.50)"
    assert replace(row, difference_spread=None).in_words() == "no clear difference: +1.25 nats (one run)"
    alone = replace(row, baseline=None)
    assert alone.verdict is None
    assert alone.in_words() == ""


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_method_and_baseline_never_win_both(value, baseline, spread, lower):
    told = {
        BenchRow("m", "on", a, "share", b, None, 3, lower_is_better=lower, difference_spread=spread).verdict
        for a, b in ((value, baseline), (baseline, value))
    }
    assert told in ({"unclear"}, {"better", "worse"})


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
