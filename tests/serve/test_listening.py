"""Where a server listens, and the address that is told."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from modicum.core import InputError
from modicum.serve.listening import address, check_access


@pytest.mark.parametrize("token", ["Zm9v+YmFyYWJj/Zm==", "one&two%41#three four"])
def test_the_address_brings_the_token_along_whatever_signs_it_has(token):
    told = address("0.0.0.0", 8765, token)
    assert told.startswith("http://127.0.0.1:8765/#token=")
    assert parse_qs(urlsplit(told).fragment) == {"token": [token]}


@pytest.mark.parametrize("token", ["a secret of \u00fcbersee", "two lines of\na secret", "a secret with\x00 nul"])
def test_a_token_that_a_header_cannot_carry_is_refused_and_not_told(token):
    with pytest.raises(InputError, match="write plain ASCII into the file") as refusal:
        check_access("127.0.0.1", token)
    assert token not in str(refusal.value)
