"""The cache of vectors: nothing is encoded twice, and no kill, race, cut or edited byte gives a wrong vector."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import modicum.encoders.cache as cache_module
from modicum.core import InputError
from modicum.encoders import VectorCache

PROGRAM = Path(__file__).with_name("worker.py")
ROW = 12 * 4


@pytest.fixture
def fake(worker):
    return worker.FakeEncoder()


def truth(worker, texts):
    return np.stack([worker.vector_of(text) for text in texts])


def folder_of(root, fake):
    return root / fake.fingerprint


def start(root, count, rows, seconds):
    command = [sys.executable, str(PROGRAM), str(root), str(count), str(rows), str(seconds)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def go(process):
    process.stdin.write("go\n")
    process.stdin.flush()


def test_a_second_run_encodes_nothing(tmp_path, worker, fake, monkeypatch):
    monkeypatch.setattr(cache_module, "ROWS", 7)
    texts = [*worker.texts(30), "text number 3", ""]
    first = VectorCache(tmp_path).encode(fake, texts)
    np.testing.assert_array_equal(first, truth(worker, texts))
    assert sorted(fake.asked) == sorted(set(texts)), "each distinct text once"
    again = worker.FakeEncoder()
    np.testing.assert_array_equal(VectorCache(tmp_path).encode(again, texts), first)
    VectorCache(tmp_path).encode(again, [*worker.texts(5), "a new one"])
    assert again.asked == ["a new one"]


def test_rows_in_one_run_are_mapped_and_others_gathered(tmp_path, worker, fake, monkeypatch):
    texts = worker.texts(20)
    cache = VectorCache(tmp_path)
    for mapped in (cache.encode(fake, texts), cache.encode(fake, texts[4:9])):
        assert isinstance(mapped.base, np.memmap)
        assert not mapped.flags.writeable
    monkeypatch.setattr(cache_module, "GATHER", 3)
    gathered = cache.encode(fake, texts[::-1])
    assert gathered.flags.owndata
    np.testing.assert_array_equal(gathered, truth(worker, texts[::-1]))
    assert cache.encode(fake, []).shape == (0, 12)


def test_progress_ends_with_all_texts(tmp_path, worker, fake):
    told = []
    cache = VectorCache(tmp_path)
    cache.encode(fake, worker.texts(4))
    cache.encode(fake, worker.texts(9), lambda *step: told.append(step))
    assert told[0] == told[-1] == ("encode", 9, 9)
    told.clear()
    cache.encode(fake, worker.texts(9), lambda *step: told.append(step))
    assert told == [("encode", 9, 9)]


@settings(max_examples=25, deadline=None)
@given(queries=st.lists(st.lists(st.integers(0, 15)), max_size=5))
def test_any_queries_in_any_order_give_the_encoders_own_vectors(tmp_path_factory, worker, queries):
    root, fake = tmp_path_factory.mktemp("any"), worker.FakeEncoder()
    for query in queries:
        texts = [str(i) for i in query]
        expected = truth(worker, texts) if texts else np.empty((0, 12))
        np.testing.assert_array_equal(VectorCache(root).encode(fake, texts), expected)
    assert len(fake.asked) == len(set(fake.asked))


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_cut_of_either_file_costs_work_and_nothing_else(tmp_path_factory, worker, data):
    root, fake, texts = tmp_path_factory.mktemp("cut"), worker.FakeEncoder(), worker.texts(6)
    VectorCache(root).encode(fake, texts)
    for name in ("vectors.f32", "keys.bin"):
        file = folder_of(root, fake) / name
        os.truncate(file, data.draw(st.integers(0, file.stat().st_size), label=name))
    fake.asked.clear()
    np.testing.assert_array_equal(VectorCache(root).encode(fake, texts), truth(worker, texts))
    asked = len(fake.asked)
    VectorCache(root).encode(fake, texts)
    assert len(fake.asked) == asked
    assert (folder_of(root, fake) / "vectors.f32").stat().st_size == 6 * ROW
    assert (folder_of(root, fake) / "keys.bin").stat().st_size == 6 * cache_module.KEY.itemsize


def test_a_tail_without_keys_is_ignored_and_cut_off(tmp_path, worker, fake):
    texts = worker.texts(5)
    VectorCache(tmp_path).encode(fake, texts)
    with (folder_of(tmp_path, fake) / "vectors.f32").open("ab") as out:
        out.write(b"x" * (9 * ROW + 5))
    with (folder_of(tmp_path, fake) / "keys.bin").open("ab") as out:
        out.write(b"y" * 7)
    more = worker.texts(8)
    np.testing.assert_array_equal(VectorCache(tmp_path).encode(fake, more), truth(worker, more))
    assert len(fake.asked) == 8
    assert (folder_of(tmp_path, fake) / "vectors.f32").stat().st_size == 8 * ROW


def test_keys_without_vectors_are_cut_off(tmp_path, worker, fake):
    VectorCache(tmp_path).encode(fake, worker.texts(6))
    os.truncate(folder_of(tmp_path, fake) / "vectors.f32", 2 * ROW)
    VectorCache(tmp_path).encode(fake, ["another"])
    assert (folder_of(tmp_path, fake) / "keys.bin").stat().st_size == 3 * cache_module.KEY.itemsize
    np.testing.assert_array_equal(VectorCache(tmp_path).encode(fake, worker.texts(6)), truth(worker, worker.texts(6)))


def test_edited_bytes_are_seen_and_those_rows_encoded_again(tmp_path, worker, fake):
    texts = worker.texts(10)
    VectorCache(tmp_path).encode(fake, texts)
    file = folder_of(tmp_path, fake) / "vectors.f32"
    data = bytearray(file.read_bytes())
    data[3 * ROW + 1] ^= 1
    file.write_bytes(data)
    fake.asked.clear()
    VectorCache(tmp_path).encode(fake, [texts[0]])
    with pytest.warns(UserWarning, match="1 vectors in the cache .* are damaged; they are encoded again"):
        found = VectorCache(tmp_path).encode(fake, texts)
    np.testing.assert_array_equal(found, truth(worker, texts))
    np.testing.assert_array_equal(VectorCache(tmp_path).encode(fake, texts), truth(worker, texts))
    assert fake.asked == [texts[3]], "once, and the new row counts from then on"


def test_killed_at_any_moment_it_keeps_what_was_done(tmp_path, worker):
    rng = np.random.default_rng(3)
    texts, left = worker.texts(2000), []
    keys = folder_of(tmp_path, worker.FakeEncoder) / "keys.bin"
    for wait in rng.uniform(0, 0.12, 6):
        process = start(tmp_path, 2000, 5, 0.002)
        go(process)
        patience = time.monotonic() + 30
        while not left and not keys.exists() and time.monotonic() < patience:
            time.sleep(0.001)
        time.sleep(wait)
        process.kill()
        process.communicate()
        left.append(keys.stat().st_size)
    assert left == sorted(left)
    assert 0 < left[-1] < 2000 * cache_module.KEY.itemsize
    fake = worker.FakeEncoder()
    np.testing.assert_array_equal(VectorCache(tmp_path).encode(fake, texts), truth(worker, texts))
    assert len(fake.asked) == 2000 - left[-1] // cache_module.KEY.itemsize


@pytest.mark.parametrize(("rows", "seconds"), [(1, 0.0), (10, 0.003)])
def test_processes_at_once_write_each_text_once(tmp_path, worker, rows, seconds):
    together = [start(tmp_path, 300, rows, seconds) for _ in range(3)]
    for process in together:
        go(process)
    answers = [process.communicate(timeout=60)[0].split() for process in together]
    assert [answer[1] for answer in answers] == ["True"] * 3
    fake = worker.FakeEncoder()
    keys = np.fromfile(folder_of(tmp_path, fake) / "keys.bin", dtype=cache_module.KEY)
    assert len(keys) == len(np.unique(keys["text"])) == 300
    VectorCache(tmp_path).encode(fake, worker.texts(300))
    assert not fake.asked


def test_what_another_wrote_meanwhile_is_not_written_again(tmp_path, worker, fake, monkeypatch):
    texts, plain = worker.texts(8), fake.encode

    def overtaken(asked, progress):
        VectorCache(tmp_path).encode(worker.FakeEncoder(), texts[2:5])
        return plain(asked, progress)

    monkeypatch.setattr(fake, "encode", overtaken)
    np.testing.assert_array_equal(VectorCache(tmp_path).encode(fake, texts), truth(worker, texts))
    assert (folder_of(tmp_path, fake) / "vectors.f32").stat().st_size == 8 * ROW


def test_a_folder_that_cannot_be_written_costs_memory_only(tmp_path, worker, fake):
    (tmp_path / "file").write_text("not a folder")
    texts = [*worker.texts(4), "text number 0"]
    with pytest.warns(UserWarning, match=r"the cache .* cannot be written \(.*\); vectors are kept in memory"):
        found = VectorCache(tmp_path / "file").encode(fake, texts)
    np.testing.assert_array_equal(found, truth(worker, texts))
    assert len(fake.asked) == 4


def test_a_full_disk_midway_keeps_what_fitted(tmp_path, worker, fake, monkeypatch):
    resource = pytest.importorskip("resource", reason="limits on file sizes are POSIX")
    monkeypatch.setattr(cache_module, "ROWS", 4)
    texts = worker.texts(20)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9 * ROW + 3, before[1]))
    try:
        with pytest.warns(UserWarning, match="cannot be written"):
            found = VectorCache(tmp_path).encode(fake, texts)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    np.testing.assert_array_equal(found, truth(worker, texts))
    assert fake.asked == texts
    fake.asked.clear()
    np.testing.assert_array_equal(VectorCache(tmp_path).encode(fake, texts), truth(worker, texts))
    assert fake.asked == texts[8:]


def test_damaged_rows_of_a_cache_that_cannot_be_written_do_not_return(tmp_path, worker, fake, monkeypatch):
    texts = worker.texts(6)
    VectorCache(tmp_path).encode(fake, texts)
    file = folder_of(tmp_path, fake) / "vectors.f32"
    file.write_bytes(bytes(ROW) + file.read_bytes()[ROW:])

    def refuse(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(cache_module, "_extend", refuse)
    with pytest.warns(UserWarning, match="are damaged|Read-only") as caught:
        found = VectorCache(tmp_path).encode(fake, texts)
    assert [("are damaged" in str(w.message), "Read-only" in str(w.message)) for w in caught] == [
        (True, False),
        (False, True),
    ]
    np.testing.assert_array_equal(found, truth(worker, texts))


def test_a_cache_deleted_while_in_use_gives_right_vectors(tmp_path, worker, fake, monkeypatch):
    monkeypatch.setattr(cache_module, "ROWS", 4)
    plain, file = fake.encode, folder_of(tmp_path, fake) / "vectors.f32"

    def deleting(texts, progress):
        if "text number 9" in texts:
            os.truncate(file, 0)
        return plain(texts, progress)

    monkeypatch.setattr(fake, "encode", deleting)
    with pytest.warns(UserWarning, match="vectors.f32 became shorter while it was in use"):
        found = VectorCache(tmp_path).encode(fake, worker.texts(20))
    np.testing.assert_array_equal(found, truth(worker, worker.texts(20)))


def test_hashes_that_end_in_zeros_are_told_apart():
    keys = np.array([b"a" * 15 + b"\0", b"a" * 16, b"a" * 14 + b"\0\0"], dtype="S16")
    assert cache_module.last_places(keys, keys).tolist() == [0, 1, 2]


def test_errors_name_the_folder_and_the_remedy(tmp_path, worker, fake):
    VectorCache(tmp_path).encode(fake, ["a"])
    wider = worker.FakeEncoder()
    wider.dimension = 13
    with pytest.raises(
        InputError, match=r"the cache folder .*ffff was not written for .*'dimension': 13.*; delete it, or"
    ):
        VectorCache(tmp_path).encode(wider, ["a"])
    meta = folder_of(tmp_path, fake) / "meta.json"
    assert json.loads(meta.read_text()) == {"schema": 1, "dimension": 12, "encoder": "fake"}
    for said in ('{"schema": 2, "dimension": 12}', "[", "[]"):
        meta.write_text(said)
        with pytest.raises(InputError, match="by this version of modicum"):
            VectorCache(tmp_path).encode(fake, ["a"])


def test_an_encoder_that_answers_nonsense_is_refused(tmp_path, fake, monkeypatch):
    monkeypatch.setattr(fake, "encode", lambda texts, progress: np.full((len(texts), 12), np.nan))
    with pytest.raises(InputError, match="vectors of fake: row 0 holds NaN"):
        VectorCache(tmp_path).encode(fake, ["a"])
    with warnings.catch_warnings():
        monkeypatch.setattr(fake, "encode", lambda texts, progress: np.zeros((len(texts) + 1, 12)))
        with pytest.raises(InputError, match="vectors of fake have 2 rows"):
            VectorCache(tmp_path).encode(fake, ["a"])
