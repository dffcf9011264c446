"""Where a server listens, and the address that is told."""

from __future__ import annotations

import socket
from urllib.parse import parse_qs, urlsplit

import pytest

from modicum.core import InputError
from modicum.serve import listening
from modicum.serve.listening import address, allowed_hosts, check_access, listen


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


@pytest.mark.parametrize(
    "error", [socket.gaierror(-2, "Name or service not known"), TypeError("encoding of hostname failed")], ids=repr
)
def test_a_host_that_is_not_there_is_named_and_looked_up_once(monkeypatch, error):
    tried = []

    class Unbound:
        def __init__(self, family, kind):
            pass

        def setsockopt(self, *option):
            pass

        def bind(self, at):
            tried.append(at)
            raise error

        def close(self):
            tried.append("closed")

    monkeypatch.setattr(listening.socket, "socket", Unbound)
    with pytest.raises(
        InputError, match=r"there is no address 'nosuchhost\.invalid' to listen at; give another --host"
    ):
        listen("nosuchhost.invalid", None)
    assert tried == [("nosuchhost.invalid", 8765), "closed"]


def test_at_the_port_of_http_names_stand_without_it():
    assert {"127.0.0.1", "localhost", "[::1]", "localhost:80"} <= allowed_hosts("127.0.0.1", 80)
    assert "localhost" not in allowed_hosts("127.0.0.1", 8765)
