"""Results of a benchmark as a file: whole runs replace it, parts keep the rest, machines do not mix."""

from __future__ import annotations

import json

import pytest

from modicum.core.errors import InputError
from modicum.evaluation.bench import BenchRow
from modicum.workspace.bench import other_rows
from modicum.workspace.bench.suite import Found


def found(*places, value=0.5, name="tiny"):
    return Found(name, tuple(BenchRow(measure, on, value, "share") for on in places for measure in ("recall", "time")))


def shown(path):
    return [(row["on"], row["measure"], row["value"]) for row in json.loads(path.read_text(encoding="utf-8"))["rows"]]


def test_a_part_replaces_its_own_rows_and_keeps_the_others(tmp_path):
    path = tmp_path / "tiny.json"
    found("first", "second").write(path)
    Found("tiny", (BenchRow("recall", "second", 0.7, "share"),)).write(path, part=True)
    assert shown(path) == [("first", "recall", 0.5), ("first", "time", 0.5), ("second", "recall", 0.7)]


def test_a_part_alone_and_a_whole_run_are_written_as_they_are(tmp_path):
    path = tmp_path / "tiny.json"
    found("first").write(path, part=True)
    assert [on for on, _, _ in shown(path)] == ["first", "first"]
    found("second").write(path)
    assert [on for on, _, _ in shown(path)] == ["second", "second"]


@pytest.mark.parametrize(("fact", "value"), [("cores", 1024), ("processor", "another one")])
def test_figures_of_two_machines_are_not_mixed(tmp_path, fact, value):
    path = tmp_path / "tiny.json"
    told = found("first").to_dict()
    path.write_text(json.dumps({**told, "machine": {**told["machine"], fact: value}}), encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"tiny\.json holds figures of another machine.*give another file"):
        found("second").write(path, part=True)
    assert path.read_bytes() == before


def test_another_benchmark_is_not_written_over(tmp_path):
    path = tmp_path / "tiny.json"
    found("first").write(path)
    with pytest.raises(InputError, match=r"holds no figures of other"):
        found("second", name="other").write(path, part=True)


@pytest.mark.parametrize("content", ["[]", "{}", '{"bench": "tiny", "rows": []}', '{"bench": "tiny", "machine": {}}'])
def test_a_file_of_another_kind_is_refused_before_the_run(tmp_path, content):
    path = tmp_path / "tiny.json"
    assert other_rows("tiny", path) == []
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"tiny\.json holds no figures of tiny; give another file"):
        other_rows("tiny", path)
