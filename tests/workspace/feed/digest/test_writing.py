"""Messages of a digest: what is named, cut and left out; every length by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modicum.core.errors import InputError
from modicum.workspace.feed.digest import Letters
from modicum.workspace.feed.library import Paper

LETTERS = Letters.of("Our feed <feed@example.org>", "https://papers.example.org/")
ROWS = Paper(1, "On rows", "Of rows.", ("A. Gauss",), "2024-05", True, "https://a.org/1", (), (), 3, 0)


def told(*numbers, **more):
    parts = [["Trending", list(numbers), [""] * len(numbers)]]
    return {"parts": parts, "made": 86_400.0, "message_id": "<a@example.org>", "every": "daily", **more}


def written(papers, token="t", letters=LETTERS, **more):
    found = {paper.number: paper for paper in papers}
    return letters.digest(told(*found, **more), found, "ana@example.org", token)


def plain(message):
    return message.get_body(("plain",)).get_content()


def test_one_paper_is_the_subject_and_more_are_counted():
    assert written([ROWS])["Subject"] == "On rows"
    assert written([ROWS, replace(ROWS, number=2)])["Subject"] == "On rows and 1 more"
    message = written([ROWS])
    assert (message["Date"], message["Message-ID"]) == ("Fri, 02 Jan 1970 00:00:00 +0000", "<a@example.org>")
    assert "2 January 1970" in plain(message)


@pytest.mark.parametrize("others", [0, 1])
def test_a_subject_has_120_signs_with_what_is_counted(others):
    more = [replace(ROWS, number=2)] * others
    room = 120 - len(" and 1 more") * others
    fits = "word " * 30
    fits = fits[: room - 1] + "x"
    assert written([replace(ROWS, title=fits), *more])["Subject"] == fits + " and 1 more" * others
    cut = written([replace(ROWS, title=fits + "x"), *more])["Subject"]
    assert len(cut) <= 120
    assert cut == f"{fits[: room - 2].rsplit(' ', 1)[0]} …" + " and 1 more" * others


def test_titles_and_abstracts_are_cut_at_a_word():
    long = " ".join(["word"] * 200)
    text = plain(written([replace(ROWS, title=long, abstract=long)]))
    words = text.split()
    assert words.count("…") == 2
    # 298 signs hold 59 words and a part of one, 318 hold 63 and a part.
    assert words.count("word") == 59 + 63


def test_six_authors_are_named_and_the_others_counted():
    names = tuple(f"A{n}" for n in range(8))
    assert "A0, A1, A2, A3, A4, A5\n" in plain(written([replace(ROWS, authors=names[:6])]))
    assert "A0, A1, A2, A3, A4, A5 and 2 more\n" in plain(written([replace(ROWS, authors=names)]))
    assert "Untitled" in plain(written([replace(ROWS, title=" \n ")]))


def test_papers_that_are_gone_are_left_out_with_the_heading_over_nothing():
    parts = [["Keyword gone", [7], [""]], ["Keyword rows", [7, 1], ["", "tables"]]]
    text = plain(LETTERS.digest(told(parts=parts), {1: ROWS}, "ana@example.org"))
    assert "Keyword gone" not in text
    assert "Keyword rows" in text
    assert "2024-05 · speaks of tables" in text


def test_links_to_end_it_are_there_where_they_can_be():
    message = written([ROWS])
    assert message["List-Unsubscribe"] == "<https://papers.example.org/unsubscribe/t>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    # One click is for https alone (RFC 8058).
    insecure = written([ROWS], letters=replace(LETTERS, site="http://papers.example.org"))
    assert insecure["List-Unsubscribe"] == "<http://papers.example.org/unsubscribe/t>"
    assert insecure["List-Unsubscribe-Post"] is None
    for other in (written([ROWS], token=None), written([ROWS], letters=replace(LETTERS, site=None))):
        assert (other["List-Unsubscribe"], other["List-Unsubscribe-Post"]) == (None, None)


def test_the_link_that_signs_in():
    message = LETTERS.link("ana@example.org", "https://papers.example.org/in/x", 0.0)
    assert message["Subject"] == "Your link to Our feed"
    assert (message["To"], message["From"]) == ("ana@example.org", "Our feed <feed@example.org>")
    assert message["Date"] == "Thu, 01 Jan 1970 00:00:00 +0000"
    assert message["Message-ID"].endswith("@example.org>")
    assert "https://papers.example.org/in/x" in message.get_content()


def test_who_writes_is_checked():
    assert Letters.of("feed@example.org") == Letters("feed@example.org", "modicum feed", None)
    assert Letters.of("Our feed <feed@example.org>", name="Theirs").name == "Theirs"
    assert Letters.of("feed@example.org", "http://example.org").site == "http://example.org"
    no_sites = ("ftp://example.org", "papers.example.org", "https://", "http://[x", "https://büro.example")
    for site in (*no_sites, "https://a.org/\nBcc: eve@example.org", "https://a.org/>", "https://a.org/ b"):
        with pytest.raises(InputError, match="is no address of a site; write it as https://papers"):
            Letters.of("feed@example.org", site)
    with pytest.raises(InputError, match="e-mail address"):
        Letters.of("nobody")
