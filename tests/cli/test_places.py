"""Places that cannot be written are refused before any work is done, and nothing that lies there is lost."""

from __future__ import annotations

import pytest

from modicum.cli import options

COLUMNS = ("--text", "text", "--encoder", "hashed")
LABELLED = (*COLUMNS, "--label", "topic")
CALLS = {
    "clean": ("clean", "items.csv", *LABELLED, "--out"),
    "search": ("search", "items.csv", "rain", *COLUMNS, "--out"),
    "select": ("select", "items.csv", "--keep", 5, *COLUMNS, "--by", "diverse", "--out"),
    "dedup": ("dedup", "items.csv", *COLUMNS, "--out"),
    "dedup --copies": ("dedup", "items.csv", *COLUMNS, "--copies"),
    "predict": ("predict", "topics", "items.csv", "--out"),
    "label": ("label", "items.csv", *LABELLED, "--export"),
    "topics --assign": ("topics", "items.csv", *COLUMNS, "--assign"),
}


@pytest.fixture(autouse=True)
def table(tmp_path):
    """A table that nobody can read, and no bundle: a call that looks at them first says so, and not what is asked."""
    path = tmp_path / "items.csv"
    path.write_bytes(b"\xff\x00")
    return path


@pytest.mark.parametrize("call", CALLS)
def test_a_table_is_written_to_a_known_ending_in_a_folder_that_is_there(run, tmp_path, call):
    option = CALLS[call][-1]
    done = run(*CALLS[call], "found.xls")
    assert (done.code, done.out) == (2, "")
    assert "found.xls ends in '.xls'; a table is written as .csv, .jsonl, .parquet" in done.err
    done = run(*CALLS[call], "no/found.csv")
    assert (done.code, done.out) == (2, "")
    assert f"no/found.csv cannot be written (there is no folder no); choose another place with {option}" in done.err
    (tmp_path / "found.csv").mkdir()
    assert f"(it is a folder); choose another place with {option}" in run(*CALLS[call], "found.csv").err


@pytest.mark.parametrize("call", CALLS)
def test_no_table_is_written_over_what_is_read(run, table, tmp_path, call):
    (tmp_path / "linked.csv").symlink_to(table)
    for name in ("items.csv", table, "linked.csv"):
        done = run(*CALLS[call], name)
        assert (done.code, done.out) == (2, "")
        assert f"{name} is a file that is read, and would be replaced; choose another {CALLS[call][-1]}" in done.err
    assert table.read_bytes() == b"\xff\x00"


@pytest.mark.parametrize(
    "call",
    [
        ("select", "other.csv", "--target", "items.csv", "--keep", 5, "--out", "items.csv"),
        ("label", "other.csv", "--import", "items.csv", "--export", "items.csv"),
        ("label", "other.csv", "--export", "other.labels.jsonl"),
        ("label", "other.csv", "--journal", "mine.jsonl", "--export", "mine.jsonl"),
        ("encode", "items.parquet", "--out", "items.parquet"),
        ("clean", "other.csv", "--vectors", "v.parquet", "--out", "v.parquet"),
        ("dedup", "items.csv", "--index", "items.csv"),
    ],
    ids=lambda call: " ".join(map(str, call)),
)
def test_nor_over_anything_else_that_is_read(run, call):
    done = run(*call)
    assert (done.code, done.out) == (2, "")
    assert f"{call[-1]} is a file that is read, and would be replaced; choose another {call[-2]}" in done.err


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (("fit", "items.csv", *LABELLED), "a bundle"),
        (("tune", "items.csv", "--text", "text", "--label", "topic"), "a bundle"),
        (("topics", "items.csv", *COLUMNS), "a folder of topics"),
    ],
    ids=lambda one: one[0] if isinstance(one, tuple) else "",
)
def test_a_folder_of_something_else_is_left_alone(run, tmp_path, call, kind):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear", encoding="utf-8")
    done = run(*call, "--out", "mine")
    assert (done.code, done.out) == (2, "")
    assert f"mine exists and is not {kind}; give another --out, or move it away" in done.err
    assert (tmp_path / "mine" / "letter.txt").read_text(encoding="utf-8") == "dear"


@pytest.mark.parametrize(
    "call",
    [
        ("dedup", "items.csv", *COLUMNS, "--index"),
        ("encode", "items.csv", *COLUMNS, "--out"),
        ("bench", "few-shot", "--out"),
        ("feed", "digest", "--from", "a@example.org", "--dry-run"),
    ],
    ids=lambda call: call[0],
)
def test_other_files_lie_in_a_folder_that_is_there(run, call):
    done = run(*call, "no/found.npy")
    assert (done.code, done.out) == (2, "")
    assert f"(there is no folder no); choose another place with {call[-1]}" in done.err


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("data/tickets.2026-01.csv", "tickets.2026-01"),
        ("tickets.2026-02.JSONL.gz", "tickets.2026-02"),
        (".hidden.csv", ".hidden"),
        ("photos.2026", "photos.2026"),
        ("stdlib-docs", "stdlib-docs"),
        ("-", "table"),
    ],
)
def test_what_is_made_of_a_table_has_its_name_without_its_ending(table, name):
    assert options.stem(table) == name
