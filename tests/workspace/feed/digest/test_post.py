"""Mail is handed in over TLS that is checked, to users that are known, and what fails is told apart."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest

from modicum.core.errors import InputError
from modicum.workspace.feed.digest import Letters, Post, Server, wire
from modicum.workspace.feed.digest.post import Broken, Refused
from modicum.workspace.feed.library import Paper
from tests.mail import Mailbox
from tests.workspace.feed.conftest import NOW
from tests.workspace.feed.digest.conftest import HOSTILE

pytestmark = pytest.mark.enable_socket
MESSAGE = b"Message-ID: <1@example.org>\r\nSubject: x\r\n\r\n.\r\n..dots\r\n"


@pytest.fixture
def start(tmp_path):
    """Start mail servers with options."""
    pytest.importorskip("aiosmtpd")
    started = []

    def call(*options):
        (tmp_path / str(len(started))).mkdir()
        started.append(Mailbox(tmp_path / str(len(started)), *options))
        return started[-1]

    yield call
    for one in started:
        one.kill()


def deliver(server, to="ana@example.org", **more):
    with Post(server, "feed@example.org") as post:
        return post.deliver(to, MESSAGE, **more)


@pytest.mark.parametrize("implicit", [True, False])
def test_tls_and_user(start, certificate, monkeypatch, implicit):
    more = ("--implicit",) if implicit else ("--user", "feed:right")
    mailbox = start("--certificate", str(certificate), *more)
    user, password = ("", "") if implicit else ("feed", "right")
    server = Server("127.0.0.1", mailbox.port, implicit, user, password)
    with pytest.raises(InputError, match=r"the certificate of 127.0.0.1 is not trusted .* SSL_CERT_FILE"):
        deliver(server)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert deliver(server)
    (row,) = mailbox.rows
    assert (row["tls"], row["message"].endswith(".\r\n..dots\r\n")) == (True, True)
    if not implicit:
        with pytest.raises(InputError, match="refuses the user or the password"):
            deliver(Server("127.0.0.1", mailbox.port, False, "feed", "wrong"))


def test_a_certificate_of_another_name_is_not_trusted(start, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    mailbox = start("--certificate", str(certificate))
    with pytest.raises(InputError, match="is not trusted"):
        deliver(Server("localhost", mailbox.port, False))


def test_without_tls_only_to_this_machine(start, monkeypatch):
    mailbox = start()
    assert deliver(mailbox.server)
    monkeypatch.setattr(Server, "here", False)
    with pytest.raises(InputError, match="offers no TLS"):
        deliver(mailbox.server)
    assert len(mailbox.rows) == 1


def test_what_fails_is_told_apart(start):
    mailbox = start()
    for to, for_good in (("gone", True), ("later", False), ("full", True), ("policy", False)):
        with pytest.raises(Refused) as error:
            deliver(mailbox.server, f"{to}@example.org")
        assert error.value.for_good == for_good
    with Post(mailbox.server, "feed@example.org") as post:
        with pytest.raises(Refused):
            post.deliver("gone@example.org", MESSAGE)
        assert post.deliver("ana@example.org", MESSAGE)
        assert not post.deliver("ben@example.org", MESSAGE, lambda: False)
        mailbox.kill()
        with pytest.raises(Broken):
            post.deliver("ana@example.org", MESSAGE)
        mailbox.start()
        assert post.deliver("eve@example.org", MESSAGE)
    assert [row["to"][0] for row in mailbox.rows] == ["ana@example.org", "eve@example.org"]


@pytest.mark.parametrize(
    ("code", "said", "for_good"),
    [
        (550, b"5.1.1 <ana@example.org>: unknown", True),
        (550, "no such mailbox", True),
        (552, "5.2.2 mailbox full", True),
        (550, "more than 5.7.1 of it", True),
        (553, b"5.1.8 <feed@example.org>: no such domain", False),
        (550, "5.1.7 bad sender", False),
        (554, "5.7.1 relay access denied", False),
        (550, "5.7.60 not allowed to send as this sender", False),
        (451, "4.7.1 greylisted", False),
    ],
)
def test_what_is_not_about_the_reader_is_not_for_good(code, said, for_good):
    assert Refused(code, said).for_good == for_good


def test_connections_are_made_anew(start, monkeypatch):
    monkeypatch.setattr("modicum.workspace.feed.digest.post.MESSAGES", 2)
    made, connect = [], Post._connect
    monkeypatch.setattr(Post, "_connect", lambda post: made.append(post) or connect(post))
    mailbox = start()
    with Post(mailbox.server, "feed@example.org") as post:
        for _ in range(5):
            post.deliver("ana@example.org", MESSAGE)
    assert len(mailbox.rows) == 5
    assert len(made) == 3


@pytest.mark.parametrize(
    "address",
    ["mail.example.org", "http://a.org", "smtp://", "smtp://a:b", "smtp://a/x", "smtp://[", "smtp://mail..example.org"],
)
def test_what_is_no_server(address):
    with pytest.raises(InputError, match="names no mail server"):
        Server.parse(address)


def test_servers():
    assert Server.parse("smtps://feed%40a.org@b.org", "x") == Server("b.org", 465, True, "feed@a.org", "x")
    assert "secret" not in repr(Server.parse("smtp://feed@b.org:25", "secret"))
    for address, password, said in (
        ("smtp://a:b@c.org", "", "holds a password"),
        ("smtp://a@c.org", "", "both a user and a password"),
        ("smtp://c.org", "x", "both a user and a password"),
    ):
        with pytest.raises(InputError, match=said):
            Server.parse(address, password)


def test_letters_are_ascii_on_the_wire_and_hold_no_second_header():
    letters = Letters.of("Zeitung für Frühe <feed@example.org>", "http://127.0.0.1:1")
    paper = Paper(1, HOSTILE, "Übung. " * 200, ("Zoë",) * 9, "2026", True, None, (), (), 1, 0)
    told = {
        "parts": [["Tag <i>", [1, 2], ["a & b", ""]]],
        "made": NOW,
        "message_id": "<1@example.org>",
        "every": "daily",
    }
    message = letters.digest(told, {1: paper}, "ana@example.org", "token")
    held = wire(message)
    assert held.isascii()
    assert max(len(line) for line in held.split(b"\r\n")) <= 998
    head = held.partition(b"\r\n\r\n")[0].lower()
    assert head.count(b"\r\nto:") == 1
    assert b"\r\nbcc:" not in head
    assert (message["List-Unsubscribe"], message["List-Unsubscribe-Post"]) == (
        "<http://127.0.0.1:1/unsubscribe/token>",
        None,
    )
    assert "and 3 more" in message.get_body(("plain",)).get_content()
    link = letters.link("ana@example.org", "http://127.0.0.1:1/sign-in/x", NOW)
    assert "http://127.0.0.1:1/sign-in/x\n" in link.get_content()
    for sender, site in (("", None), ("x", None), ("a@b.org", "b.org"), ("a@b.org", "ftp://b.org")):
        with pytest.raises(InputError):
            Letters.of(sender, site)


def test_the_link_to_unsubscribe_is_an_address_on_the_wire():
    """In one line as it is: a mail program looks for <https...> and decodes no words there."""
    domain = "a-rather-long-name-of-a-domain.and-one-more-of-its-parts.example.org"
    site, token = f"https://{domain}", f"123456.weekly.{'f' * 64}"
    paper = Paper(1, "Über Zeilen " * 8 + "und Spalten", "", ("Zoë",), "2026", True, None, (), (), 1, 0)
    told = {"parts": [["Tag", [1], [""]]], "made": NOW, "message_id": f"<{'1' * 43}@{domain}>", "every": "weekly"}
    letters = Letters.of(f"Zeitung für Frühe <feed@{domain}>", site)
    message = letters.digest(told, {1: paper}, f"{'a' * 60}@{domain}", token)
    held = wire(message)
    lines = held.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")
    end = f"<{site}/unsubscribe/{token}>"
    assert f"List-Unsubscribe: {end}" in lines
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    assert f"List-Id: <digest.{domain}>" in lines
    assert max(len(word) for line in lines for word in line.split() if word.startswith("=?")) <= 75
    assert message_from_bytes(held, policy=policy.compat32)["List-Unsubscribe"] == end
    back = message_from_bytes(held, policy=policy.default)
    assert {name: back[name] for name in message} == dict(message.items())
    assert (back["Subject"], back["From"]) == (paper.title, f"Zeitung für Frühe <feed@{domain}>")
