"""`modicum label`: labels in and out without a page, refusals, and a real server that is killed while it works."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from modicum.workspace.loop import read_journal
from tests.cli.conftest import lines

COLUMNS = ("--text", "text", "--label", "topic", "--encoder", "hashed")
CALLER = """
import json, sys, urllib.request
url, count, first = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for n in range(count):
    row = (first + n) % 36
    body = {"who": "ana", "tab": "t", "kind": "label", "rows": [row], "classes": [n % 3], "ask": False}
    body["request"] = f"{first}-{n}"
    ask = urllib.request.Request(url + "api/answer", json.dumps(body).encode(), {"content-type": "application/json"})
    print(json.load(urllib.request.urlopen(ask))["event"], row, n % 3, flush=True)
"""
"""Answers row after row and prints what was acknowledged; in a process of its own, as tests have no sockets."""


@pytest.fixture
def start(table):
    """Start a server on the table; returns the process and the page's address."""
    running = []

    def start_(*more):
        command = [sys.executable, "-m", "modicum", "label", str(table), *COLUMNS, "--no-open", "--json", "--port", "0"]
        process = subprocess.Popen([*command, *more], stdout=subprocess.PIPE, text=True, cwd=table.parent)
        running.append(process)
        told = ""
        while not told.rstrip().endswith("}"):
            line = process.stdout.readline()
            assert line, "the server ended"
            told += line
        return process, json.loads(told)["url"]

    yield start_
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


def test_labels_go_in_and_out_without_a_page(run, table):
    path = table.parent / "more.json"
    text = lines()[9].split(",")[1]
    path.write_text(json.dumps([{"text": text, "label": "music"}, {"text": "unknown", "label": "food"}]))
    done = run("label", table, *COLUMNS, "--import", path, "--export", "out.csv")
    assert done.code == 0, done.err
    told = "1 label was added to items.labels.jsonl; 1 new class: music; 1 is for a text that the table does not have."
    assert told in done.out
    assert "out.csv: 36 rows, 19 of them labelled.\nUse it: modicum fit out.csv --text text --label topic\n" in done.out
    rows = list(csv.DictReader((table.parent / "out.csv").read_text().splitlines()))
    assert [row["topic"] for row in rows if row["label_source"] == "answer"] == ["music"]
    again = json.loads(run("label", table, *COLUMNS, "--import", path, "--json").out)
    assert (again["imported"], again["repeated"]) == (0, 1)
    assert run("fit", "out.csv", "--text", "text", "--label", "topic", "--encoder", "hashed", "--budget", "2").code == 0


def test_several_labels_a_row_go_in_and_out_and_into_fit(run, table):
    texts = [line.split(",")[1] for line in lines()[1:]]
    names = [("food",), (), ("food", "sport"), ("sport",), ("weather",), ("sport", "weather"), ("food",), ()]
    entries = [{"text": text, "label": list(found)} for text, found in zip(texts, names, strict=False)]
    (table.parent / "sets.json").write_text(json.dumps(entries))
    bare = table.parent / "bare.csv"
    bare.write_text("text\n" + "\n".join(texts) + "\n")
    call = ("label", bare, "--text", "text", "--separator", "|", "--encoder", "hashed")
    done = run(*call, "--import", "sets.json", "--export", "out.csv")
    assert done.code == 0, done.err
    assert "8 answers were added to bare.labels.jsonl; 3 new classes: food, sport, weather." in done.out
    assert "8 of them labelled.\nUse it: modicum fit out.csv --text text --label labels --separator '|'\n" in done.out
    rows = list(csv.DictReader((table.parent / "out.csv").read_text().splitlines()))
    assert [row["labels"] for row in rows[:9]] == [*("|".join(found) or "|" for found in names), ""]
    fitted = ("--text", "text", "--label", "labels", "--separator", "|", "--encoder", "hashed", "--budget", "2")
    assert run("fit", "out.csv", *fitted).code == 0
    refused = run("label", bare, "--text", "text", "--encoder", "hashed", "--export", "out.csv")
    assert (refused.code, "holds rows with several labels, or known to have none" in refused.err) == (2, True)
    assert run("label", bare, "--text", "text", "--separator", " ", "--export", "out.csv").code == 2


def test_columns_of_yes_and_no_can_be_labelled(run, table):
    flags = table.parent / "flags.csv"
    flags.write_text("text,red,round\na,1,0\nb,0,0\nc,,\n")
    call = ("label", flags, "--text", "text", "--label", "red", "--label", "round", "--encoder", "hashed")
    (table.parent / "in.json").write_text('[{"text": "c", "label": ["red", "round"]}]')
    done = run(*call, "--import", "in.json", "--export", "out.csv")
    assert done.code == 0, done.err
    rows = list(csv.DictReader((table.parent / "out.csv").read_text().splitlines()))
    assert [(row["red"], row["labels"]) for row in rows] == [("1", "red"), ("0", "|"), ("", "red|round")]


