"""The normal form of texts, where what a reader would not notice goes and everything else stays; counts in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core.texts import counted, normal_form, printable


@pytest.mark.parametrize(
    ("text", "form"),
    [(" Card\u00a0 LOST\n", "card lost"), ("STRASSE", "strasse"), ("Straße", "strasse"), ("ﬁne", "fine"), ("", "")],
)
def test_case_blanks_and_unicode_form_do_not_count(text, form):
    assert normal_form(text) == form


def test_words_marks_and_accents_do():
    assert len({normal_form(text) for text in ("résumé", "resume", "resume!", "re sume")}) == 4


@given(st.text())
def test_blanks_between_and_around_words_are_one(text):
    assert normal_form(f"  {text}\t") == normal_form(text)
    assert "  " not in normal_form(text)


@pytest.mark.parametrize(("count", "said"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (12_345, "12,345 rows")])
def test_a_single_thing_is_told_in_the_singular(count, said):
    assert counted(count, "row") == said


def test_a_plural_of_its_own():
    assert [counted(count, "class was", "classes were") for count in (1, 3)] == ["1 class was", "3 classes were"]


def test_what_pages_may_not_hold_is_replaced_and_line_ends_stay():
    assert printable("a\x00b\ud800\ufffe") == "a\ufffdb\ufffd\ufffd"
    assert printable("a\tb\r\nc é") == "a\tb\r\nc é"
