"""`modicum search`: lists, JSON and files; lines that are typed; clear refusals."""

from __future__ import annotations

import csv
import io
import json
import sys

import numpy as np
import pytest

from modicum.cli.tables.search import _marked, _plain
from modicum.data.read import read
from modicum.workspace.search import Query, SearchSettings, open_search
from tests.encoders.images import fake

HASHED = ("--encoder", "hashed")


def found(done):
    return [hit["id"] for hit in json.loads(done.out)["hits"]]


def typed(monkeypatch, *lines):
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines) + "\n"))


def test_it_lists_rank_score_id_and_text(run, table):
    done = run("search", table, "storm in the SNOW", "--text", "text", "--mode", "lexical", "--top", 3)
    assert done.code == 0
    lines = done.out.splitlines()
    assert len(lines) == 3
    assert lines[0].split()[:3] == ["1", lines[0].split()[1], "w1"]
    assert "about storm and snow" in lines[0]


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
def test_json_holds_the_query_and_every_hit(run, table, mode):
    done = run("search", table, "cheese and soup", "--text", "text", *HASHED, "--mode", mode, "--json")
    told = json.loads(done.out)
    assert told["query"] == "cheese and soup"
    assert [hit["rank"] for hit in told["hits"]] == list(range(1, len(told["hits"]) + 1))
    assert {hit["id"][0] for hit in told["hits"][:3]} == {"f"}
    lists = {"hybrid": {"lexical", "dense"}, "dense": {"dense"}, "lexical": {"lexical"}}[mode]
    assert set(told["hits"][0]) == {"rank", "id", "score", "text"} | lists


def test_like_a_row_but_not_like_another(run, table):
    like = found(run("search", table, "--like", "w0", "--text", "text", *HASHED, "--json"))
    assert "w0" not in like
    fewer = found(run("search", table, "--like", "w0", "--unlike", like[0], "--text", "text", *HASHED, "--json"))
    assert like[0] not in fewer
    without = found(
        run("search", table, "storm snow", "--unlike", "snow", "--text", "text", "--mode", "lexical", "--json")
    )
    texts = dict(zip(*(read(table, text="text", id="id").columns[name] for name in ("id", "text")), strict=True))
    assert without
    assert all("storm" in texts[name] and "snow" not in texts[name] for name in without)


def test_filter_and_file(run, table, tmp_path):
    done = run(
        "search", table, "soup", "--text", "text", *HASHED, "--filter", "topic=sport", "--top", 99, "--out", "found.csv"
    )
    assert done.code == 0
    assert "rows written to found.csv" in done.err
    with (tmp_path / "found.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert list(rows[0]) == ["rank", "id", "score", "lexical", "dense", "text", "topic"]
    assert {row["topic"] for row in rows} == {"sport"}


def test_ranking_again_by_passages(run, table):
    done = run("search", table, "soup", "--text", "text", *HASHED, "--rerank", 5, "--json")
    assert json.loads(done.out)["hits"][0]["passages"] is not None


def test_given_vectors_answer_for_rows(run, table, tmp_path):
    np.save(tmp_path / "X.npy", np.eye(36, dtype=np.float32) + 1)
    done = run("search", table, "--like", "w0", "--text", "text", "--mode", "dense", "--vectors", "X.npy", "--json")
    assert len(found(done)) == 10


def test_images_are_searched_by_row_and_by_text(run, tmp_path, monkeypatch):
    fake.install(monkeypatch, library="open_clip", texts=True)
    fake.save_pictures(tmp_path / "photos")
    weights = fake.save_weights(tmp_path / "weights", library="open_clip")
    encoder = ("--encoder", f"open_clip:{weights}", "--json")
    asked = json.loads(run("search", "photos", "a green thing", *encoder).out)["hits"]
    assert all("green" in hit["text"] for hit in asked[:8])
    like = json.loads(run("search", "photos", "--like", asked[0]["id"], *encoder).out)["hits"]
    assert all("green" in hit["text"] for hit in like[:7])
    refused = run("search", "photos", "green", "--mode", "lexical", *encoder)
    assert refused.code == 2
    assert "images, which have no words; use --mode dense" in " ".join(refused.err.split())
    fake.install(monkeypatch, library="timm")
    alone = f"timm:{fake.save_weights(tmp_path / 'alone')}"
    assert "knows images alone; search by row" in run("search", "photos", "green", "--encoder", alone).err


class TestLines:
    def answers(self, run, table, monkeypatch, *lines):
        typed(monkeypatch, *lines)
        done = run("search", table, "--text", "text", *HASHED, "--json")
        assert done.code == 0
        return [json.loads(line) for line in done.out.splitlines()], done.err

    def test_every_line_is_answered_until_the_end(self, run, table, monkeypatch):
        told, _ = self.answers(run, table, monkeypatch, "soup", "", "storm", ":quit", "goal")
        assert [one["query"] for one in told] == ["soup", "storm"]

    def test_commands(self, run, table, monkeypatch):
        lines = ("soup", ":not f0", ":not bread and butter", ":like w0", ":top 2", "storm", ":help")
        told, err = self.answers(run, table, monkeypatch, *lines)
        assert [one["unlike"] for one in told] == [[], ["f0"], ["f0", "bread and butter"], [], []]
        assert told[3]["like"] == ["w0"]
        assert len(told[4]["hits"]) == 2
        assert ":not ID|TEXT" in err

    def test_a_wrong_line_loses_nothing(self, run, table, monkeypatch):
        wrong = (":not f0", ":like w99", ":fly", ":like", ":top none", ":top ²", "soup", ":not 99", ":not bread")
        told, err = self.answers(run, table, monkeypatch, *wrong)
        assert [one["unlike"] for one in told] == [[], ["bread"]]
        for said in (
            "there is none yet; write one first",
            "no row with the id 'w99'",
            "the command :fly is not known; :help lists them",
            ":like names no row; write :like ID",
            ":top needs a number of at least 1, not 'none'",
            ":top needs a number of at least 1, not '²'",
            "no row with the id '99'",
        ):
            assert said in " ".join(err.split())

    def test_a_line_that_is_no_utf_8_is_refused_by_itself(self, run, table, monkeypatch):
        lines = io.BytesIO(b"soup\ncaf\xe9\nstorm\n")
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(lines, encoding="utf-8"))
        done = run("search", table, "--text", "text", *HASHED, "--json")
        assert [json.loads(line)["query"] for line in done.out.splitlines()] == ["soup", "storm"]
        assert done.err == "error: the line b'caf\\xe9' is not UTF-8; send it so\n"

    def test_a_terminal_gets_a_prompt(self, run, table, monkeypatch):
        asked = []
        lines = iter(["soup"])

        def answer(prompt):
            asked.append(prompt)
            try:
                return next(lines)
            except StopIteration:
                raise EOFError from None

        monkeypatch.setattr("builtins.input", answer)
        monkeypatch.setattr("modicum.cli.prompt._is_typed", lambda: True)
        done = run("search", table, "--text", "text", "--mode", "lexical")
        assert asked == ["search> ", "search> "]
        assert "36 rows; a line is a query" in done.err


