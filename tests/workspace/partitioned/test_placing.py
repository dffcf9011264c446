"""Rows put into kept topics in partitions: the topics of one run, whoever works, however often it was killed."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from modicum.core import InputError
from modicum.data import read
from modicum.workspace import Where, place_file
from modicum.workspace.executors import InProcess, Sizes
from modicum.workspace.executors.processes import Processes
from modicum.workspace.partitioned import placing
from modicum.workspace.topics import TopicSettings, save_topics, topics_of

THEMES = ("the {} train to Leeds was late on platform {}", "a bowl of {} soup with bread number {}", "her {} knight {}")
WORDS = ("red", "cold", "early", "second", "strange")


def lines(rows):
    texts = [THEMES[n % 3].format(WORDS[n % 5], n % 11) for n in range(rows)]
    for odd in range(7, rows, 40):
        texts[odd] = "" if odd % 80 == 7 else f"zebra quartz {odd} volcano"
    return texts


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A table of 900 rows, and the folder of its topics; partitions are small."""
    monkeypatch.setattr(placing, "Sizes", lambda: Sizes(40, 100))
    table = tmp_path / "in.csv"
    table.write_text("text,n\n" + "".join(f"{text},{n}\n" for n, text in enumerate(lines(900))), encoding="utf-8")
    found = topics_of(
        read(table, text="text"), encoder="hashed", settings=TopicSettings(topics=3, map_points=0, threads=1)
    )
    save_topics(found, tmp_path / "topics")
    return table, tmp_path / "topics"


def rows(file):
    with file.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def placed(monkeypatch, kept, out, workers=None, **more):
    monkeypatch.setattr(Where, "workers", lambda self, many=True: workers or InProcess(1))
    return place_file(kept[1], kept[0], out, text="text", **more)


def test_rows_are_those_of_the_run_that_found_the_topics(monkeypatch, kept, tmp_path):
    assert placed(monkeypatch, kept, tmp_path / "out.csv") == 900
    whole, here = rows(kept[1] / "rows.csv"), rows(tmp_path / "out.csv")
    exact = ("id", "topic", "topic_name", "far", "text", "n")
    assert [{name: row[name] for name in exact} for row in here] == [{n: row[n] for n in exact} for row in whole]
    assert sum(row["far"] == "true" for row in here) > 5
    assert {row["topic"] for row in here} == {"0", "1", "2", ""}
    for name in ("similarity", "confidence"):  # the last bit of a product depends on the rows beside it
        np.testing.assert_allclose(*([float(row[name]) for row in some] for some in (here, whole)), atol=1.01e-4)


def test_workers_make_the_same_file_and_go_on_from_parts(monkeypatch, kept, tmp_path):
    placed(monkeypatch, kept, tmp_path / "here.csv")
    placed(monkeypatch, kept, tmp_path / "there.csv", Processes(2))
    assert (tmp_path / "there.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()
    ended = {"after": 4}

    def ending(stage, done, total):
        ended["after"] -= 1
        if ended["after"] == 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        placed(monkeypatch, kept, tmp_path / "again.csv", progress=ending)
    assert len(list((tmp_path / "again.csv.parts").glob("0*"))) == 4
    placed(monkeypatch, kept, tmp_path / "again.csv", Processes(2))
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()


def test_parts_of_other_topics_are_refused(monkeypatch, kept, tmp_path):
    def ending(stage, done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        placed(monkeypatch, kept, tmp_path / "out.csv", progress=ending)
    file = kept[1] / "topics.json"
    told = json.loads(file.read_text(encoding="utf-8"))
    told["topics"][0]["name"] = "another name"
    file.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(InputError, match=r"parts of another run \(its topics differed\)"):
        placed(monkeypatch, kept, tmp_path / "out.csv")


def test_refusals(monkeypatch, kept, tmp_path):
    with pytest.raises(InputError, match="lies in the folder of the topics"):
        placed(monkeypatch, kept, kept[1] / "out.csv")
    with pytest.raises(InputError, match=r"missing\.csv"):
        place_file(kept[1], tmp_path / "missing.csv", tmp_path / "out.csv")
    table = read(kept[0], text="text")
    vectors = np.random.default_rng(0).normal(size=(900, 4))
    save_topics(topics_of(table, vectors=vectors, settings=TopicSettings(topics=2, map_points=0)), tmp_path / "given")
    with pytest.raises(InputError, match="precomputed vectors, and texts alone tell none; find topics with an encoder"):
        place_file(tmp_path / "given", kept[0], tmp_path / "out.csv", text="text")
