"""Search in a table: what each mode finds, by text, by row and by what is not wanted; odd tables, wording."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import modicum
from modicum.core import InputError
from modicum.workspace.search import Hits, Query, Searcher, SearchSettings, open_search
from modicum.workspace.search.lists import VectorRows, word_scores
from modicum.workspace.search.passages import passages, rank_by_passages

TEXTS = [
    "my card was stolen in the street",
    "the card was lost on the way",
    "exchange rates for dollars",
    "how are euros exchanged for pounds",
    "",
    "a transfer has not arrived",
]
AXES = ("stolen", "lost", "exchange", "transfer")


class Axes:
    """An encoder whose vectors are counts of four words."""

    name, fingerprint, dimension = "axes", "axes", len(AXES)

    def encode(self, texts, progress=None):
        return np.array([[text.count(word) for word in AXES] for text in texts], dtype=np.float32)


def table(texts=TEXTS, **columns):
    ids = [f"t{n}" for n in range(len(texts))]
    return modicum.read({"id": ids, "text": list(texts), **columns}, text="text", id="id")


def opened(mode="hybrid", texts=TEXTS, filters=(), vectors=None, encoder=None, **settings):
    settings = SearchSettings(mode=mode, **settings)
    given = Axes() if encoder is None and vectors is None else encoder
    return open_search(table(texts), encoder=given, vectors=vectors, filters=filters, settings=settings)


def ids(search, *query, top=10, **named):
    found = search.find(Query(*query, **named), top)
    return [search.table.ids[row] for row in found.rows]


class TestModes:
    def test_words_find_words_and_vectors_find_what_is_alike(self):
        assert ids(opened("lexical"), "cards") == ["t1", "t0"]
        assert ids(opened("dense"), "lost", top=1) == ["t1"]
        assert set(ids(opened("hybrid"), "the lost way", top=1)) == {"t1"}

    def test_words_alone_need_no_encoder(self):
        broken = SimpleNamespace(name="broken", fingerprint="x", dimension=4, encode=None)
        assert ids(opened("lexical", encoder=broken), "dollar") == ["t2"]

    def test_the_top_of_all_lists_scores_one(self):
        for fusion in ("ranks", "scores"):
            found = opened(fusion=fusion).find(Query("stolen card"))
            assert isinstance(found, Hits)
            assert found.scores[0] == pytest.approx(1)
            assert np.all(np.diff(found.scores) <= 0)

    def test_scores_of_one_list_are_told_as_they_are(self):
        search = opened("dense")
        assert isinstance(search, Searcher)
        assert search.find(Query("exchange"), 1).scores == pytest.approx([1.0])

    @given(st.integers(1, 8))
    def test_a_short_list_is_the_head_of_a_long_one(self, top):
        search = opened()
        assert ids(search, "card", top=top) == ids(search, "card", top=99)[:top]


class TestQueries:
    def test_a_row_finds_rows_like_it_but_not_itself(self):
        assert ids(opened(), like=("t2",), top=1) == ["t3"]
        assert "t0" not in ids(opened(), like=("t0",))

    @pytest.mark.parametrize("edit", ["project", "subtract"])
    def test_like_this_but_not_like_that(self, edit):
        for mode in ("hybrid", "dense", "lexical"):
            search = opened(mode, edit=edit)
            assert ids(search, "card stolen lost", unlike=("lost",), top=1) == ["t0"]
            assert ids(search, "card stolen lost", unlike=("t0",), top=1) == ["t1"]
            assert "t0" not in ids(search, "card stolen lost", unlike=("t0",))

    def test_words_that_are_not_wanted_weigh_as_much_as_the_query(self):
        words = modicum.data.search.BM25(["a b", "a c", "b c"], language="none")
        told = word_scores(words, ["a"], ["b"])
        assert told[1] > 0
        assert (told[[0, 2]] == -np.inf).all()

    def test_text_and_row_together(self):
        assert ids(opened("dense"), "lost", ("t0",), top=1) == ["t1"]

    def test_marks_are_of_words_in_texts_and_rows(self):
        search = opened()
        assert search.marks(Query("CARDS"), TEXTS[0]) == [(3, 7)]
        assert search.marks(Query(like=("t2",)), "my dollars") == [(3, 10)]
        assert opened("dense").marks(Query("card"), TEXTS[0]) == []


class TestOddTables:
    def test_empty_rows_are_never_found(self):
        for mode in ("hybrid", "dense", "lexical"):
            assert "t4" not in ids(opened(mode), "card", top=99)
        assert ids(opened(texts=["", " "]), "card") == []

    def test_a_query_that_matches_nothing_finds_nothing(self):
        assert ids(opened("lexical"), "zebra") == []
        assert ids(opened("dense"), "zebra") == []
        assert ids(opened("hybrid"), "zebra ?!") == []

    def test_zero_vectors_are_not_found(self):
        told = VectorRows(np.array([[0.0, 0.0], [3.0, 4.0]], dtype=np.float16)).cosines(np.array([0.6, 0.8]))
        assert told[0] == -np.inf
        assert told[1] == pytest.approx(1, abs=1e-3)

    @pytest.mark.parametrize("length", [1.0, 300.0, 60_000.0])
    def test_vectors_of_sixteen_bits_may_be_of_any_length(self, length):
        vectors = np.random.default_rng(0).normal(size=(5, 64))
        vectors *= length / np.linalg.norm(vectors, axis=1, keepdims=True)
        told = VectorRows(vectors.astype(np.float16)).cosines(vectors[2] / length)
        assert told == pytest.approx(VectorRows(vectors).cosines(vectors[2] / length), abs=1e-3)

    def test_more_rows_wanted_than_there_are(self):
        assert len(ids(opened(), "card", top=10_000)) <= len(TEXTS)

    def test_a_megabyte(self):
        texts = [*TEXTS, "lost " + "noise " * 200_000 + "needle"]
        assert ids(opened(texts=texts), "needle", top=1) == ["t6"]
        assert ids(opened(texts=texts), like=("t6",), top=1) == ["t1"]

    def test_one_row(self):
        assert ids(opened(texts=["a card"]), "card") == ["t0"]
        assert ids(opened(texts=["a card"]), like=("t0",)) == []

    def test_filters(self):
        years = table(year=[1999, 2001, 2001, None, 2001, 1999], tags=[["a"], ["a", "b"], [], ["b"], [], []])
        asked = {"encoder": Axes(), "settings": SearchSettings(mode="lexical")}
        assert open_search(years, filters=["year=2001"], **asked).find(Query("card")).rows.tolist() == [1]
        assert open_search(years, filters=["tags=a", "year=1999"], **asked).find(Query("card")).rows.tolist() == [0]
        assert open_search(years, filters=["year="], **asked).kept.tolist() == [False] * 3 + [True] + [False] * 2
        with pytest.raises(InputError, match="no row of the table has year=200; did you mean '2001'"):
            open_search(years, filters=["year=200"], **asked)
        with pytest.raises(InputError, match=r"has no column 'yaer' \(--filter\); did you mean 'year'"):
            open_search(years, filters=["yaer=2001"], **asked)
        with pytest.raises(InputError, match="passes all of tags=b, year=1999"):
            open_search(years, filters=["tags=b", "year=1999"], **asked)
        with pytest.raises(InputError, match="write COL=VALUE"):
            open_search(years, filters=["year"], **asked)


class TestVectors:
    X = np.eye(4, dtype=np.float32)[[0, 1, 2, 2, 3, 3]]

    def test_given_vectors_answer_for_rows_without_an_encoder(self):
        assert ids(opened("dense", vectors=self.X), like=("t2",), top=1) == ["t3"]
        with pytest.raises(InputError, match="no encoder for texts; search by row with --like ID"):
            opened("dense", vectors=self.X).find(Query("card"))

    def test_given_vectors_and_their_encoder_answer_for_texts(self):
        assert ids(opened("dense", vectors=self.X, encoder=Axes()), "lost", top=1) == ["t1"]
        with pytest.raises(InputError, match="5 wide where 4 is expected"):
            opened("dense", vectors=np.ones((6, 5)), encoder=Axes())
        with pytest.raises(InputError, match="vectors have 3 rows where the table has 6"):
            opened("dense", vectors=self.X[:3])
        with pytest.raises(InputError, match="row 1 holds NaN"):
            opened("dense", vectors=np.where(np.arange(6)[:, None] == 1, np.nan, self.X))


class TestPassages:
    def test_passages_cover_the_text(self):
        text = " ".join(f"w{n}" for n in range(120))
        cut = passages(text, words=50, overlap=7)
        assert [len(part.split()) for part in cut] == [57, 64, 27]
        assert {word for part in cut for word in part.split()} == set(text.split())
        assert passages("  \n ") == []

    def test_a_buried_passage_speaks_for_its_row(self):
        """The encoder sees the first word of a text alone, so that a long text's end is found by its passages only."""

        class Shortsighted(Axes):
            name = fingerprint = "shortsighted"

            def encode(self, texts, progress=None):
                return super().encode([" ".join(text.split()[:57]) for text in texts])

        long = "noise " * 200 + "lost transfer"
        texts = ["lost noise", long, "noise noise"]
        plain = opened("dense", texts=texts, encoder=Shortsighted())
        assert "t1" not in ids(plain, "lost transfer")
        again = opened(texts=texts, encoder=Shortsighted(), rerank=3).find(Query("lost transfer"))
        assert again.lists["passages"][again.rows == 1] == pytest.approx([1.0])
        found = rank_by_passages(texts, "lost transfer", np.array([0, 0.7, 0, 0.7]), Shortsighted(), "english")
        assert found.rows.tolist() == [1, 0, 2]

    def test_long_texts_are_told_of_unless_their_passages_are_read(self):
        texts = ["noise " * 600 + word for word in ("lost", "transfer", "stolen")]
        with pytest.warns(UserWarning, match="3 of 3 texts are longer than an encoder reads.*--rerank 50"):
            opened(texts=texts)
        opened(texts=texts, rerank=2)
        opened("lexical", texts=texts)
        opened(texts=[*texts, *TEXTS])

    def test_ranking_again_finds_as_many_rows_as_are_wanted(self):
        assert len(opened(rerank=1).find(Query("card lost"), 3).rows) == len(opened().find(Query("card lost"), 3).rows)


