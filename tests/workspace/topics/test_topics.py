"""From a table to topics and back: words and names, kept ids, edits, the folder, and refusals."""

from __future__ import annotations

import csv
import datetime
import json

import numpy as np
import pytest

from modicum.core import InputError, Table
from modicum.data import read, read_classes
from modicum.vectors.topics.kept_topics import Belonging
from modicum.workspace.topics import TopicSettings, load_topics, save_topics, topic_facts, topics_of
from modicum.workspace.topics.folder import row_columns
from modicum.workspace.topics.words import topic_words

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
THEMES = {
    "trains": "the {} train to Leeds was late again on platform {}",
    "soup": "a bowl of {} soup with fresh bread number {}",
    "chess": "her {} knight took the bishop in chess game {}",
}


def lines(each=20, themes=THEMES):
    words = ("red", "cold", "early", "second", "strange")
    return [shape.format(words[n % 5], n) for shape in themes.values() for n in range(each)]


def vectors(texts, seed=0):
    """Corners of a cube by theme, with a little noise; zeros for empty texts."""
    rng = np.random.default_rng(seed)
    themes = ["train", "soup", "chess", "garden"]
    place = [next((k for k, word in enumerate(themes) if word in text), -1) for text in texts]
    return np.stack([np.zeros(8) if k < 0 else np.eye(8)[k] + 0.08 * rng.normal(size=8) for k in place])


def found(texts, previous=None, **settings):
    given = TopicSettings(map_points=0, **settings)
    return topics_of(read(texts), vectors=vectors(texts), previous=previous, settings=given)


def test_names_are_distinct_words_of_the_topic():
    texts = lines()
    codes = np.repeat(np.arange(3), 20)
    words = topic_words(texts, codes, np.eye(3), None, np.random.default_rng(0))
    assert len(set(words.names)) == 3
    for name, terms, word in zip(words.names, words.terms, ("train", "soup", "knight"), strict=True):
        assert word in name or any(word in term for term in terms)
        assert not any(term.split()[0] in ("the", "a", "of", "in") for term in terms)
    taken = topic_words(texts, codes, np.eye(3), None, np.random.default_rng(0), taken=words.names)
    assert not set(taken.names) & set(words.names)


def test_names_without_any_word_are_numbered():
    words = topic_words(["1 2", "? !", "", "a"], np.array([0, 1, -1, 1]), np.eye(2), None, np.random.default_rng(0))
    assert words.names == ("topic 1", "topic 2")


def test_every_row_with_content_has_a_topic_and_empty_ones_are_told():
    texts = [*lines(), "", "   "]
    facts = topic_facts(found(texts), now=NOW)
    assert facts["figures"]["topics"] == 3
    assert facts["figures"]["empty"] == 2
    assert sum(topic["rows"] for topic in facts["topics"]) == 60
    assert facts["figures"]["far"] <= 0.05 * 62
    json.dumps(facts)


