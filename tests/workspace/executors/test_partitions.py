"""Runs in partitions: each row once and in order, whatever was done before, and nothing of another run mixed in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.data.read import partitions
from modicum.data.write import join_tables, table_part
from modicum.workspace.executors import InProcess, Sizes, peeked, run_partitions
from modicum.workspace.executors.processes import Processes

ROWS = 25
FACTS = {"table": "digest of the table"}
SIZES = Sizes(4, 4)


@dataclass(frozen=True)
class Shouting:
    """Texts in capitals; `broken` is one that ends the run."""

    out: Path
    broken: str = ""
    fatal: bool = False

    def open(self, threads):
        return self.answer

    def answer(self, part):
        table = part.table()
        if self.broken in table.texts:
            if self.fatal:
                raise SystemExit(3)
            raise InputError(f"row {self.broken} is wrong")
        return table_part(self.out, {"id": table.ids, "loud": [text.upper() for text in table.texts]})


@pytest.fixture
def source(tmp_path):
    file = tmp_path / "in.csv"
    file.write_text("text\n" + "".join(f'"row\n{n}"\n' for n in range(ROWS)), encoding="utf-8")
    return file


def run(source, out, workers=None, facts=FACTS, **work):
    parts = partitions(source, SIZES, text="text")
    chosen = workers or InProcess()
    return run_partitions(out, parts, Shouting(out, **work), facts=facts, workers=chosen, join=join_tables)


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_the_file_is_that_of_one_run_and_nothing_else_is_left(source, tmp_path, ending):
    out, whole = tmp_path / f"out.{ending}", tmp_path / f"whole.{ending}"
    assert run(source, out) == ROWS
    columns = {"id": [str(n) for n in range(ROWS)], "loud": [f"ROW\n{n}" for n in range(ROWS)]}
    if ending != "parquet":
        assert out.read_bytes() == table_part(whole, columns)
    else:
        assert pq.read_table(out).to_pydict() == columns
    assert {file.name for file in tmp_path.iterdir()} == {"in.csv", out.name}


@pytest.mark.parametrize("workers", [None, Processes(2)])
def test_a_run_that_ended_goes_on_from_its_parts(source, tmp_path, workers):
    out = tmp_path / "out.csv"
    with pytest.raises(InputError, match="row row\n17 is wrong"):
        run(source, out, workers, broken="row\n17")
    folder = tmp_path / "out.csv.parts"
    done = {file.name for file in folder.glob("0*")}
    assert done  # several workers end in any order
    assert "000004.16-20.csv" not in done
    (folder / ".000004.16-20.csv.new-1234").write_text("half")
    for name in done:  # so that it shows which parts are taken as they are
        (folder / name).write_text((folder / name).read_text().replace("ROW", "KEPT"))
    assert run(source, out, workers) == ROWS
    kept = 4 * len(done)
    assert out.read_text().count("KEPT") == kept
    assert out.read_text().count("ROW") == ROWS - kept
    assert not folder.exists()


def test_parts_of_another_run_are_refused(source, tmp_path):
    out = tmp_path / "out.csv"
    with pytest.raises(InputError, match="is wrong"):
        run(source, out, broken="row\n17")
    with pytest.raises(InputError, match=r"parts of another run \(its table differed\); remove that folder"):
        run(source, out, facts={"table": "another"})
    (tmp_path / "out.csv.parts" / "manifest.json").write_text("{")
    with pytest.raises(InputError, match="parts of another run"):
        run(source, out)


def test_two_runs_do_not_write_one_file(source, tmp_path):
    folder = tmp_path / "out.csv.parts"
    folder.mkdir()
    with FileLock(folder / "lock"), pytest.raises(InputError, match="being written by another run"):
        run(source, tmp_path / "out.csv")


def test_the_manifest_tells_what_the_parts_are_of(source, tmp_path):
    out = tmp_path / "out.csv"
    with pytest.raises(InputError, match="is wrong"):
        run(source, out, broken="row\n17")
    assert json.loads((tmp_path / "out.csv.parts" / "manifest.json").read_text()) == {"schema": 1, **FACTS}


def test_a_run_that_goes_on_tells_the_rows_that_are_there(source, tmp_path):
    out, told = tmp_path / "OUT.CSV", []
    with pytest.raises(InputError, match="is wrong"):
        run(source, out, broken="row\n17")
    names = {file.name for file in (tmp_path / "OUT.CSV.parts").iterdir()}
    assert names == {"lock", "manifest.json", *(f"{n:06d}.{4 * n}-{4 * n + 4}.csv" for n in range(4))}
    parts = partitions(source, SIZES, text="text")
    settings = {"facts": FACTS, "workers": InProcess(), "join": join_tables}
    assert run_partitions(out, parts, Shouting(out), progress=lambda *seen: told.append(seen), **settings) == ROWS
    assert told == [("rows", rows, rows) for rows in (4, 8, 12, 16, 20, 24, 25)]


def test_a_manifest_that_says_nothing_is_no_manifest(source, tmp_path):
    folder = tmp_path / "out.csv.parts"
    folder.mkdir()
    for said in ("[]", "{", '{"schema": 1, "table": "another"}'):
        (folder / "manifest.json").write_text(said)
        assert run(source, tmp_path / "out.csv") == ROWS, "without a part there is nothing that could be mixed"
        folder.mkdir()


def test_a_place_where_no_folder_can_be_made_is_told(source, tmp_path):
    with pytest.raises(
        InputError, match=r"out\.csv\.parts cannot be made \(No such file or directory\); choose another"
    ):
        run(source, tmp_path / "no" / "out.csv")


def test_a_worker_that_fails_is_told(source, tmp_path, capfd):
    with pytest.raises(RuntimeError, match="worker process failed"):
        run(source, tmp_path / "out.csv", Processes(1), broken="row\n17", fatal=True)
    assert (tmp_path / "out.csv.parts" / "000003.12-16.csv").is_file()


def test_sizes_grow_to_the_largest():
    sizes = [Sizes(500, 20_000)(number) for number in range(200)]
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[-1]) == (500, 20_000)
    assert [sizes.count(rows) for rows in (500, 1_000, 2_000, 4_000, 8_000, 16_000)] == [16] * 6
    assert Sizes(1, 1 << 40)(10**9) == 1 << 30, "no table is so long that a number of it would not be formed"
    assert Sizes() == Sizes(500, 20_000)


@given(rows=st.integers(1, 40), first=st.integers(1, 9), most=st.integers(1, 20), limit=st.integers(0, 50))
def test_every_row_is_in_one_partition(tmp_path_factory, rows, first, most, limit):
    file = tmp_path_factory.mktemp("rows") / "in.jsonl"
    file.write_text("".join(json.dumps({"text": f"t{n}", "n": n if n % 7 else "x"}) + "\n" for n in range(rows)))
    sizes = Sizes(first, most)
    found, many = peeked(partitions(file, sizes, text="text"), limit)
    parts = list(found)
    assert many == (rows > limit)
    assert [text for part in parts for text in part.table().texts] == [f"t{n}" for n in range(rows)]
    assert [id for part in parts for id in part.table().ids] == [str(n) for n in range(rows)]
    assert [part.first for part in parts] == [sum(one.rows for one in parts[:k]) for k in range(len(parts))]
    assert all(part.rows == sizes(part.number) for part in parts[:-1])
