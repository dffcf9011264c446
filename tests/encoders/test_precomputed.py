"""Vectors from files: what is written is read, in the table's order; every fault names the file."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from modicum.core import InputError
from modicum.encoders import check_ending, join_npy, read_vectors, vectors_part, write_vectors

X = np.arange(12, dtype=np.float32).reshape(4, 3)
IDS = ["a", "b", "c", "d"]


@settings(max_examples=25, deadline=None)
@given(
    X=arrays.arrays(
        np.float32, st.tuples(st.integers(1, 5), st.integers(1, 4)), elements=st.floats(-1e6, 1e6, width=32)
    ),
    ending=st.sampled_from([".npy", ".parquet"]),
)
def test_what_is_written_is_read(tmp_path_factory, X, ending):
    file = tmp_path_factory.mktemp("round") / f"vectors{ending}"
    write_vectors(file, X, [str(i) for i in range(len(X))])
    assert np.array_equal(read_vectors(file, len(X)), X)
    assert list(file.parent.iterdir()) == [file], "no sibling is left behind"


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(range(4)), wanted=st.integers(1, 4))
def test_ids_are_matched_in_any_order_and_a_part_can_be_asked_for(tmp_path_factory, order, wanted):
    file = tmp_path_factory.mktemp("ids") / "vectors.parquet"
    write_vectors(file, X[order], [IDS[i] for i in order])
    assert np.array_equal(read_vectors(file, wanted, IDS[:wanted]), X[:wanted])


def test_numpy_files_are_mapped(tmp_path):
    write_vectors(tmp_path / "x.npy", X)
    assert isinstance(read_vectors(tmp_path / "x.npy", 4), np.memmap)


@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.large_list(pa.float32()), pa.list_(pa.int32(), 3)])
def test_every_kind_of_list_is_read_and_numeric_ids_match_as_text(tmp_path, kind):
    file = tmp_path / "x.parquet"
    pq.write_table(pa.table({"id": [2, 1, 4, 3], "vector": pa.array(X.tolist(), kind)}), file)
    assert np.array_equal(read_vectors(file, 4, ["1", "2", "3", "4"]), X[[1, 0, 3, 2]])


def faults():
    bad = X.copy()
    bad[2, 1] = np.nan
    vectors = pa.array(X.tolist())
    yield "x.npy", None, r"there is no file .*x\.npy"
    yield "x.csv", None, r"x\.csv: the ending '\.csv' is not known"
    yield "x.npy", b"not numpy", r"x\.npy is not an array that numpy can map"
    yield "x.npy", b"", r"x\.npy is not an array that numpy can map"
    yield "x.npy", np.array([[1], ["a"]], dtype=object), r"x\.npy is not an array that numpy can map"
    yield "x.npy", X[:3], r"x\.npy: vectors have 3 rows where the table has 4"
    yield "x.npy", bad, r"x\.npy: vectors: row 2 holds NaN or infinity"
    yield "x.npy", X[0], r"x\.npy: vectors must have two dimensions"
    yield "x.parquet", b"nonsense", r"x\.parquet cannot be read as Parquet"
    yield "x.parquet", {"vektor": vectors}, r"x\.parquet has no column 'vector'; did you mean 'vektor'"
    yield "x.parquet", {"vector": [1.0, 2.0, 3.0, 4.0]}, "column 'vector' must hold lists of numbers, not double"
    yield "x.parquet", {"vector": pa.array([["a"]] * 4)}, "column 'vector' must hold lists of numbers without gaps"
    yield "x.parquet", {"vector": pa.array([[1.0, 2.0], [1.0, None]] * 2)}, "lists of numbers without gaps"
    yield "x.parquet", {"vector": pa.array([[1.0], None, [2.0], None])}, r"row 1 has no vector \(2 such rows\)"
    yield "x.parquet", {"vector": pa.array([[1.0], [2.0, 3.0]] * 2)}, "the vector of row 1 is 2 wide, that of row 0 1"
    yield "x.parquet", {"id": ["a", "b", "b", "d"], "vector": vectors}, "the id 'b' stands there twice"
    yield "x.parquet", {"id": ["a", "b", "x", "y"], "vector": vectors}, r"no vector for id 'c' \(2 such rows\)"


@pytest.mark.parametrize("case", range(17))
def test_faults_name_the_file(tmp_path, case):
    name, content, message = list(faults())[case]
    file = tmp_path / name
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif isinstance(content, np.ndarray):
        np.save(file, content, allow_pickle=True)
    elif content is not None:
        pq.write_table(pa.table(content), file)
    with pytest.raises(InputError, match=message):
        read_vectors(file, 4, IDS)


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere.*x\.npy cannot be written \(No such file or directory\)"):
        write_vectors(tmp_path / "nowhere" / "x.npy", X)
    with pytest.raises(InputError, match=r"the ending '\.txt' is not known"):
        write_vectors(tmp_path / "x.txt", X)


def test_parts_are_joined_as_one_file(tmp_path):
    vectors = np.random.default_rng(0).standard_normal((7, 3)).astype(np.float32)
    whole, joined, parts = tmp_path / "whole.npy", tmp_path / "joined.npy", []
    for number, rows in enumerate((slice(0, 4), slice(4, 7))):
        parts.append(tmp_path / f"{number}.npy")
        parts[-1].write_bytes(vectors_part(joined, vectors[rows], [str(row) for row in range(7)[rows]]))
    join_npy(parts, check_ending(joined))
    write_vectors(whole, vectors)
    np.testing.assert_array_equal(np.load(joined), np.load(whole))
    with pytest.raises(InputError, match=r"the ending '\.csv' is not known"):
        check_ending("vectors.csv")
