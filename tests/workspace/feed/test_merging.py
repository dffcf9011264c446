"""One paper is one paper, whatever sources tell of it, in whatever order, and whenever the reading is killed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.data.read.feeds import make_entry
from modicum.workspace.feed import Store, add, merge_alike
from modicum.workspace.feed.likeness import Facts, same_title, same_work, title_key
from modicum.workspace.feed.merging import take

PAGES = Path(__file__).parents[4] / "shared" / "data" / "pages"
WORDS = "rows columns labels vectors heads weights prompts graphs streams tables queries shifts".split()  # noqa: SIM905
ABSTRACT = "We study " + ", ".join(f"{a} of {b}" for a in WORDS for b in WORDS if a < b)


@pytest.fixture
def store(tmp_path):
    found = Store.open(tmp_path / "feed", create=True)
    yield found
    found.close()


def papers(store):
    return store.rows("SELECT * FROM papers ORDER BY id")


def put(store, *told, address="a"):
    """Take entries of one source; each is a dict of fields."""
    with store.transaction() as db:
        db.execute("INSERT OR IGNORE INTO sources (address, added) VALUES (?, 0)", (address,))
        source = db.execute("SELECT id FROM sources WHERE address = ?", (address,)).fetchone()[0]
        return take(db, source, [make_entry(one, address, one.get("key")) for one in told], 0.0)


def test_by_identifier_and_title_with_every_source_kept(store):
    put(
        store, {"title": "On rows of tables", "url": "http://arxiv.org/abs/2305.00001v1", "votes": 3, "date": "2023-05"}
    )
    put(
        store, {"title": "A better title", "identifiers": "10.48550/arXiv.2305.00001", "abstract": "Long."}, address="b"
    )
    put(store, {"title": "On Rows of Tables!", "votes": 2, "date": "2023-04-01"}, address="c")
    (paper,) = papers(store)
    assert (paper["votes"], paper["date"], paper["title"], paper["mentions"]) == (5, "2023-04-01", "A better title", 2)
    assert [row["source"] for row in store.rows("SELECT source FROM entries ORDER BY id")] == [1, 2, 3]


def test_an_entry_that_shows_two_papers_to_be_one_joins_them(store):
    put(store, {"title": "On rows of tables"})
    put(store, {"title": "Another working title", "identifiers": "2305.00001"}, address="b")
    assert len(papers(store)) == 2
    put(store, {"title": "On rows of tables", "identifiers": "2305.00001"}, address="c")
    assert [paper["id"] for paper in papers(store)] == [1]
    assert store.paper(2) == 1
    put(store, {"title": "Something else entirely"}, address="c")
    assert [paper["id"] for paper in papers(store)] == [1, 3]  # a number that led elsewhere is never given again


def test_each_entry_once_and_told_anew(store):
    assert put(store, {"title": "On rows of tables", "key": "k", "votes": 1}) == 1
    assert put(store, {"title": "On rows of tables", "key": "k", "votes": 9}) == 0
    assert [paper["votes"] for paper in papers(store)] == [9]


def test_a_paper_is_told_from_all_of_its_entries(store):
    gauss, riemann = "A. Gauss", "B. Riemann"
    first = {"title": "On rows of tables", "abstract": "Of rows.", "authors": [gauss], "tags": ["b"], "date": "2024"}
    put(store, first | {"votes": 2, "mentions": 1})
    second = {"title": "On Rows of Tables", "abstract": "Of many rows.", "url": "https://b.org/1", "tags": ["a", "b"]}
    put(store, second | {"authors": [gauss, riemann], "date": "2023-05", "identifiers": "10.1000/x"}, address="b")
    third = {"title": "ON ROWS OF TABLES", "abstract": "Of more rows.", "url": "https://c.org/1", "tags": ["ç"]}
    put(store, third | {"authors": ["Gauss"], "votes": 3, "mentions": 4}, address="c")
    put(store, {"title": "On rows of tables", "authors": ["Gauss"], "key": "again"}, address="c")
    (paper,) = papers(store)
    # The longest abstract tells the text, and of equally long ones the first.
    assert (paper["title"], paper["abstract"]) == ("On Rows of Tables", "Of many rows.")
    assert (paper["date"], paper["url"]) == ("2023-05", "https://b.org/1")
    assert [json.loads(paper[name]) for name in ("authors", "tags")] == [[gauss, riemann], ["a", "b", "ç"]]
    assert json.loads(paper["identifiers"]) == ["doi:10.1000/x"]
    # Three places have it: two of them mention it once more than they say.
    assert (paper["votes"], paper["mentions"]) == (5, 1 + 4 + 2)


def test_a_number_leads_to_what_its_paper_is_today(store):
    put(store, {"title": "On rows of tables"})
    put(store, {"title": "Another working title", "identifiers": "2305.00001"})
    put(store, {"title": "A third working title"})
    put(store, {"title": "A third working title", "identifiers": "2305.00001", "key": "joins 3 and 2"})
    assert [store.paper(number) for number in (1, 2, 3)] == [1, 2, 2]
    put(store, {"title": "On rows of tables", "identifiers": "2305.00001", "key": "joins 2 and 1"})
    assert [store.paper(number) for number in (1, 2, 3)] == [1, 1, 1]
    assert len(papers(store)) == 1
    # What is known of the paper by any of its names finds it.
    put(store, {"title": "A third working title", "key": "later"}, address="b")
    assert len(papers(store)) == 1


def test_an_entry_stays_with_its_paper_under_another_title(store):
    put(store, {"title": "On rows of tables", "key": "k"})
    put(store, {"title": "On something else entirely", "key": "k"})
    (paper,) = papers(store)
    assert (paper["id"], paper["title"]) == (1, "On something else entirely")


def test_one_identifier_of_two_works_wants_the_title_too(store):
    same = {"identifiers": "10.1000/x"}
    put(store, {"title": "On rows of tables", "authors": ["A. Gauss"], **same})
    put(store, {"title": "Proceedings of the year", "authors": ["B. Riemann"], **same}, address="b")
    assert len(papers(store)) == 2
    put(store, {"title": "On Rows of Tables", "authors": ["B. Riemann"], **same}, address="c")
    assert [row["paper"] for row in store.rows("SELECT paper FROM entries ORDER BY id")] == [1, 2, 1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"authors": ["A. Gauss"]}, {"authors": ["B. Riemann"]}),
        ({"identifiers": "2305.00001"}, {"identifiers": "2306.00002"}),
    ],
)
def test_what_is_like_two_papers_makes_them_one_no_more_than_they_are(store, one, other):
    title = {"title": "On rows of tables"}
    put(store, title | one)
    put(store, title | other, address="b")
    put(store, title, address="c")
    put(store, title | other, address="d")  # is told apart by its own facts, as before
    assert [row["paper"] for row in store.rows("SELECT paper FROM entries ORDER BY id")] == [1, 2, 1, 2]


def test_an_identifier_says_more_of_an_entry_than_its_title(store):
    title = {"title": "On rows of tables"}
    put(store, title | {"authors": ["A. Gauss"]})
    put(store, title | {"authors": ["B. Riemann"], "identifiers": "2305.00001"}, address="b")
    put(store, title | {"identifiers": "2305.00001"}, address="c")
    assert [row["paper"] for row in store.rows("SELECT paper FROM entries ORDER BY id")] == [1, 2, 2]


def test_an_entry_told_anew_may_join_its_paper_to_an_older_one(store):
    put(
        store,
        {"title": "On rows of tables"},
        {"title": "Another title of it"},
        {"title": "A working title", "key": "k"},
    )
    put(store, {"title": "Another title of it", "identifiers": "2305.00001"}, address="b")
    put(store, {"title": "A working title", "identifiers": "2305.00001", "key": "k"})
    assert [row["paper"] for row in store.rows("SELECT paper FROM entries ORDER BY id")] == [1, 2, 2, 2]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("On rows of tables", "", ("A. Gauss",), ()), ("On rows of tables", "", ("B. Riemann",), ()), False),
        (("On rows of tables", "", ("A. Gauß",), ()), ("On rows of tables", "", ("Gauss, Carl",), ()), True),
        (("On rows of tables", "", (), ("arxiv:1",)), ("On rows of tables", "", (), ("arxiv:2",)), False),
        (("On rows of tables", "", (), ("arxiv:1",)), ("On rows of tables", "", (), ("doi:2",)), True),
        (("On rows of tables", "", ("G",), ("doi:1",)), ("On rows of tables", "", ("G",), ("doi:2",)), True),
        (("Editorial", "one", (), ()), ("Editorial", "two", (), ()), False),
        (("Editorial", "one", (), ()), ("Editorial", "one", (), ()), True),
        (("Editorial", "", (), ()), ("Editorial", "", (), ()), False),
        (("Editorial", "", ("A. Gauss",), ()), ("Editorial", "", ("Gauss, A.",), ()), True),
    ],
)
def test_facts_that_forbid(one, other, same):
    assert same_title(Facts(*one), Facts(*other)) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Laurens van der Maaten", "van der Maaten, Laurens", True),
        ("J. Smith Jr.", "Smith, J.", True),
        ("J. Smith Jr.", "Smith Jr., J.", True),
        ("Henry Ford II", "Ford, H.", True),
        ("Ann Smith-Jones", "Smith-Jones, A.", True),
        ("Laurens van der Maaten", "van der Waals, Johannes", False),
        ("J. Smith Jr.", "K. Jones Jr.", False),
    ],
)
def test_family_names(one, other, same):
    assert same_work(Facts("On rows", "", (one,), ()), Facts("On rows", "", (other,), ())) is same


def test_by_vectors_identifiers_forbid_it_whoever_the_authors_are():
    one, two = (Facts("On rows", ABSTRACT, ("A. Gauss",), (f"arxiv:{number}",)) for number in (1, 2))
    assert same_work(one, two)
    assert not same_work(one, two, strict=True)


def test_a_second_part_is_another_paper():
    one, two = (Facts(f"On rows, part {part}", ABSTRACT, (), ()) for part in ("I", "II"))
    assert same_work(one, two)
    assert not same_work(one, two, strict=True)


def test_by_vectors(store):
    put(store, {"title": "On rows of tables", "abstract": ABSTRACT})
    put(store, {"title": "On the rows of tables", "abstract": ABSTRACT + "."}, address="b")
    put(store, {"title": "Cooking with butter", "abstract": "Soup and bread and cheese. " * 20}, address="b")
    assert len(papers(store)) == 3
    assert merge_alike(store, "hashed") == 1
    assert [paper["id"] for paper in papers(store)] == [1, 3]
    assert merge_alike(store, "hashed") == 0


def test_by_vectors_parts_of_one_work_are_two(store):
    put(store, {"title": "On rows, part I", "abstract": ABSTRACT})
    put(store, {"title": "On rows, part II", "abstract": ABSTRACT}, address="b")
    assert merge_alike(store, "hashed") == 0
    assert len(papers(store)) == 2


def test_by_vectors_long_abstracts_alone_are_compared_and_once(store):
    put(store, {"title": "On rows of tables", "abstract": ABSTRACT[:199]})
    put(store, {"title": "On heads of vectors", "abstract": ABSTRACT[:200]})
    put(store, {"title": "On the rows of all tables", "abstract": ABSTRACT[:198]}, address="b")

    def compared():
        return [paper["compared"] for paper in papers(store)]

    assert merge_alike(store, "hashed") == 0
    assert compared() == [None, "yes", None]
    put(store, {"title": "On heads of vectors", "abstract": ABSTRACT[:200], "votes": 9}, address="b")
    assert compared() == [None, "yes", None], "votes change no vector"
    put(store, {"title": "On heads of vectors", "abstract": ABSTRACT[:210]}, address="c")
    assert compared() == [None, None, None]


def test_by_vectors_three_that_coincide_become_one(store):
    for number, address in enumerate("abc"):
        put(
            store,
            {"title": "On rows of tables" + " again" * number, "abstract": ABSTRACT + "!" * number},
            address=address,
        )
    assert len(papers(store)) == 3
    assert merge_alike(store, "hashed") == 2
    assert [store.paper(number) for number in (1, 2, 3)] == [1, 1, 1]
    (paper,) = papers(store)
    assert paper["abstract"] == ABSTRACT + "!!"


def test_by_vectors_what_is_like_two_papers_makes_them_one_no_more_than_they_are(store):
    put(store, {"title": "On rows of tables", "abstract": ABSTRACT, "authors": ["A. Gauss"]})
    put(store, {"title": "On the rows of tables", "abstract": ABSTRACT + "."}, address="b")
    put(store, {"title": "On rows of all tables", "abstract": ABSTRACT + "!", "authors": ["B. Riemann"]}, address="c")
    assert merge_alike(store, "hashed") == 1
    assert [paper["authors"] for paper in papers(store)] == ['["A. Gauss"]', '["B. Riemann"]']


TITLES = ["On rows of tables", "On columns of tables", "On heads of vectors"]
ENTRY = st.fixed_dictionaries(
    {"title": st.sampled_from(TITLES), "identifiers": st.sampled_from(["", "2305.00001", "10.1000/x"])}
)


@given(st.lists(ENTRY, min_size=1, max_size=6).flatmap(lambda told: st.tuples(st.just(told), st.permutations(told))))
def test_with_compatible_facts_the_order_does_not_matter(tmp_path_factory, both):
    """Titles and identifiers that contradict nobody: the groups are those of what is linked, in any order."""
    partitions = []
    for told in both:
        store = Store.open(tmp_path_factory.mktemp("feed") / "feed", create=True)
        one_scheme = [
            {**one, "identifiers": one["identifiers"] and f"10.1000/{title_key(one['title'])[3]}"} for one in told
        ]
        put(store, *({**one, "key": f"{place}"} for place, one in enumerate(one_scheme)))
        rows = store.rows("SELECT paper, title FROM entries")
        partitions.append(
            {frozenset(r["title"] for r in rows if r["paper"] == paper) for paper in {r["paper"] for r in rows}}
        )
        store.close()
    assert partitions[0] == partitions[1]


@pytest.mark.skipif(not PAGES.is_dir(), reason="there is no ../shared/data/pages")
def test_the_five_pages_twice(store):
    for new in (487, 0):
        found = add(store, str(PAGES), encoder="hashed")
        assert (found.read, found.papers, len(found.repeated), found.new) == (487, 457, 28, new)
