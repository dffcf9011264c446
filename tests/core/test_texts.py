"""The normal form of texts: what a reader would not notice goes, everything else stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core.texts import normal_form


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
