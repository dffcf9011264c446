"""`modicum bench` on a small collection: rows with baselines, JSON that is written, clear refusals."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec

import pytest

from tests.cli.conftest import THEMES


@pytest.fixture
def collections(tmp_path):
    folder = tmp_path / "collections" / "tiny"
    folder.mkdir(parents=True)
    for part, count in (("train", 24), ("test", 8)):
        rows = ["text,category"]
        for theme, words in list(THEMES.items())[:2]:
            rows += [f"{words[n % 8]} and {words[(n * 3 + 1) % 8]} {part} {n},{theme}" for n in range(count)]
        (folder / f"{part}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path / "collections"


def test_few_shot_shows_every_recipe_beside_what_was_shipped(run, collections, tmp_path):
    done = run(
        "bench", "few-shot", "--data", collections, "--on", "tiny", "--seeds", 1, "--json", "--out", "found.json"
    )
    assert done.code == 0
    found = json.loads(done.out)
    assert json.loads((tmp_path / "found.json").read_text(encoding="utf-8")) == found
    assert found["machine"]["cores"] >= 1
    rows = {(row["measure"], row["on"]): row for row in found["rows"]}
    for shots in (1, 4, 8, 16):
        where = f"tiny test, {shots} labels a class"
        assert 0 <= rows["accuracy, shipped", where]["value"] <= 1
        assert rows["accuracy, shipped", where]["baseline"] == pytest.approx(rows["accuracy, linear", where]["value"])
        assert ("regret", where) in rows


def test_few_shot_tells_regret_and_how_often_forecasts_held(run, collections):
    done = run("bench", "few-shot", "--data", collections, "--on", "tiny", "--seeds", 1, "--json")
    rows = {row["measure"]: row["value"] for row in json.loads(done.out)["rows"]}
    assert rows["regret, best recipe of each cell"] <= rows["regret, worst cell"]
    assert 0 <= rows["coverage, forecast"] <= 1


def test_methods_are_measured_beside_the_baseline_of_their_question(run, collections):
    done = run("bench", "methods", "--data", collections, "--on", "tiny", "--seeds", 2, "--json")
    assert done.code == 0
    rows = json.loads(done.out)["rows"]
    accuracy = {(row["method"], row["on"]): row for row in rows if row["measure"] == "accuracy"}
    for where in ("1 label", "4 labels", "8 labels"):
        linear, other = (accuracy[f"heads.{name}", f"tiny test, {where} a class"] for name in ("Linear", "ClassMean"))
        assert linear["baseline"] is None
        assert other["baseline"] == pytest.approx(linear["value"])
        assert other["against"] == "heads.Linear"
        assert other["difference_spread"] >= 0
    told = run("bench", "methods", "--data", collections, "--on", "tiny", "--seeds", 1)
    assert {"method", "difference"} <= set(told.out.split())
    assert "(one run)" in " ".join(told.out.split())


@pytest.mark.long
def test_shift_shows_every_estimate_beside_no_correction(run, collections):
    done = run("bench", "shift", "--data", collections, "--on", "tiny", "--seeds", 2, "--json")
    assert done.code == 0
    rows = [row for row in json.loads(done.out)["rows"] if row["on"] == "tiny test, 16 labels a class"]
    assert {row["measure"] for row in rows} >= {"L1 error, class_shares", "L1 error, confusion_priors, hard"}
    assert all(0 <= row["value"] <= 2 for row in rows)


def test_proportions_stands_beside_full_supervision(run, collections):
    done = run("bench", "proportions", "--data", collections, "--on", "tiny", "--seeds", 2, "--json")
    row = json.loads(done.out)["rows"][0]
    assert 0 <= row["value"] <= 1
    assert row["target"] == pytest.approx(0.8 * row["baseline"])


def test_conformal_tells_every_score(run, collections):
    done = run("bench", "conformal", "--data", collections, "--on", "tiny", "--seeds", 2, "--json")
    rows = {row["measure"]: row for row in json.loads(done.out)["rows"]}
    for score in ("lac", "aps", "raps"):
        assert rows[f"coverage, {score} on held-out rows"]["target"] == 0.9
        assert 0 <= rows[f"mean size, {score} on held-out rows"]["value"] <= 2
    assert rows["coverage, lac on held-out rows"]["note"] == "calibrated on 8 rows of the test set"
    assert "coverage, lac cross-fitted on the labelled rows" in rows


@pytest.mark.long
def test_modes_and_scale_run_on_the_default_encoder(run, collections, monkeypatch):
    done = run("bench", "encode", "--data", collections, "--on", "tiny", "--seeds", 1, "--json")
    rows = {row["measure"]: row["value"] for row in json.loads(done.out)["rows"]}
    assert rows["static, speed"] > rows["exact, speed"] > 0
    assert rows["fast, mean cosine to exact"] > 0.99
    monkeypatch.setattr("modicum.workspace.bench.scale.ROWS", 3000)
    done = run("bench", "scale", "--data", collections, "--on", "tiny", "--json")
    assert 0 < json.loads(done.out)["rows"][0]["value"] < 1.5


@pytest.mark.long
def test_a_cluster_answers_as_this_machine_does(run, collections, monkeypatch):
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    for name, value in (("COLLECTION", "tiny"), ("SIZES", {"static": 3000}), ("KILLED", 3000)):
        monkeypatch.setattr(f"modicum.workspace.bench.cluster.{name}", value)
    done = run("bench", "scale", "--data", collections, "--on", "nodes:2", "--on", "overhead:1", "--json")
    rows = {row["measure"]: row["value"] for row in json.loads(done.out)["rows"]}
    assert rows["runs with the same rows after a node was killed"] == 2
    assert rows["equal files on Ray"] == 1.0
    assert rows["encode on Ray, 2 nodes of 1 core"] > 0


def test_outliers_are_told_by_every_score_and_marked_at_the_rate(run, tmp_path):
    folder = tmp_path / "collections" / "tiny"
    folder.mkdir(parents=True)
    for part, count in (("train", 16), ("test", 8)):
        rows = [
            f"{words[n % 8]} and {words[(n * 3 + 1) % 8]} {part} {n},{theme}"
            for theme, words in THEMES.items()
            for n in range(count)
        ]
        (folder / f"{part}.csv").write_text("\n".join(["text,category", *rows, ""]), encoding="utf-8")
    done = run("bench", "outliers", "--data", folder.parent, "--on", "tiny", "--seeds", 2, "--json")
    assert done.code == 0
    rows = [row for row in json.loads(done.out)["rows"] if row["on"].endswith("8 a class")]
    found = {row["measure"]: row for row in rows}
    shipped, plain = found["AUROC, fit --unknown"], found["AUROC, maximum softmax probability of Linear"]
    assert shipped["baseline"] == pytest.approx(plain["value"])
    assert shipped["target"] == pytest.approx(plain["value"] + 0.03)
    assert 0 <= found["false alarms at 95 % recall, nearest row"]["value"] <= 1
    assert 0 <= found["rows of known classes marked"]["value"] <= 1


def test_without_a_name_all_are_listed(run):
    listed = json.loads(run("bench", "--json").out)
    assert {"name": "fit", "on": ["banking77"], "seeds": 3} in listed
    assert all(one["name"] in run("bench").out for one in listed)


def test_unknown_benchmark_and_collection(run, collections):
    wrong = run("bench", "few-shots", "--data", collections)
    assert wrong.code == 2
    assert "did you mean 'few-shot'" in wrong.err
    absent = run("bench", "few-shot", "--data", collections, "--on", "tinny")
    assert absent.code == 2
    assert "--data DIR" in " ".join(absent.err.split())


def test_noisy_tells_what_is_found_and_what_repair_gives_back(run, collections, tmp_path, monkeypatch):
    """The peer is a script of the folder, asked with the Python that a variable names."""
    script = tmp_path / "benchmarks" / "peers" / "noisy.py"
    script.parent.mkdir(parents=True)
    script.write_text("import json\nprint(json.dumps({'0': {'self_confidence': 0.5, 'margin': 0.4}}))\n")
    monkeypatch.setenv("MODICUM_PEER_PYTHON", sys.executable)
    done = run("bench", "noisy", "--data", collections, "--on", "tiny", "--seeds", 1, "--json")
    assert done.code == 0
    rows = {(row["measure"], row["on"]): row for row in json.loads(done.out)["rows"]}
    row = rows["average precision, wrong labels", "tiny train, 10% flipped to any class"]
    assert (row["baseline"], row["target"]) == (0.5, 0.55)
    assert "margin 0.400" in row["note"]
    assert 0 <= row["value"] <= 1
    assert len(rows) == 8
    monkeypatch.delenv("MODICUM_PEER_PYTHON")
    alone = run("bench", "noisy", "--data", collections, "--on", "tiny", "--seeds", 1, "--json")
    assert json.loads(alone.out)["rows"][0]["baseline"] is None


def test_search_stands_beside_words_and_vectors_alone(run, collections):
    """A retrieval collection in the layout of BEIR, as it is and joined; a labelled one for edited queries."""
    folder = collections / "pages"
    folder.mkdir()
    words = [word for theme in THEMES.values() for word in theme]
    pages = [{"_id": str(n), "title": word, "text": f"all about {word}"} for n, word in enumerate(words)]
    asked = [{"_id": str(n), "text": f"what is {word}?"} for n, word in enumerate(words[:6])]
    for name, rows in (("corpus", pages), ("queries", asked)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    judged = "".join(f"{n}\t{n}\t1\n" for n in range(6))
    (folder / "qrels.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}", encoding="utf-8")
    done = run("bench", "search", "--data", collections, "--on", "pages", "--on", "tiny", "--seeds", 2, "--json")
    assert done.code == 0
    rows = {(row["measure"], row["on"].rpartition(", ")[0]): row for row in json.loads(done.out)["rows"]}
    short, long = ("pages, 6 queries", "pages, 8 joined, 6 queries")
    assert rows["nDCG@10, BM25 alone", short]["value"] == 1
    best = max(rows[f"nDCG@10, {arm} alone", short]["value"] for arm in ("BM25", "dense"))
    assert rows["nDCG@10, hybrid", short]["baseline"] == best
    assert rows["nDCG@10, hybrid", short]["method"] == "vectors.rank_fusion"
    assert rows["nDCG@10, hybrid", short]["target"] == pytest.approx(best + 0.02)
    assert rows["recall@100, hybrid, 50 ranked again", long]["value"] == 1
    assert rows["latency, hybrid", short]["value"] > 0
    where = "tiny test, a row of each class"
    plain = rows["unwanted class in the first 10, query as it is", where]
    assert rows["unwanted class in the first 10, query project", where]["value"] <= plain["value"]


def test_topics_stand_beside_the_peer_and_a_large_table_is_watched(run, collections, tmp_path, monkeypatch):
    script = tmp_path / "benchmarks" / "peers" / "topics.py"
    script.parent.mkdir(parents=True)
    figures = {"v": [0.5], "seconds": [10.0], "outside": [0.3], "topics": [4.0]}
    script.write_text(f"import json\nprint(json.dumps({{'tiny': {figures}}}))\n")
    monkeypatch.setenv("MODICUM_PEER_PYTHON", sys.executable)
    monkeypatch.setattr("modicum.workspace.bench.vectors.topics.ROWS", 3000)
    done = run("bench", "topics", "--data", collections, "--on", "tiny", "--seeds", 1, "--json")
    assert done.code == 0, done.err
    rows = {row["measure"]: row for row in json.loads(done.out)["rows"]}
    assert rows["V-measure with the classes, number found"]["target"] == 0.5
    assert rows["seconds to find and name topics"]["target"] == 2.0
    assert rows["rows far from every topic"]["value"] <= 0.05
    assert 0 < rows["peak memory"]["value"] < rows["peak memory"]["target"]


def test_dedup_tells_planted_copies_found(run, collections):
    done = run("bench", "dedup", "--data", collections, "--on", "tiny", "--seeds", 2, "--json")
    assert done.code == 0
    rows = {(row["method"], row["measure"]): row for row in json.loads(done.out)["rows"]}
    row = rows["data.edited_copies", "recall, planted copies"]
    assert row["target"] == 0.95
    assert row["against"] == "data.near_duplicates"
    assert "typos" in row["note"]
    assert all(0 <= row["value"] <= 1 for row in rows.values() if row["unit"] == "share")


def test_select_tells_what_choices_and_distilled_rows_are_worth(run, collections, monkeypatch):
    asked = []
    for name, value in (
        ("LINES", 60),
        ("KEPT", 10),
        ("SHOWN", 5),
        ("peak_memory", lambda told: asked.append(told) or 2),
    ):
        monkeypatch.setattr(f"modicum.workspace.bench.select.{name}", value)
    done = run("bench", "select", "--data", collections, "--on", "tiny", "--seeds", 2, "--json")
    assert done.code == 0
    rows = json.loads(done.out)["rows"]
    assert {row["method"] for row in rows if row["against"] == "rows chosen at random"} == {
        "data.importance_resampling",
        "data.quality_filter",
        "data.nearest_coreset",
        "data.diverse_sample",
        "data.quantize",
    }
    distilled = [row for row in rows if row["method"] == "data.distill_vectors"]
    assert any(row["method"] == "weights.TrajectoryMatching" for row in rows) == (find_spec("torch") is not None)
    assert {row["against"] for row in distilled} == {"the mean of each class", "one random real row of each class"}
    assert len(asked) == 2
    assert asked[0][0] == "select"


def test_rungs_stand_beside_the_vectors_as_they_are(run, collections):
    done = run("bench", "rungs", "--data", collections, "--on", "tiny", "--seeds", 2, "--json")
    assert done.code == 0
    rows = json.loads(done.out)["rows"]
    kinds = {row["measure"].removeprefix("accuracy, linear, ") for row in rows if "accuracy, linear" in row["measure"]}
    changed = {"whitened", "cut to 192", "fused with words", "without copies", "nearest half of the pool"}
    assert kinds == {"vectors as they are", *changed}
    assert {row["against"] for row in rows if row["method"]} == {"vectors as they are"}
    assert all(row["baseline"] is None for row in rows if row["measure"].endswith("vectors as they are"))


def test_select_stands_beside_the_authors_weights(run, collections, tmp_path, monkeypatch):
    """The peer is a script of the folder; here it says how many words each line has."""
    script = tmp_path / "benchmarks" / "peers" / "importance.py"
    script.parent.mkdir(parents=True)
    script.write_text(
        "import json, sys\nimport numpy as np\n"
        "lines = np.load(sys.argv[1] + '/weights.npz')['pool'].tobytes().decode().split('\\n')\n"
        "print(json.dumps({'weights': {'seconds': 5.0, 'weights': [len(line) for line in lines]}}))\n"
    )
    for name, value in (("LINES", 60), ("KEPT", 10), ("SHOWN", 5), ("peak_memory", lambda told: 2)):
        monkeypatch.setattr(f"modicum.workspace.bench.select.{name}", value)
    monkeypatch.setenv("MODICUM_PEER_PYTHON", sys.executable)
    done = run("bench", "select", "--data", collections, "--on", "tiny", "--seeds", 1, "--json")
    rows = {row["measure"]: row for row in json.loads(done.out)["rows"]}
    assert -1 <= rows["rank correlation with the authors' weights"]["value"] <= 1
    assert rows["times as fast"]["value"] > 1