class TestMarks:
    def opened(self, *texts):
        return open_search(read(list(texts)), settings=SearchSettings(mode="lexical"))

    def marked(self, text, query, room):
        shown = _marked(self.opened(text), Query(query), text, room)
        return shown.plain, [shown.plain[span.start : span.end] for span in shown.spans]

    def test_words_of_the_query_are_marked(self):
        assert self.marked("Cards are lost", "card", 40) == ("Cards are lost", ["Cards"])

    def test_a_long_text_is_cut_about_the_first_of_them(self):
        plain, marks = self.marked("word " * 50 + "a lost card " + "word " * 50, "card", 30)
        assert marks == ["card"]
        assert len(plain) == 30
        assert plain[0] == plain[-1] == "…"
        assert self.marked("word " * 50 + "card", "card", 30)[1] == ["card"]
        assert self.marked("a " + "x" * 52 + " and some more words", "x" * 52, 24)[1] == ["x" * 21 + "…"]
        assert self.marked("x" * 90, "card", 30) == ("x" * 29 + "…", [])

    def test_what_a_terminal_would_obey_is_left_out(self):
        assert _plain("a\x1b[31m\nred\u202e text ") == "a [31m red text"


def test_refusals(run, table):
    def refused(*more, code=2):
        done = run("search", table, *more, "--text", "text", *HASHED)
        assert done.code == code
        return " ".join(done.err.split())

    assert "has no row with the id 'w99'; did you mean 'w9'" in refused("--like", "w99")
    assert "no row with the id '99'" in refused("soup", "--unlike", 99)
    assert "the query is empty" in refused(" ")
    assert "mode 'hybird' is not known; did you mean 'hybrid'" in refused("soup", "--mode", "hybird")
    assert "language 'englisch' is not known; did you mean 'english'" in refused("soup", "--language", "englisch")
    assert "no column 'topik' (--filter); did you mean 'topic'" in refused("soup", "--filter", "topik=food")
    assert "has topic=foot; did you mean 'food'" in refused("soup", "--filter", "topic=foot")
    assert "--out needs a query; give QUERY or --like ROW" in refused("--out", "found.csv")
    assert "'.xlsx'" in refused("soup", "--out", "found.xlsx")
    assert "nothing found: no row holds a word of the query" in refused("zebra", "--mode", "lexical", code=0)


def test_a_table_from_standard_input_needs_a_query(run):
    done = run("search", "-", "--text", "text")
    assert done.code == 2
    assert "a table from standard input needs a query" in " ".join(done.err.split())
