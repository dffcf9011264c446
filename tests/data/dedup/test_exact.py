"""Exact duplicates and conflicts: the normal form, the definition by loops, properties."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from modicum.data.dedup import conflicts, exact_duplicates


def test_what_a_reader_would_not_notice_is_the_same():
    texts = ["Card  lost", "card lost\n", "ＣＡＲＤ lost", "card-lost", "straße", "STRASSE"]
    assert exact_duplicates(texts).tolist() == [0, 0, 0, 1, 2, 2]


def test_empty_texts_are_not_copies_of_one_another():
    assert exact_duplicates(["", " ", "\t"]).tolist() == [0, 1, 2]


@given(st.lists(st.sampled_from(["a", "A ", "b", "c"]), max_size=12))
def test_parity_with_the_definition_by_pairs(texts):
    groups = exact_duplicates(texts)
    for i, one in enumerate(texts):
        for j, other in enumerate(texts):
            assert (groups[i] == groups[j]) == (one.strip().lower() == other.strip().lower())


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["x", "y", None])), max_size=12))
def test_conflicts_by_pairs(rows):
    groups, labels = np.array([g for g, _ in rows], dtype=np.int64), [label for _, label in rows]
    expected = [
        i for i, (g, a) in enumerate(rows) if a is not None and any(h == g and b not in (None, a) for h, b in rows)
    ]
    assert conflicts(groups, labels).tolist() == expected