def test_a_column_of_the_users_own_is_not_written_over(run, table):
    own = table.parent / "own.csv"
    own.write_text("message,label,topic\na,gold,x\nb,gold,\n")
    done = run("label", own, "--text", "message", "--encoder", "hashed", "--export", "out.csv")
    assert "Use it: modicum fit out.csv --text message --label label_2\n" in done.out
    rows = list(csv.DictReader((table.parent / "out.csv").read_text().splitlines()))
    assert [(row["label"], row["label_2"], row["topic"]) for row in rows] == [("gold", "", "x"), ("gold", "", "")]
    assert run("label", own, "--text", "label", "--encoder", "hashed", "--export", "out.csv").code == 0
    rows = list(csv.DictReader((table.parent / "out.csv").read_text().splitlines()))
    assert [row["label"] for row in rows] == ["gold", "gold"], "the texts themselves"


def test_contradictory_class_files_are_told(run, table):
    (table.parent / "classes.csv").write_text("name\nfood\nsport\nmusic\n")
    done = run("label", table, *COLUMNS, "--classes", "classes.csv", "--export", "out.jsonl")
    assert done.code == 0
    assert "The class 'weather' stands in 6 rows" in done.err
    (table.parent / "classes.csv").write_text("name\nfood\nfood\n")
    done = run("label", table, *COLUMNS, "--classes", "classes.csv", "--export", "out.jsonl")
    assert (done.code, "is named twice" in done.err) == (2, True)


def test_a_torn_journal_is_told_and_labels_stay(run, table):
    path = table.parent / "more.json"
    path.write_text(json.dumps([{"text": lines()[9].split(",")[1], "label": "food"}]))
    run("label", table, *COLUMNS, "--import", path)
    journal = table.parent / "items.labels.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"n":3,"kind":"la')
    done = run("label", table, *COLUMNS, "--export", "out.csv")
    assert done.code == 0
    assert "ended in the middle of a line (17 bytes)" in done.err
    assert "19 of them labelled" in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--query", "labels.label_issues"), "--query 'labels.label_issues' is not known; did you mean 'labels."),
        (("--query", "labels.margin_quer"), "did you mean 'labels.margin_query'"),
        (("--query", "labels.self_paced_split"), "--query 'labels.self_paced_split' is not known"),
        (("--host", "0.0.0.0"), "can be reached from other machines; give a secret with --token-file"),
        (("--token-file", "missing"), "--token-file names a file that holds the secret"),
        (("--chance", "2"), "must lie between 0 and 1, not 2"),
        (("--journal", "items.csv"), "is not a journal of modicum; choose another place with --journal"),
        (("--journal", ""), "is a folder, not a file; choose another place with --journal"),
        (("--export", "out.exe"), "is written as .csv, .jsonl, .parquet"),
        (("--import", "none.json"), "cannot be read"),
    ],
)
def test_refusals_are_one_sentence(run, table, arguments, words):
    before = table.read_bytes()
    done = run("label", table, *COLUMNS, *arguments)
    assert done.code == 2
    assert words in done.err
    assert "Traceback" not in done.err
    assert table.read_bytes() == before


def test_kill_at_any_moment_loses_nothing_that_was_acknowledged(start, table):
    journal = table.parent / "items.labels.jsonl"
    told = {}
    for turn in range(3):
        server, url = start()
        caller = subprocess.Popen(
            [sys.executable, "-c", CALLER, url, "400", str(1000 * turn)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(15 + 20 * turn):
            event, row, code = map(int, caller.stdout.readline().split())
            told[event] = (row, code)
        server.send_signal(signal.SIGKILL)
        server.wait()
        for line in caller.stdout:
            event, row, code = map(int, line.split())
            told[event] = (row, code)
        caller.wait()
        caller.stdout.close()
        ids = [line.split(",")[0] for line in lines()[1:]]
        there = {e.n: (ids.index(e.items[0][0]), e.classes[0]) for e in read_journal(journal)[0] if e.kind == "label"}
        names = ["food", "sport", "weather"]
        assert {n: (row, names[code]) for n, (row, code) in told.items()}.items() <= there.items()


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_ends_cleanly_and_a_second_server_is_refused(start, run, table):
    server, _ = start()
    done = run("label", table, *COLUMNS, "--no-open", "--port", "0")
    assert (done.code, "is open in another modicum label" in done.err) == (2, True)
    server.send_signal(signal.SIGINT)
    assert server.wait(timeout=60) == 0
    assert Path(table.parent / "items.labels.jsonl").exists()
    assert run("label", table, *COLUMNS, "--export", "out.csv").code == 0
