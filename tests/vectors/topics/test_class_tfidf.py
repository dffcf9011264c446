"""Class-based tf-idf: parity with BERTopic, a world with a known answer, properties, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from modicum.core import InputError
from modicum.vectors.topics import class_tfidf

COUNTS = np.array([[3, 0, 1, 2], [0, 4, 1, 0], [1, 1, 1, 4]])
# ClassTfidfTransformer of bertopic 0.17.4 on COUNTS (whose rows sum to 6 in the mean: it cuts
# the mean to a whole number), without and with reduce_frequent_words=True.
PLAIN = [
    [0.458145, 0.0, 0.183102, 0.231049],
    [0.0, 0.630766, 0.219722, 0.0],
    [0.130899, 0.112637, 0.156945, 0.396084],
]
DAMPED = [
    [0.647915, 0.0, 0.448507, 0.400189],
    [0.0, 0.705218, 0.491314, 0.0],
    [0.346325, 0.298009, 0.415236, 0.52397],
]


def test_parity_with_bertopic():
    rows = csr_array(COUNTS)
    codes = np.arange(3)
    np.testing.assert_allclose(class_tfidf(rows, codes, 3, damped=False), PLAIN, atol=2e-6)
    np.testing.assert_allclose(class_tfidf(rows, codes, 3), DAMPED, atol=2e-6)


def test_known_world_a_word_of_one_topic_outweighs_one_of_all():
    counts = csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [0, 1, 1]]))
    weights = class_tfidf(counts, np.array([0, 0, 1, 1]), 2)
    assert weights.argmax(axis=1).tolist() == [0, 2]
    assert weights[0, 2] == 0


@given(seed=st.integers(0, 2**32 - 1))
def test_only_the_sum_over_a_topic_counts(seed):
    rng = np.random.default_rng(seed)
    counts, codes = rng.poisson(1.0, size=(12, 5)), rng.integers(0, 3, 12)
    joined = np.stack([counts[codes == k].sum(axis=0) for k in range(3)])
    apart, together = (class_tfidf(csr_array(c), k, 3) for c, k in ((counts, codes), (joined, np.arange(3))))
    np.testing.assert_allclose(apart, together)


@given(seed=st.integers(0, 2**32 - 1))
def test_topics_may_be_numbered_anew(seed):
    rng = np.random.default_rng(seed)
    counts, codes, order = csr_array(rng.poisson(1.0, size=(9, 4))), rng.integers(0, 3, 9), rng.permutation(3)
    np.testing.assert_allclose(class_tfidf(counts, order[codes], 3)[order], class_tfidf(counts, codes, 3))


def test_edges_and_errors():
    nothing = class_tfidf(csr_array((3, 2)), np.zeros(3, int), 2)
    assert nothing.tolist() == [[0, 0], [0, 0]]
    with pytest.raises(InputError, match="2 class codes for 3 rows"):
        class_tfidf(csr_array((3, 2)), np.zeros(2, int), 2)
