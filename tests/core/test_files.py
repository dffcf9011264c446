"""Atomic files and folders: the old or the new, whatever kills the writer, and leftovers are swept away."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from modicum.core import InputError
from modicum.core.files import (
    atomic_folder,
    atomic_path,
    atomic_write,
    check_file_place,
    check_folder_place,
    file_digest,
    held_alone,
    manifest_digest,
    recover,
)

WRITER = """
import sys, itertools
from pathlib import Path
from modicum.core.files import atomic_folder
for n in itertools.count(1):
    with atomic_folder(Path(sys.argv[1])) as work:
        (work / "a").write_text(str(n))
        (work / "b").write_text(str(n))
    print(n, flush=True)
"""


def fill(path, value):
    with atomic_folder(path) as work:
        (work / "a").write_text(value)


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    fill(tmp_path / "f", "1")
    (tmp_path / "f" / "extra").write_text("x")
    fill(tmp_path / "f", "2")
    assert {p.name: p.read_text() for p in (tmp_path / "f").iterdir()} == {"a": "2"}
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_an_error_in_the_middle_leaves_the_old_one(tmp_path):
    fill(tmp_path / "f", "1")

    def broken():
        with atomic_folder(tmp_path / "f") as work:
            (work / "a").write_text("2")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert (tmp_path / "f" / "a").read_text() == "1"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_kills_at_random_moments_leave_one_whole_folder(tmp_path):
    path = tmp_path / "f"
    for delay in (0.0, 0.003, 0.01, 0.021, 0.05):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        told = int(process.stdout.readline())
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate()
        told = max([told, *map(int, rest.split())])
        recover(path)
        a, b = (path / "a").read_text(), (path / "b").read_text()
        assert a == b
        assert int(a) >= told, "what was reported as written is there"
        assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_a_folder_moved_aside_by_a_kill_is_put_back(tmp_path):
    fill(tmp_path / "f", "1")
    (tmp_path / "f").rename(tmp_path / ".f.old-0")
    (tmp_path / ".f.new-0").mkdir()
    recover(tmp_path / "f")
    assert (tmp_path / "f" / "a").read_text() == "1"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


@pytest.fixture
def order(monkeypatch):
    """What is put on disk, by its name without what makes it unique, and when it takes its place."""
    told = []

    def plain(name):
        return name.partition("-")[0]

    def synced(handle):
        name = Path(f"/proc/self/fd/{handle}").readlink().name
        told.append(f"sync {plain(name)}")

    def moved(call):
        return lambda path, to: told.append(f"to {plain(Path(to).name)}") or call(path, to)

    monkeypatch.setattr(os, "fsync", synced)
    for name in ("replace", "rename"):
        monkeypatch.setattr(Path, name, moved(getattr(Path, name)))
    return told


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="there is no /proc to look names of handles up in")
def test_bytes_are_on_disk_before_they_take_the_place_and_the_place_after(tmp_path, order):
    root = tmp_path / "root"
    root.mkdir()
    atomic_write(root / "f", b"1")
    assert order == ["sync .f.new", "to f", "sync root"]
    order.clear()
    fill(root / "g", "1")
    assert order == ["sync a", "sync .g.new", "to g", "sync root"]
    order.clear()
    fill(root / "g", "2")
    assert order == ["sync a", "sync .g.new", "to .g.old", "to g", "sync root"]


def test_a_file_is_replaced_as_a_whole_or_left(tmp_path):
    file = tmp_path / "f"
    atomic_write(file, b"1")
    atomic_write(file, b"2")

    def broken():
        with atomic_path(file) as work:
            work.write_bytes(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert file.read_bytes() == b"2"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_what_earlier_kills_left_goes_and_what_others_have_stays(tmp_path):
    fill(tmp_path / "f", "1")
    for name in (".f.old-0", ".f.new-0"):
        (tmp_path / name).mkdir()
    for name in (".f.new-1", ".g.new-1", "f.new-1"):
        (tmp_path / name).write_text("half")
    recover(tmp_path / "f")
    assert {p.name for p in tmp_path.iterdir()} == {"f", ".g.new-1", "f.new-1"}
    assert (tmp_path / "f" / "a").read_text() == "1"
    (tmp_path / ".g.new-1").unlink()
    (tmp_path / "f.new-1").unlink()
    (tmp_path / "f").rename(tmp_path / ".f.old-0")
    fill(tmp_path / "f", "2")
    assert [p.name for p in tmp_path.iterdir()] == ["f"], "whoever writes anew sweeps up as well"
    recover(tmp_path / "nowhere" / "f")
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_is_made_with_the_folders_it_lies_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fill(Path("a") / "b" / "f", "1")
    assert (tmp_path / "a" / "b" / "f" / "a").read_text() == "1"
    with atomic_folder(Path("g")) as work:
        (work / "a").write_text("2")
        monkeypatch.chdir(tmp_path / "a")
    assert (tmp_path / "g" / "a").read_text() == "2", "the place is where it was when the writing began"


def test_digests_are_those_of_the_bytes_and_of_what_is_told(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    assert file_digest(tmp_path / "f") == hashlib.sha256(b"abc").hexdigest()
    told = manifest_digest({"b": 1, "a": {"d": 2, "c": 3}})
    assert told == hashlib.sha256(b'{"a": {"c": 3, "d": 2}, "b": 1}').hexdigest()
    assert told == manifest_digest({"a": {"c": 3, "d": 2}, "b": 1, "digest": "anything"})


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot be written"):
        fill(tmp_path / "file" / "f", "1")
    with pytest.raises(InputError, match="cannot be written"):
        atomic_write(tmp_path / "no" / "f", b"x")


def test_what_is_held_alone_is_refused_to_others_and_given_back(tmp_path):
    lock = tmp_path / "lock"
    refused = pytest.raises(InputError, match=r"^busy; wait$")
    with held_alone(lock, "held"), refused, held_alone(lock, "busy; wait"):
        pass
    with pytest.raises(RuntimeError), held_alone(lock, "held"):
        raise RuntimeError
    with held_alone(lock, "held"):
        pass


@pytest.mark.skipif(os.name != "posix", reason="whether a process is there is not asked elsewhere")
def test_what_another_process_is_writing_is_left_alone(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    told = (f"{os.getpid()}-0123abcd", f"{gone.pid}-0123abcd", f"{os.getpid()}-4567abcd")
    mine, theirs, old = (f".f.new-{said}" for said in told)
    for name in (mine, theirs, old):
        (tmp_path / name).mkdir()
    os.utime(tmp_path / old, (0, 0))
    recover(tmp_path / "f")
    assert [path.name for path in tmp_path.iterdir()] == [mine]


def test_two_writers_at_once_do_not_disturb_one_another(tmp_path):
    with atomic_folder(tmp_path / "f") as first:
        (first / "a").write_text("1")
        fill(tmp_path / "f", "2")
        assert (tmp_path / "f" / "a").read_text() == "2"
    assert (tmp_path / "f" / "a").read_text() == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


class TestPlaces:
    def test_a_file_lies_in_a_folder_that_is_there(self, tmp_path):
        check_file_place(tmp_path / "a.csv")
        (tmp_path / "b.csv").write_text("old", encoding="utf-8")
        check_file_place(tmp_path / "b.csv")
        with pytest.raises(InputError, match=r"c\.csv cannot be written \(there is no folder .*; .* with --copies"):
            check_file_place(tmp_path / "no" / "c.csv", "--copies")
        with pytest.raises(InputError, match="it is a folder"):
            check_file_place(tmp_path)

    def test_a_folder_takes_the_place_of_its_own_kind_alone(self, tmp_path):
        check_folder_place(tmp_path / "no" / "such", "a shelf", ["shelf.json"])
        check_folder_place(tmp_path, "a shelf", ["shelf.json"])
        (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
        with pytest.raises(InputError, match="exists and is not a shelf; give another --out, or move it away"):
            check_folder_place(tmp_path, "a shelf", ["shelf.json"])
        with pytest.raises(InputError, match=r"letter\.txt is a file"):
            check_folder_place(tmp_path / "letter.txt" / "deep", "a shelf", ["shelf.json"])
        (tmp_path / "shelf.json").write_text("{}", encoding="utf-8")
        check_folder_place(tmp_path, "a shelf", ["book.json", "shelf.json"])

    def test_what_may_not_be_written_to_is_refused_before_any_work(self, tmp_path, monkeypatch):
        monkeypatch.setattr("modicum.core.files.os.access", lambda path, mode: False)
        with pytest.raises(InputError, match=r"a\.csv cannot be written \(Permission denied\)"):
            check_file_place(tmp_path / "a.csv")
        with pytest.raises(InputError, match=r"shelf cannot be written \(Permission denied\)"):
            check_folder_place(tmp_path / "shelf", "a shelf", [])
