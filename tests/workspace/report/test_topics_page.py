"""The page of topics: every section, texts escaped, one file that loads nothing."""

from __future__ import annotations

import re

from modicum.workspace.report import render_topics

EVIL = "<script>alert(1)</script>"


def facts(**changes):
    topic = {"by_user": False, "new": False, "terms": [EVIL, "b"], "group": None, "rows": 4, "share": 0.5}
    topic |= {"stability": 0.8, "confidence": 0.7, "far": 0, "examples": [{"id": "1", "text": EVIL}]}
    point = {"labelled": False, "far": False, "id": "1", "text": EVIL}
    return {
        "modicum": "0",
        "created": "2026-01-01T00:00:00+00:00",
        "data": {"source": "t.csv", "rows": 8, "text_column": "text"},
        "encoder": {"name": "e", "fingerprint": "f", "dimension": 3},
        "figures": {"topics": 2, "agreement": 0.9, "far": 1, "empty": 1, "largest_share": 0.5, "new": 1},
        "count": [{"topics": 2, "agreement": 0.9, "information": 0.6, "score": 0.5}],
        "topics": [{"id": 0, "name": "first", **topic}, {"id": 3, "name": EVIL, **topic, "new": True}],
        "merges": [[0, 1, 1.0, 8]],
        "time": {
            "periods": ["2026-01-01", "2026-06-01"],
            "rows": [8],
            "topics": [
                {"shares": [0.5], "trend": 3.0, "p_value": 0.01},
                {"shares": [0.5], "trend": -1, "p_value": 0.9},
            ],
        },
        "far_rows": [{"id": "7", "text": EVIL, "topic": "first", "similarity": 0.1, "distance": 9.0}],
        "map": {
            "method": "m",
            "classes": ["first", EVIL],
            "points": [{"x": k, "y": k, "class": k % 2, **point} for k in range(5)],
        },
        "timings": {"topics": 1.0},
    } | changes


def test_every_section_is_there_and_nothing_is_loaded():
    page = render_topics(facts())
    for section in ("map", "topics", "rows", "tree", "time", "far", "count", "reading", "provenance"):
        assert f'<section id="{section}"' in page
        assert f'href="#{section}"' in page
    for told in ("8 rows are about 2 topics", "grows", "no clear trend", "Empty rows", "New topics", ">new<"):
        assert told in page
    assert "<script>alert" not in page
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)


def test_one_of_anything_is_told_in_the_singular():
    told = facts()
    topic, period = told["topics"][:1], told["time"]["topics"][:1]
    figures = told["figures"] | {"topics": 1, "far": 1}
    time = told["time"] | {"topics": period}
    data = told["data"] | {"rows": 1}
    page = render_topics(told | {"topics": topic, "figures": figures, "time": time, "data": data, "merges": []})
    for said in (
        *("1 row is about 1 topic;", "1 topic, the largest first", "in 1 period from", "1 row lies much farther from"),
        "of 1 row, far from",
    ):
        assert said in page


def test_only_a_map_of_some_rows_with_content_is_called_drawn_at_random():
    told = facts()
    for rows, drawn in ((5, False), (6, False), (7, True)):
        page = render_topics(told | {"data": told["data"] | {"rows": rows}})
        assert ("drawn at random" in page) == drawn, "of the five points' table one row is empty"


def test_far_rows_that_are_not_listed_are_told():
    told = facts()
    row = told["far_rows"][0]
    page = render_topics(told | {"far_rows": [row] * 50, "figures": told["figures"] | {"far": 80}})
    assert "80 rows lie much farther" in page
    assert "The farthest come first; the first 50 are here." in page
    assert "are here" not in render_topics(facts())


def test_what_was_not_measured_is_said():
    page = render_topics(facts(count=None, time=None, map=None, far_rows=[], merges=[]))
    assert '<section id="time"' not in page
    for told in ("No map was drawn.", "There is no tree to draw.", "No row lies far", "The number was given"):
        assert told in page
