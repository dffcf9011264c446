"""Bad input: one clear sentence on standard error, exit code 2, never a traceback."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import modicum
from modicum.core import InputError
from tests.cli.conftest import lines

FIT = ("--text", "text", "--label", "topic", "--encoder", "hashed")


def refused(outcome, *words):
    """The outcome is a refusal of one sentence that holds all the words."""
    assert outcome.code == 2
    assert "Traceback" not in outcome.err
    said = " ".join(outcome.err.split())
    for word in words:
        assert word in said, said
    assert outcome.out == ""
    return True


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_missing_file_suggests_its_neighbour(run, table):
    assert refused(run("fit", "itens.csv", *FIT), "itens.csv", "items.csv")


def test_missing_column_suggests_the_nearest(run, table):
    assert refused(run("fit", table, "--text", "txt", "--label", "topic"), "'txt'", "did you mean 'text'")
    assert refused(run("fit", table, "--text", "text", "--label", "topics"), "'topics'", "did you mean 'topic'")


def test_empty_tables(run, tmp_path):
    assert refused(run("fit", write(tmp_path / "a.csv", ""), *FIT), "a.csv", "empty")
    assert refused(run("fit", write(tmp_path / "b.csv", "id,text,topic\n"), *FIT), "b.csv", "no rows")


def test_no_label_and_no_class_names(run, tmp_path):
    path = write(tmp_path / "a.csv", "text,topic\nhello,\nworld,\n")
    assert refused(run("fit", path, *FIT), "no label", "--classes")


def test_one_class_only(run, tmp_path):
    path = write(tmp_path / "a.csv", "text,topic\nhello,greeting\nworld,\n")
    assert refused(run("fit", path, *FIT), "only one class", "'greeting'")


def test_a_rate_of_unknown_rows_that_is_none(run, table):
    assert refused(run("fit", table, *FIT, "--unknown", "2"), "marked as unknown", "between 0 and 1", "not 2.0")


def test_a_seed_below_zero(run, table):
    assert refused(run("fit", table, *FIT, "--seed", "-1"), "--seed must be at least 0")


def test_labels_that_differ_only_by_case_or_blanks_are_named(run, tmp_path):
    path = write(tmp_path / "a.csv", "text,topic\nhello,Card\nworld,cash\nmy card,card \n")
    assert refused(run("fit", path, *FIT), "'Card' (row 1)", "'card' (row 3)", "--classes")
    classes = write(tmp_path / "classes.csv", 'name\nCard\n"card "\ncash\n')
    assert run("fit", path, *FIT, "--classes", classes).code == 0


def test_a_full_disk_leaves_the_old_bundle(run, table, bundle, monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    before = {file.name: file.read_bytes() for file in bundle.iterdir()}
    monkeypatch.setattr(Path, "write_bytes", full)
    assert refused(run("fit", table, *FIT, "--out", bundle), "No space left on device", "--out")
    assert {file.name: file.read_bytes() for file in bundle.iterdir()} == before
    assert [path.name for path in bundle.parent.iterdir() if path.name.startswith(".")] == []


def test_a_thousand_classes_and_one_that_only_the_class_file_knows(run, tmp_path):
    rows = [f"item number {k} of {k % 7},kind {k % 1000}" for k in range(1500)]
    path = write(tmp_path / "many.csv", "text,topic\n" + "\n".join(rows) + "\nunlabelled item,\n")
    classes = write(tmp_path / "classes.csv", "name\n" + "\n".join(f"kind {k}" for k in range(1001)) + "\n")
    done = run("fit", path, *FIT, "--classes", classes, "--budget", "1s", "--json")
    assert done.code == 0
    assert json.loads(done.out)["data"]["classes"] == 1001


def test_text_that_is_not_utf8(run, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("text,topic\nna\xefve,a\nplain,b\n".encode("latin-1"))
    assert refused(run("fit", path, *FIT), "a.csv", "UTF-8")


def test_duplicate_ids(run, tmp_path):
    path = write(tmp_path / "a.csv", "id,text,topic\n1,hello,a\n1,world,b\n")
    assert refused(run("fit", path, *FIT, "--id", "id"), "'1'", "id")


@pytest.mark.parametrize("budget", ["soon", "-5s", "0", "5 parsecs"])
def test_broken_budget(run, table, budget):
    assert refused(run("fit", table, *FIT, f"--budget={budget}"), "budget", "90s")


@pytest.mark.parametrize("alpha", ["0", "1", "-1", "nan"])
def test_broken_alpha(run, table, alpha):
    assert refused(run("fit", table, *FIT, f"--alpha={alpha}"), "alpha must lie strictly between 0 and 1")


@pytest.mark.parametrize("tolerance", ["5", "-1", "nan"])
def test_broken_tolerance(run, table, tolerance):
    assert refused(run("fit", table, *FIT, f"--tolerance={tolerance}"), "tolerance must be at least 0 and below 1")


def test_a_seed_is_not_negative(run, table):
    assert refused(run("fit", table, *FIT, "--seed=-1"), "--seed must")
    with pytest.raises(InputError, match="seed must be at least 0, not -1"):
        modicum.fit(modicum.read(table, text="text", label="topic"), seed=-1)


def test_vectors_that_do_not_fit(run, table, tmp_path, bundle):
    def given(array):
        np.save(tmp_path / "v.npy", array)
        return run("fit", table, "--text", "text", "--label", "topic", "--vectors", "v.npy", "--out", "given")

    good = np.random.default_rng(0).normal(size=(36, 8)).astype(np.float32)
    holed = good.copy()
    holed[3, 2] = np.nan
    assert refused(given(holed), "v.npy", "row 3", "NaN")
    assert refused(given(good[:5]), "v.npy", "5", "36")
    assert given(good).code == 0
    np.save(tmp_path / "v.npy", good[:, :5])
    assert refused(run("predict", "given", table, "--vectors", "v.npy"), "5 wide where 8 is expected")
    assert refused(run("fit", table, *FIT[:4], "--vectors", "w.npy"), "w.npy")


def test_labels_that_are_not_in_the_class_file(run, table, tmp_path):
    classes = write(tmp_path / "classes.csv", "name\nweather\nfood\nsports\n")
    assert refused(run("fit", table, *FIT, "--classes", classes), "'sport'", "sports")


def test_contradictory_class_file(run, table, tmp_path):
    classes = write(tmp_path / "classes.csv", "name\nweather\nfood\nsport\nfood\n")
    assert refused(run("fit", table, *FIT, "--classes", classes), "classes.csv", "'food'")


def test_output_that_cannot_be_written(run, table, tmp_path):
    assert refused(run("fit", table, *FIT, "--out", "/proc/nowhere"), "/proc")
    (tmp_path / "mine").mkdir()
    write(tmp_path / "mine" / "letter.txt", "dear")
    assert refused(run("fit", table, *FIT, "--out", "mine"), "mine", "not a bundle")
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


class TestBundles:
    def test_missing_or_something_else(self, run, bundle, table, tmp_path):
        assert refused(run("predict", "topic", table), "no bundle at topic", "did you mean 'topics'")
        (tmp_path / "other").mkdir()
        assert refused(run("report", "other"), "not a bundle")

    @pytest.mark.parametrize("name", ["arrays.safetensors", "report.json", "bundle.json"])
    def test_truncated(self, run, bundle, table, name):
        whole = (bundle / name).read_bytes()
        (bundle / name).write_bytes(whole[: len(whole) // 2])
        assert refused(run("predict", bundle, table), name)

    def test_edited_arrays(self, run, bundle, table):
        data = bytearray((bundle / "arrays.safetensors").read_bytes())
        data[-1] ^= 1
        (bundle / "arrays.safetensors").write_bytes(bytes(data))
        assert refused(run("predict", bundle, table), "not the file that was written")

    def test_edited_manifest(self, run, bundle, table):
        manifest = json.loads((bundle / "bundle.json").read_text())
        manifest["calibration"]["temperature"] = 99.0
        write(bundle / "bundle.json", json.dumps(manifest))
        assert refused(run("predict", bundle, table), "edited")

    def test_newer(self, run, bundle, table):
        manifest = json.loads((bundle / "bundle.json").read_text())
        manifest["schema"] = 99
        write(bundle / "bundle.json", json.dumps(manifest))
        assert refused(run("predict", bundle, table), "newer", "upgrade")

    def test_lacking_a_file(self, run, bundle, table):
        (bundle / "report.json").unlink()
        assert refused(run("predict", bundle, table), "lacks 'report.json'")

    def test_manifest_that_points_outside(self, run, bundle, table, tmp_path):
        secret = write(tmp_path / "secret.txt", "x")
        manifest = json.loads((bundle / "bundle.json").read_text())
        manifest["files"]["../secret.txt"] = "0" * 64
        write(bundle / "bundle.json", json.dumps(manifest))
        assert refused(run("predict", bundle, table))
        assert secret.exists()

    def test_moved_bundle_still_answers(self, run, bundle, table, tmp_path):
        shutil.move(bundle, tmp_path / "elsewhere")
        assert run("predict", "elsewhere", table).code == 0


def test_odd_texts_are_answered_not_refused(run, tmp_path):
    rows = lines()
    rows += ["x1,,", 'x2,"\u0000\u0007",', "x3,שלום עולם,", "x4,👍🏽🎉,", f"x5,{'long ' * 200_000},"]
    path = write(tmp_path / "odd.csv", "\n".join(rows) + "\n")
    done = run("fit", path, *FIT, "--json")
    assert done.code == 0
    assert json.loads(done.out)["data"]["rows"] == 41


def test_changes_of_classes_that_make_no_sense(run, bundle, table, tmp_path):
    out = ("--out", "other")
    assert refused(run("classes", bundle, "--remove", "food"), "--out", "in place")
    assert refused(run("classes", bundle, "--remove", "foot", *out), "class 'foot' is not known", "did you mean 'food'")
    assert refused(run("classes", bundle, "--remove", "food", "--remove", "sport", *out), "only 1 class would be left")
    assert refused(run("classes", bundle, "--rename", "food", *out), "--rename 'food'", "write OLD=NEW")
    assert refused(run("classes", bundle, "--rename", "food=", *out), "write OLD=NEW")
    twice = ("--rename", "food=meal", "--rename", "food=dish")
    assert refused(run("classes", bundle, *twice, *out), "--rename gives 'food' two names; give it once")
    assert refused(run("classes", bundle, *out), "nothing is to be changed", "give --add, --rename or --remove")
    assert refused(run("classes", bundle, "--rename", "food=sport", *out), "'sport' is named twice")
    assert refused(run("classes", bundle, "--add", "music", *out), "give a table of them with --examples")
    assert refused(run("classes", bundle, "--examples", table, *out), "name it with --add")
    assert refused(run("classes", bundle, "--add", "food", "--examples", table, *out), "'food' is there already")
    assert refused(
        run("classes", bundle, "--add", "music", "--examples", "songs.csv", *out), "there is no file songs.csv"
    )
    assert refused(run("classes", "topic", "--remove", "food", *out), "no bundle at topic", "did you mean 'topics'")
    (tmp_path / "mine").mkdir()
    write(tmp_path / "mine" / "letter.txt", "dear")
    assert refused(run("classes", bundle, "--remove", "food", "--out", "mine"), "mine", "not a bundle")
    assert not (tmp_path / "other").exists()


def test_unknown_option_and_verb(run):
    assert run("fit", "--colour").code == 2
    assert run("fly").code == 2
