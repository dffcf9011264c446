"""Collections from small folders, what is said when they are not there, and few-label draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.evaluation.bench import few_shot_rows, load_collection, shifted_rows

CSV = "text,category\nmy card is lost,card\nwhere is my money,transfer\n"


def collection(root, name, parts=("train", "test")):
    (root / name).mkdir()
    for part in parts:
        (root / name / f"{part}.csv").write_text(CSV, encoding="utf-8")


def test_reads_both_tables(tmp_path):
    collection(tmp_path, "bank")
    train, test = load_collection("bank", tmp_path)
    assert train.texts == test.texts == ("my card is lost", "where is my money")
    assert train.labels == ("card", "transfer")


def test_default_folder_is_beside_the_project(tmp_path, monkeypatch):
    (tmp_path / "shared" / "data").mkdir(parents=True)
    (tmp_path / "main").mkdir()
    collection(tmp_path / "shared" / "data", "bank")
    monkeypatch.chdir(tmp_path / "main")
    assert len(load_collection("bank")[0]) == 2


def test_errors_name_the_folder_and_the_option(tmp_path):
    collection(tmp_path, "banking77", parts=("train",))
    with pytest.raises(InputError, match=r"no collection 'banking' in .*did you mean 'banking77'\? .*--data DIR"):
        load_collection("banking", tmp_path)
    with pytest.raises(InputError, match=r"'banking77' has no test.csv in .*--data DIR"):
        load_collection("banking77", tmp_path)
    with pytest.raises(InputError, match=r"no collection 'trec' in .*nowhere.*--data DIR"):
        load_collection("trec", tmp_path / "nowhere")
    (tmp_path / "banking77" / "test.csv").write_text("text,label\na,b\n", encoding="utf-8")
    with pytest.raises(InputError, match="category"):
        load_collection("banking77", tmp_path)


@given(st.lists(st.integers(0, 5), max_size=60).map(lambda c: np.array(c, dtype=int)), st.integers(0, 8))
def test_each_class_gives_its_shots_or_all_it_has(codes, shots):
    rows = few_shot_rows(codes, shots, np.random.default_rng(0))
    assert (np.diff(rows) > 0).all()
    assert np.array_equal(np.bincount(codes[rows], minlength=6), np.minimum(np.bincount(codes, minlength=6), shots))


@given(st.integers(0, 2**32 - 1))
def test_fewer_shots_are_a_part_of_more(seed):
    codes = np.arange(40) % 4
    few, many = (few_shot_rows(codes, n, np.random.default_rng(seed)) for n in (2, 5))
    assert np.isin(few, many).all()


def test_known_world_every_row_is_drawn_as_often():
    codes, rng = np.repeat([0, 1], [10, 20]), np.random.default_rng(0)
    drawn = sum(np.bincount(few_shot_rows(codes, 5, rng), minlength=30) for _ in range(2_000)) / 2_000
    np.testing.assert_allclose(drawn, np.repeat([0.5, 0.25], [10, 20]), atol=0.05)


def test_negative_shots_are_refused():
    with pytest.raises(InputError, match="shots must be at least 0, not -1"):
        few_shot_rows(np.array([0]), -1, np.random.default_rng(0))


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10))
def test_shifted_rows_come_from_every_class_that_has_rows(seed, concentration):
    codes = np.repeat([0, 2, 5], [4, 30, 1])
    rows = shifted_rows(codes, 200, np.random.default_rng(seed), concentration=concentration)
    assert len(rows) == 200
    assert set(codes[rows]) <= {0, 2, 5}
    assert rows.max() < len(codes)


def test_shifted_shares_spread_as_the_dirichlet_distribution():
    """A share of a symmetric Dirichlet(0.5) over four classes has variance (1/4)(3/4) / (4 * 0.5 + 1) = 0.0625."""
    codes = np.repeat(np.arange(4), 25)
    shares = [np.mean(codes[shifted_rows(codes, 1_000, np.random.default_rng(seed))] == 0) for seed in range(1_500)]
    assert np.mean(shares) == pytest.approx(0.25, abs=0.02)
    assert np.var(shares) == pytest.approx(0.0625, abs=0.008)
