"""Images through the verbs, with a library that needs no weights: a folder or a table in, a bundle out, and back."""

from __future__ import annotations

import csv
import io
import json
import shutil

import numpy as np
import pytest

from tests.cli.test_bad_input import refused, write
from tests.encoders.images import fake


@pytest.fixture
def asked(monkeypatch):
    """Names of the files that are decoded."""
    return fake.install(monkeypatch, "hf", texts=True)


@pytest.fixture
def encoder(tmp_path, asked):
    return f"hf:{fake.save_weights(tmp_path / 'weights', 'hf')}"


@pytest.fixture
def photos(tmp_path):
    return fake.save_pictures(tmp_path / "photos")


@pytest.fixture
def pets(photos, tmp_path):
    """A table beside the photos, with as many labels."""
    rows = [
        f"photos/{f.relative_to(photos)},{f.parent.name if f.parent != photos else ''}" for f in photos.rglob("*.ppm")
    ]
    return write(tmp_path / "pets.csv", "\n".join(["file,colour", *sorted(rows)]) + "\n")


def answers(outcome):
    assert outcome.code == 0, outcome.err
    return list(csv.DictReader(io.StringIO(outcome.out)))


def test_a_folder_end_to_end(run, photos, encoder, asked, tmp_path):
    done = run("fit", photos, "--encoder", encoder, "--budget", "5s", "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report["bundle"] == "photos.bundle"
    assert report["data"] | {"rows": 24, "labelled": 15, "classes": 3, "kind": "images"} == report["data"]
    assert report["encoder"]["name"] == encoder
    assert report["summary"][0].startswith("The table holds 24 images in 3 classes")
    assert report["shortcuts"] is None
    assert len(asked) == 24
    new = tmp_path / "new"
    for n, colour in enumerate(fake.COLOURS):
        new.mkdir(exist_ok=True)
        (new / f"{colour}.ppm").write_bytes(fake.ppm(colour, 900 + n))
    rows = answers(run("predict", "photos.bundle", new))
    assert {row["id"]: row["prediction"] for row in rows} == {f"{c}.ppm": c for c in fake.COLOURS}
    assert len(asked) == 27
    assert answers(run("predict", "photos.bundle", new / "blue.ppm"))[0]["prediction"] == "blue"
    assert len(asked) == 27  # met before


def test_a_second_fit_decodes_nothing(run, photos, encoder, asked):
    for _ in range(2):
        assert run("fit", photos, "--encoder", encoder, "--budget", "2s").code == 0
    assert len(asked) == 24


def test_an_index_of_images_is_refused_before_any_is_decoded(run, photos, encoder, asked):
    done = run("fit", photos, "--encoder", encoder, "--index")
    assert (done.code, done.out) == (2, "")
    assert "--index needs an encoder of texts; leave it out with images and with --vectors" in done.err
    assert not asked


def test_a_table_end_to_end(run, pets, encoder, photos, tmp_path):
    done = run("fit", pets, "--image", "file", "--label", "colour", "--encoder", encoder, "--out", "colours", "--json")
    assert json.loads(done.out)["data"]["text_column"] == "file"
    rows = answers(run("predict", "colours", pets))
    assert all(row["prediction"] in row["file"] for row in rows)
    assert answers(run("predict", "colours", photos))[0]["prediction"] == "blue"
    elsewhere = write(tmp_path / "other.csv", f"picture\n{photos / 'red' / '0.ppm'}\n")
    assert answers(run("predict", "colours", elsewhere, "--image", "picture"))[0]["prediction"] == "red"


def test_names_alone_answer_where_texts_share_the_space(run, photos, encoder, tmp_path):
    for folder in list(fake.COLOURS):
        shutil.move(photos / folder, photos / f"_{folder}")
    classes = write(tmp_path / "classes.csv", "name\nred\ngreen\nblue\n")
    done = run("fit", photos, "--classes", classes, "--encoder", encoder, "--out", "b", "--json")
    assert json.loads(done.out)["data"]["labelled"] == 0
    assert all(row["prediction"] in row["id"] for row in answers(run("predict", "b", photos)))


def test_without_names_the_ladder_begins_at_the_labels(run, photos, tmp_path, monkeypatch):
    fake.install(monkeypatch, "timm")
    folder = fake.save_weights(tmp_path / "t")
    done = run("fit", photos, "--encoder", f"timm:{folder}", "--out", "b", "--json")
    tried = {entry["name"] for entry in json.loads(done.out)["ladder"] if entry["status"] == "tried"}
    assert "linear" in tried
    assert "names" not in tried
    classes = write(tmp_path / "classes.csv", "name\nred\ngreen\nblue\n")
    for colour in fake.COLOURS:
        shutil.rmtree(photos / colour)
    assert refused(run("fit", photos, "--encoder", f"timm:{folder}", "--classes", classes), "label a few rows")


def test_encode_writes_vectors(run, photos, pets, encoder, tmp_path):
    assert run("encode", photos, "--encoder", encoder, "--out", "a.npy").code == 0
    assert run("encode", pets, "--image", "file", "--encoder", encoder, "--out", "b.npy").code == 0
    a, b = (np.load(tmp_path / name) for name in ("a.npy", "b.npy"))
    assert a.shape == b.shape == (24, 3)
    np.testing.assert_allclose(np.linalg.norm(a, axis=1), 1, rtol=1e-6)


def test_precomputed_vectors_need_no_library(run, photos, tmp_path):
    np.save(tmp_path / "v.npy", np.random.default_rng(0).normal(size=(24, 4)))
    assert run("fit", photos, "--vectors", "v.npy", "--out", "b", "--budget", "2s").code == 0


def test_copies_stay_on_one_side_and_contradictions_are_told(run, photos, encoder):
    shutil.copy(photos / "red" / "0.ppm", photos / "blue" / "copy.ppm")
    report = json.loads(run("fit", photos, "--encoder", encoder, "--json").out)
    assert report["data"]["duplicates"] == 1
    assert [entry["ids"] for entry in report["conflicts"]] == [["blue/copy.ppm", "red/0.ppm"]]


class TestRefusals:
    def test_file_and_row_of_a_broken_image(self, run, pets, photos, encoder):
        (photos / "green" / "2.ppm").write_bytes(b"P5")
        fit = run("fit", pets, "--image", "file", "--label", "colour", "--encoder", encoder, "--out", "b")
        assert refused(fit, "pets.csv, row ", "photos/green/2.ppm is not an image", "remove it")
        assert refused(run("encode", photos, "--encoder", encoder, "--out", "v.npy"), "photos/green/2.ppm is not an")

    def test_row_of_a_broken_image_far_down_a_stream(self, run, pets, photos, encoder, tmp_path, monkeypatch):
        monkeypatch.setattr("modicum.workspace.predicting.IMAGES", 10)
        assert run("fit", photos, "--encoder", encoder, "--out", "b", "--budget", "2s").code == 0
        (tmp_path / "bad.ppm").write_bytes(b"")
        table = write(tmp_path / "new.csv", "image\n" + "photos/red/0.ppm\n" * 33 + "bad.ppm\n")
        done = run("predict", "b", table, "--out", "a.csv")
        assert refused(done, "new.csv, row 34", "bad.ppm is not an image")
        assert not (tmp_path / "a.csv").exists()

    def test_missing_file(self, run, encoder, tmp_path):
        table = write(tmp_path / "pets.csv", "file,colour\ngone.ppm,red\n")
        fit = run("fit", table, "--image", "file", "--label", "colour", "--encoder", encoder)
        assert refused(fit, "pets.csv, row 1", "there is no image file", "gone.ppm")

    def test_no_encoder_or_one_of_texts(self, run, photos, pets):
        assert refused(run("fit", photos), "images need an encoder of images", "--encoder", "timm:NAME")
        assert refused(run("fit", photos, "--encoder", "hashed"), "'hashed' is not one of images")
        assert refused(run("encode", photos, "--out", "v.npy"), "images need an encoder of images")

    def test_an_encoder_of_images_for_texts(self, run, pets, encoder):
        done = run("fit", pets, "--text", "file", "--label", "colour", "--encoder", encoder)
        assert refused(done, "is one of images", "--image")

    def test_modes_are_for_texts(self, run, photos, encoder):
        for mode in ("fast", "static", "cascade"):
            done = run("fit", photos, "--encoder", encoder, "--encoder-mode", mode)
            assert refused(done, f"encoder mode '{mode}' is for")

    def test_bundles_know_what_they_answer_for(self, run, table, bundle, photos, encoder):
        assert refused(run("predict", bundle, photos), "made from texts, not from images")
        assert refused(run("predict", bundle, table, "--image", "text"), "made from texts, not from images")
        assert run("fit", photos, "--encoder", encoder, "--out", "b", "--budget", "2s").code == 0
        assert refused(run("predict", "b", table, "--text", "text"), "made from images", "--image")
        assert refused(run("predict", "b", table), "has no column 'image' (--image)")

    def test_columns_of_a_folder(self, run, photos, encoder):
        done = run("fit", photos, "--label", "colour", "--encoder", encoder)
        assert refused(done, "no columns that --label could name", "sub-folders are the labels")
