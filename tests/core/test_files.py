"""Atomic files and folders: the old or the new, whatever kills the writer, and leftovers are swept away."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from modicum.core import InputError
from modicum.core.files import atomic_folder, atomic_write, held_alone, recover

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
    with held_alone(lock, "held"):
        pass
