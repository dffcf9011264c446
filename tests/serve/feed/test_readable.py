"""TeX of titles in letters; whatever else stands there stays, however odd."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.serve.feed.readable import readable
from modicum.serve.feed.rendering import address, authors, day_words, found_lines, marked, opening, place_of


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (r"Fr\'echet and K\"{o}nig, Erd\H{o}s, na\"{\i}ve", "Fréchet and König, Erdős, naïve"),
        (r"5\% of A \& B", "5% of A & B"),
        (r"PC$^2$ at $10^{-5}$, $\alpha \leq 1$", "PC² at 10⁻⁵, α ≤ 1"),
        (r"\textbf{few} \emph{labels}", "few labels"),
        (r"$x_{ij}$ and \method{} stay", r"$x_{ij}$ and \method{} stay"),
        ("it costs $5 or $6", "it costs $5 or $6"),
        (r"\o re, Stra\ss e", "ø re, Straß e"),
    ],
)
def test_what_letters_can_show(said, shown):
    assert readable(said) == shown


@given(st.text(alphabet="ab$\\{}^_'\"<&1 ", max_size=60))
def test_texts_never_break_and_gain_no_markup(text):
    shown = readable(text)
    assert shown.count("<") == text.count("<")
    assert len(shown) <= len(text)


@given(st.text(max_size=80), st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), max_size=5))
def test_marks_escape_and_lose_nothing(text, spans):
    bare = str(marked(text, spans)).replace("<mark>", "").replace("</mark>", "")
    assert "<" not in bare
    assert len(found_lines(text, spans).unescape()) >= min(len(text), 1)


def test_the_last_word_is_marked_and_no_sign_of_a_cut():
    for text in ("few labels", "few labels."):
        assert "<mark>labels</mark>" in found_lines(text, [(4, 10)])
    assert str(found_lines("few labels are enough", [(0, 3), (4, 12)], 12)) == "<mark>few</mark> labels …"


def test_words_of_pages():
    assert day_words("2024-02-29") == "29 February 2024"
    assert opening("a " * 300, 20).endswith(" …")
    assert authors(("A",), 6) == "A"
    assert place_of("doi:10.1/x<y")[1] == "https://doi.org/10.1/x%3Cy"
    assert place_of("own:7") == ("own:7", None)
    assert address("/search", q="a&b", like=(1, 2), page=None) == "/search?q=a%26b&like=1&like=2"