def test_an_answer_as_columns_and_as_json():
    search = open_search(table(team=list("abcdef")), encoder=Axes())
    found = search.find(Query("stolen card", unlike=("t5",)), 2)
    columns = found.columns(search.table)
    assert list(columns) == ["rank", "id", "score", "lexical", "dense", "text", "team"]
    assert (columns["id"][0], columns["team"][0], columns["rank"]) == ("t0", "a", [1, 2])
    told = found.to_dict(search.table)
    assert (told["query"], told["unlike"]) == ("stolen card", ["t5"])
    assert list(told["hits"][0]) == ["rank", "id", "score", "lexical", "dense", "text"]
    assert told["hits"][1]["dense"] is None or told["hits"][1]["dense"] <= 1


def test_columns_of_the_table_that_are_called_like_an_answer_are_kept():
    own = {"message": ["lost card", "rate"], "text": ["own", "other"], "score": [7, 8], "lexical": [1, 2]}
    items = modicum.read(own, text="message")
    found = open_search(items, settings=SearchSettings(mode="lexical")).find(Query("card"))
    columns = found.columns(items)
    assert list(columns) == [
        *("rank", "id", "score", "lexical", "text"),
        *("message", "input_text", "input_score", "input_lexical"),
    ]
    assert [columns[name] for name in ("text", "input_text", "input_score")] == [["lost card"], ["own"], [7]]
    both = modicum.read({"text": ["lost card", "rate"], "score": [7, 8], "input_score": [1, 2]}, text="text")
    twice = open_search(both, settings=SearchSettings(mode="lexical")).find(Query("card")).columns(both)
    assert (twice["input_input_score"], twice["input_score"]) == ([7], [1])
    other = modicum.read({"key": ["k", "l"], "id": ["x", "y"], "text": ["lost card", "rate"]}, text="text", id="key")
    told = open_search(other, settings=SearchSettings(mode="lexical")).find(Query("card")).columns(other)
    assert (told["id"], told["input_id"], told["key"]) == (["k"], ["x"], ["k"])
    assert "input_text" not in told


def test_errors_name_what_is_wrong():
    search = opened()
    for wrong, said in (
        (Query(), "the query is empty; give a text, or a row with --like ID"),
        (Query("  "), "the query is empty"),
        (Query(like=("t99",)), "the table has no row with the id 't99'; there are: 't0'"),
        (Query("card", unlike=("99",)), "no row with the id '99'"),
        (Query("lost", unlike=("lost",)), "nothing is left of the query"),
    ):
        with pytest.raises(InputError, match=said):
            search.find(wrong)
    with pytest.raises(InputError, match="at least 1, not 0"):
        search.find(Query("card"), 0)
    for wrong, said in (
        ({"mode": "hybird"}, "mode 'hybird' is not known; did you mean 'hybrid'"),
        ({"fusion": "rank"}, "did you mean 'ranks'"),
        ({"edit": "projection"}, "did you mean 'project'"),
        ({"rerank": -1}, "at least 0, not -1"),
        ({"mode": "lexical", "rerank": 5}, "take another mode"),
    ):
        with pytest.raises(InputError, match=said):
            SearchSettings(**wrong)
    with pytest.raises(InputError, match="name the encoder of the vectors with --encoder"):
        opened(vectors=np.ones((6, 4)), rerank=5)
