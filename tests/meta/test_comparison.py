"""The comparison with peers: its page says who is ahead, its results are rows, its scripts stay apart."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from pathlib import Path

import comparison
import pytest

from benchmarks.peers import referee
from benchmarks.peers.referee import BARE, OURS, Run, Terms
from modicum.evaluation.bench import BenchRow, rows_to_json
from modicum.labels.conformal import SCORES
from modicum.workspace.bench.suite import Found

ROOT = Path(__file__).parents[2]
PEERS = ROOT / "benchmarks" / "peers"
RESULTS = sorted((ROOT / "benchmarks").glob("peers-*.json"))


def cell(ours=0.80, theirs=0.85):
    return {
        OURS: Run(ours, 10.0, 6.0),
        BARE: Run(0.7, 5.0, 3.0),
        "setfit, defaults": Run(theirs, 90.0, 50.0, steps=30, full=120),
    }


def few_labels(*cells):
    return comparison.few_labels(rows_to_json(referee.few_shot_rows_of("tiny", cells)))


class TestFewLabels:
    def test_every_contender_is_a_line_with_its_lead_and_its_times(self):
        page = few_labels(cell())
        assert "### tiny test, 8 labels a class" in page
        assert "| modicum | 0.800 |  | 10 s | 6 s | 1 |" in page
        assert "| setfit, defaults | 0.850 | +5.0 points | 90 s (9.0 times) | 50 s (8.3 times) | 1 |" in page

    def test_a_loss_is_said_plainly_and_so_is_training_that_was_shortened(self):
        page = few_labels(cell())
        assert "**modicum loses here**: above it are setfit, defaults by 5.0 points." in page
        assert "Of setfit, defaults: 25% of its setting's steps" in page
        assert "as 10 times modicum's CPU seconds were allowed." in page

    @pytest.mark.parametrize("theirs", [0.8, 0.75])
    def test_no_loss_no_claim(self, theirs):
        page = few_labels(cell(theirs=theirs))
        assert "No peer is above modicum here." in page
        assert "loses" not in page

    def test_labels_a_class_are_told(self):
        (row, *_) = referee.few_shot_rows_of("tiny", [cell()], shots=64)
        assert row.on == "tiny test, 64 labels a class"

    def test_modicum_with_less_data_is_no_peer(self):
        page = few_labels({OURS: Run(0.7, 1.0, 1.0), BARE: Run(0.9, 1.0, 1.0)})
        assert "No peer is above modicum here." in page

    def test_a_contender_is_compared_on_its_own_draws_only(self):
        alone = {OURS: Run(0.6, 10.0, 6.0)}
        (row,) = [
            r for r in referee.few_shot_rows_of("tiny", [cell(), alone]) if r.measure == "accuracy, setfit, defaults"
        ]
        assert (row.value, row.baseline, row.seeds) == (0.85, 0.8, 1)


def sets_page(theirs):
    own, where = [(0.9, 2.0), (0.92, 2.2)], "tiny test"
    return comparison.prediction_sets(
        rows_to_json([row for score in SCORES for row in referee.conformal_rows(where, score, own, theirs)])
    )


class TestPredictionSets:
    def test_both_stand_side_by_side(self):
        page = sets_page([(0.95, 2.0), (0.97, 3.0)])
        assert "| lac | 0.910 ± 0.014 | 0.960 ± 0.014 | 2.100 ± 0.141 | 2.500 ± 0.707 |" in page
        assert "No set is larger than MAPIE's. 2 random splits; coverage is promised to be 0.9." in page

    def test_larger_sets_are_said_plainly(self):
        assert "**modicum's sets are larger** with lac, aps, raps." in sets_page([(0.9, 1.0), (0.9, 1.0)])


def query_rows(house, peer):
    """Accuracies of two strategies at 6 and 12 labels and in the mean."""
    places = ("6 labels", "12 labels", "mean of all rounds")
    told = [("margin_query", house), ("small-text X", peer), ("random", (0.1, 0.1, 0.1))]
    return [
        BenchRow(f"accuracy, {name}", f"tiny test, {place}", value, "share", None, None, 5, 0.01)
        for name, values in told
        for place, value in zip(places, values, strict=True)
    ]


class TestQueries:
    def test_strategies_stand_in_the_order_of_their_means(self):
        page = comparison.queries(rows_to_json(query_rows((0.5, 0.6, 0.55), (0.4, 0.5, 0.45))))
        assert "### tiny\n\n| strategy | 6 labels | 12 labels | mean of all rounds |" in page
        lines = [line for line in page.splitlines() if line.startswith(("| margin", "| small", "| random"))]
        assert [line.split(" |")[0] for line in lines] == ["| margin_query", "| small-text X", "| random"]
        assert "| margin_query | 0.500 ± 0.010 | 0.600 ± 0.010 | 0.550 ± 0.010 |" in page
        assert "No peer is above modicum here. Mean and standard deviation over 5 draws" in page

    def test_budgets_at_which_a_peer_is_ahead_are_named(self):
        page = comparison.queries(rows_to_json(query_rows((0.5, 0.6, 0.55), (0.55, 0.5, 0.525))))
        assert "**modicum loses here** at 6 labels." in page


class TestAdapters:
    def test_ratios_and_what_they_are_of_are_shown(self):
        rows = [
            BenchRow("step, LoRA, ratio to PEFT", "tiny", 0.9, "times", 1.0, 1.0, 5, 0.02, "0.9 to 1.0 s"),
            BenchRow("memory, LoRA, ratio to PEFT", "tiny", 1.2, "times", 1.0, 1.0, 5, 0.0, "120 to 100 MB"),
        ]
        page = comparison.adapters(rows_to_json(rows))
        assert "| LoRA, step | 0.900 ± 0.020 | 0.9 to 1.0 s |" in page
        assert "**modicum loses here** at LoRA, memory." in page


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
class TestResults:
    def test_hold_rows_and_the_machine(self, path):
        found = json.loads(path.read_text(encoding="utf-8"))
        assert found["machine"]["cores"] >= 1
        rows = [BenchRow(**row) for row in found["rows"]]
        assert len({(row.measure, row.on) for row in rows}) == len(rows) > 0
        assert all(0 <= row.value <= 1 for row in rows if row.unit == "share")

    def test_are_shown(self, path):
        assert path.name in comparison.PARTS.values()
        page = comparison.comparison_page()
        found = json.loads(path.read_text(encoding="utf-8"))
        headed = [(f"### {row['on']}\n", f"### {row['on'].partition(' ')[0]}\n") for row in found["rows"]]
        assert all(whole in page or name in page for whole, name in headed)
        assert "<!--" not in page


def test_every_result_that_the_page_needs_is_there():
    assert {path.name for path in RESULTS} >= set(comparison.PARTS.values())


@pytest.mark.parametrize("script", sorted(PEERS.glob("*_peer.py")), ids=lambda path: path.stem)
class TestPeers:
    def test_knows_nothing_of_modicum(self, script):
        tree = ast.parse(script.read_text(encoding="utf-8"))
        froms = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        plain = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        assert not [name for name in (*froms, *plain) if name and name.split(".")[0] == "modicum"]

    def test_has_an_environment_of_its_own_pinned_and_never_asked_for_by_modicum(self, script):
        peer = script.stem.removesuffix("_peer")
        lines = (PEERS / f"requirements-{peer}.txt").read_text(encoding="utf-8").splitlines()
        pins = dict(re.fullmatch(r"([\w.-]+)==([^ ]+)( ; .*)?", line).groups()[:2] for line in lines)
        package = {"fastfit": "fast-fit"}.get(peer, peer)
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        asked = json.dumps([project["project"]["dependencies"], project["dependency-groups"]])
        assert package in pins
        assert package not in asked
        assert f"{package}==" not in "".join(
            path.read_text(encoding="utf-8") for path in (ROOT / "locks").glob("*.txt")
        )


def test_writing_keeps_the_collections_of_other_runs(tmp_path):
    path = tmp_path / "found.json"
    for name, right in (("tiny", 0.5), ("other", 0.6), ("tiny", 0.7)):
        Found("peers", (BenchRow("accuracy", f"{name} test", right, "share"),)).write(path, part=True)
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    assert {row["on"]: row["value"] for row in rows} == {"tiny test": 0.7, "other test": 0.6}


def test_time_is_that_of_the_process_and_its_children():
    nested = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'sum(range(10**7))'])"
    cpu, wall = referee.timed([sys.executable, "-c", nested], threads=1)
    alone, _ = referee.timed([sys.executable, "-c", "import subprocess"], threads=1)
    assert wall > 0
    assert cpu > alone + 0.05


def test_a_process_that_fails_is_told_with_its_words():
    with pytest.raises(RuntimeError, match="no such luck"):
        referee.timed([sys.executable, "-c", "raise SystemExit('no such luck')"], threads=1)


@pytest.mark.long
def test_a_peer_takes_its_turn_beside_modicum(tmp_path, monkeypatch):
    """A peer that always names the first class: the right tasks, one test set, one file of rows."""
    folder = tmp_path / "collections" / "tiny"
    folder.mkdir(parents=True)
    for part, count in (("train", 24), ("test", 8)):
        lines = [f"{kind} {n} {part},{kind}" for kind in ("rain", "soup") for n in range(count)]
        (folder / f"{part}.csv").write_text("\n".join(["text,category", *lines]) + "\n", encoding="utf-8")
    (tmp_path / "first_peer.py").write_text(
        "import json, pathlib, sys\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "task = json.loads((folder / 'task.json').read_text())\n"
        "assert len(task['texts']) == len(task['codes']) == 16 and len(task['test']) == 16\n"
        "told = {'codes': [0] * 16, 'steps': 1, 'full': 2}\n"
        "(folder / 'answers.json').write_text(json.dumps(told))\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(referee, "HERE", tmp_path)
    monkeypatch.setattr(referee, "SETTINGS", {"first": ("always",)})
    out = tmp_path / "found.json"
    terms = Terms(tmp_path / "collections", out, {"first": sys.executable}, (), ("tiny",), 1, 1, 1, "10s")
    rows = {row.measure: row for row in referee.few_shot(terms)}
    assert rows["accuracy, first, always"].value == 0.5
    assert rows["accuracy, first, always"].note.startswith("50% of its setting's steps")
    assert rows["accuracy, modicum"].value > 0.9
    assert len(json.loads(out.read_text(encoding="utf-8"))["rows"]) == len(rows) == 9