def test_the_folder_holds_rows_classes_and_page(tmp_path):
    texts = [*lines(), ""]
    save_topics(found(texts), tmp_path / "out", now=NOW)
    with (tmp_path / "out" / "rows.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["id", "topic", "topic_name", "similarity", "confidence", "far", "text"]
    assert [row["text"] for row in rows] == texts
    assert rows[-1]["topic"] == rows[-1]["topic_name"] == ""
    space = read_classes(tmp_path / "out" / "classes.yaml")
    assert set(space.names) == {row["topic_name"] for row in rows[:-1]}
    assert "<!doctype html>" in (tmp_path / "out" / "topics.html").read_text(encoding="utf-8")


def test_no_column_is_lost_where_names_collide():
    columns = {"input_topic": ["mine"], "topic": ["too"], "id": ["r"], "far": [1]}
    place = Belonging(np.zeros(1, dtype=int), *np.zeros((3, 1)))
    table = Table(("r",), ("x",), (None,), columns=columns)
    found = row_columns(table, (), np.array([-1]), place, np.zeros(1, dtype=bool))
    assert (found["topic"], found["input_topic"], found["input_input_topic"]) == ([None], ["mine"], ["too"])
    assert (found["id"], found["input_far"], "input_id" in found) == (["r"], [1], False)


def test_ids_names_and_edits_stay_when_rows_are_added(tmp_path):
    texts = lines()
    first = found(texts)
    save_topics(first, tmp_path / "a", now=NOW)
    old = dict(zip(texts, first.belonging.topics, strict=True))
    edited = found(texts, load_topics(tmp_path / "a"), rename={"1": "mine, all mine"})
    save_topics(edited, tmp_path / "b", now=NOW)
    more = [f"water the garden and its {n} roses" for n in range(15)]
    grown = found([*more, *texts], load_topics(tmp_path / "b"))
    assert dict(zip(texts, grown.belonging.topics[15:], strict=True)) == old
    assert [topic.id for topic in grown.state.topics] == [0, 1, 2, 3]
    assert grown.state.find("mine, all mine").id == 1
    assert set(grown.belonging.topics[:15].tolist()) == {3}
    assert topic_facts(grown, now=NOW)["figures"]["new"] == 1


def test_merged_and_split_topics_survive(tmp_path):
    texts = lines()
    save_topics(found(texts), tmp_path / "a", now=NOW)
    state = load_topics(tmp_path / "a")
    names = [topic.name for topic in state.topics]
    merged = found(texts, state, merge=[(names[2], names[0])])
    assert {topic.name for topic in merged.state.topics} == {names[1], names[2]}
    save_topics(merged, tmp_path / "b", now=NOW)
    split = found(texts, load_topics(tmp_path / "b"), split={names[2]: 2})
    assert [topic.id for topic in split.state.topics] == [1, 2, 4]
    assert len({topic.name for topic in split.state.topics}) == 3
    save_topics(split, tmp_path / "c", now=NOW)
    again = found(texts, load_topics(tmp_path / "c"))
    assert again.belonging.topics.tolist() == split.belonging.topics.tolist()


def test_groups_times_and_broad_topics_are_told():
    rng = np.random.default_rng(0)
    themes = [f"theme{k}" for k in range(12)]
    texts = [f"{theme} and some {rng.integers(9)} words" for theme in themes for _ in range(12)]
    X = np.repeat(np.eye(12), 12, axis=0) + 0.05 * rng.normal(size=(144, 12))
    table = read({"text": texts, "when": list(range(144))}, text="text", time="when")
    told = topic_facts(topics_of(table, vectors=X, settings=TopicSettings(topics=12)), now=NOW)
    names = {topic["name"] for topic in told["topics"]}
    assert len(names) == 12
    assert len(told["merges"]) == 11
    assert not {topic["group"] for topic in told["topics"]} & names
    assert len(told["time"]["rows"]) == 12
    assert len(told["map"]["points"]) == 144


@pytest.mark.parametrize(
    ("when", "first", "last"),
    [
        (["1966-10-01", "1973-03-02"], "1966-10-01", "1973-03-02"),
        (["1971-05-01T10:00", "2001-05-01T10:00"], "1971-05-01", "2001-05-01"),
        (["2021-01-01T00:00", "2021-01-01T23:00"], "2021-01-01 00:00", "2021-01-01 23:00"),
        (["2021-01-01T00:00:10", "2021-01-01T00:01:10"], "2021-01-01 00:00:10", "2021-01-01 00:01:10"),
        ([1999, 2024], "1999", "2024"),
        ([0, -9e10], "-9e+10", "0"),
    ],
)
def test_periods_are_told_as_dates_that_differ_or_as_numbers(when, first, last):
    table = read({"text": lines(4), "when": [when[n % 2] for n in range(len(lines(4)))]}, text="text", time="when")
    settings = TopicSettings(topics=2, map_points=0)
    periods = topic_facts(topics_of(table, encoder="hashed", settings=settings), now=NOW)["time"]["periods"]
    assert (periods[0], periods[-1]) == (first, last)
    assert len(set(periods)) == len(periods) == 13


def test_times_that_are_all_the_same_are_one_date():
    table = read({"text": lines(4), "when": ["2021-01-01"] * len(lines(4))}, text="text", time="when")
    told = topic_facts(topics_of(table, encoder="hashed", settings=TopicSettings(topics=2)), now=NOW)["time"]
    assert told["periods"] == ["2021-01-01"] * 2


def test_one_row_equal_rows_and_long_texts():
    assert len(found(["the only train"]).state.topics) == 1
    same = topics_of(read(["soup"] * 30), vectors=np.ones((30, 4)), settings=TopicSettings(map_points=0))
    assert len(same.state.topics) == 1
    long = [*lines(), "soup " * 200_000]
    assert topic_facts(found(long), now=NOW)["figures"]["topics"] == 3


def test_refusals_say_what_to_do(tmp_path):
    texts = lines()
    with pytest.raises(InputError, match="every text is empty or has a vector of zeros"):
        found(["", " "])
    with pytest.raises(InputError, match="name their folder with --previous"):
        found(texts, merge=[("0", "1")])
    with pytest.raises(InputError, match="99 topics were asked for of 60 rows"):
        found(texts, topics=99)
    with pytest.raises(InputError, match="holds no topics"):
        load_topics(tmp_path)
    save_topics(found(texts), tmp_path / "a", now=NOW)
    state = load_topics(tmp_path / "a")
    with pytest.raises(InputError, match="there is no topic 'soap', by name or by id"):
        found(texts, state, rename={"soap": "x"})
    with pytest.raises(InputError, match=r"is called .* already; merge the two"):
        found(texts, state, rename={"0": state.topics[1].name})
    with pytest.raises(InputError, match="cannot have an empty name"):
        found(texts, state, rename={"0": " "})
    with pytest.raises(InputError, match="kept topics are what they are"):
        found(texts, state, topics=5)
    with pytest.raises(InputError, match="of width 8, not with precomputed  of width 3"):
        topics_of(read(texts), vectors=np.ones((60, 3)), previous=state)
    with pytest.raises(InputError, match="made from precomputed vectors"):
        topics_of(read(texts), previous=state)
    (tmp_path / "a" / "topics.safetensors").write_bytes(b"x")
    with pytest.raises(InputError, match="are broken"):
        load_topics(tmp_path / "a")
