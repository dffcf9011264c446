"""Readers prove their address by mail, stay for a session, see their own alone, and leave without a trace."""

from __future__ import annotations

import stat
import threading

import pytest

from modicum.core.errors import InputError
from modicum.workspace.feed import Store
from modicum.workspace.feed.readers import Marks, Rates, Reader, Readers, TooOften, check_email
from modicum.workspace.feed.readers.store import DAY, HOUR, LINK, SESSION


def test_an_address_is_confirmed_once(readers):
    token = readers.sign_up("Ana@Example.org")
    reader = readers.confirm(token)
    assert reader == Reader(1, "Ana@example.org")
    with pytest.raises(InputError, match="used before or is too old; ask for another one"):
        readers.confirm(token)
    assert readers.confirm(readers.sign_up("ANA@example.org")) == reader


def test_links_end(readers, clock):
    early, late = readers.sign_up("a@b.org"), readers.sign_up("b@b.org")
    clock.now += LINK
    readers.confirm(late)
    clock.now += 1
    for token in (early, "nonsense", "", "\ud800"):
        with pytest.raises(InputError):
            readers.confirm(token)


def test_a_link_that_is_used_ends_the_others_to_the_address(readers):
    first, second = readers.sign_up("a@b.org"), readers.sign_up("a@b.org")
    readers.confirm(second)
    with pytest.raises(InputError):
        readers.confirm(first)


def test_mails_are_few(readers, clock):
    readers.rates = Rates(email=2, origin=3, all=5)
    readers.sign_up("a@b.org", origin="one")
    readers.sign_up("A@b.org", origin="one")
    with pytest.raises(TooOften, match="too many mails"):
        readers.sign_up("a@B.org", origin="two")
    readers.sign_up("b@b.org", origin="one")
    with pytest.raises(TooOften):
        readers.sign_up("c@b.org", origin="one")
    readers.sign_up("c@b.org")
    readers.sign_up("d@b.org")
    with pytest.raises(TooOften):
        readers.sign_up("e@b.org", origin="three")
    clock.now += HOUR + 1
    readers.sign_up("a@b.org", origin="one")


def test_sessions(readers, clock, two):
    ana, ben = two
    token, other = readers.sign_in(ana), readers.sign_in(ben)
    assert (readers.session(token), readers.session(other), readers.session("x")) == (ana, ben, None)
    readers.sign_out(ben, token)
    assert readers.session(token) == ana
    assert [row["expires"] - row["made"] for row in readers.sessions(ana)] == [SESSION]
    readers.sign_out(ana, token)
    assert (readers.session(token), readers.session(other)) == (None, ben)
    for _ in range(2):
        readers.sign_in(ben)
    readers.sign_out(ben)
    assert readers.sessions(ben) == []
    token = readers.sign_in(ana)
    clock.now += SESSION + DAY
    assert readers.session(token) is None


def test_the_single_reader_has_no_account(readers):
    reader = readers.single()
    assert reader.email is None
    assert readers.single() == reader
    Marks(readers, reader).like(1, True)
    readers.forget(reader)
    again = readers.single()
    assert again.id != reader.id
    assert Marks(readers, again).liked() == []


def test_to_forget_leaves_no_trace_and_no_one_else_out(readers, two, folder):
    ana, ben = two
    for reader in two:
        marks = Marks(readers, reader)
        marks.like(1, True)
        marks.note(2, f"a secret of {reader.email}")
        marks.tag(1, "secret", True)
        readers.sign_in(reader)
    readers.sign_up("ana@example.org")
    readers.forget(ana)
    names = [row["name"] for row in readers.rows("SELECT name FROM main.sqlite_master WHERE type = 'table'")]
    assert "ana@" not in repr([readers.rows(f"SELECT * FROM {name}") for name in names])
    assert (Marks(readers, ben).liked(), Marks(readers, ben).tags()) == ([1], {"secret": 1})
    assert all(b"ana@example.org" not in file.read_bytes() for file in folder.glob("readers.sqlite*"))


def test_nothing_in_the_file_signs_in(readers, two, folder):
    session, link = readers.sign_in(two[0]), readers.sign_up("c@example.org")
    held = b"".join(file.read_bytes() for file in folder.glob("readers.sqlite*"))
    assert session.encode() not in held
    assert link.encode() not in held
    assert stat.S_IMODE((folder / "readers.sqlite").stat().st_mode) == 0o600


def test_readers_make_no_feed(tmp_path):
    with pytest.raises(InputError, match="begin one with"):
        Readers.open(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(TypeError, match="create"):
        Readers.open(tmp_path / "nowhere", create=True)


def test_signatures_differ_by_all_that_is_signed_and_last(readers, folder):
    assert len({readers.sign("form", "a"), readers.sign("form", "b"), readers.sign("forma"), readers.sign("form")}) == 4
    again = Readers.open(folder)
    assert again.sign("form", "a") == readers.sign("form", "a")
    again.close()


def test_a_like_does_not_wait_for_a_reading(readers, two, folder):
    store = Store.open(folder)
    with store.transaction() as db:
        db.execute("UPDATE papers SET votes = 1")
        Marks(readers, two[0]).like(1, True)
    store.close()
    assert Marks(readers, two[0]).liked() == [1]


def test_threads_take_turns(readers, two):
    def like(reader):
        for paper in (1, 2, 3, 4) * 5:
            Marks(readers, reader).like(paper, True)

    threads = [threading.Thread(target=like, args=(reader,)) for reader in two]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sorted(Marks(readers, reader).liked()) for reader in two] == [[1, 2, 3, 4]] * 2


def test_readers_need_a_feed(tmp_path):
    with pytest.raises(InputError, match="holds no feed; begin one with: modicum feed add"):
        Readers.open(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "@b.org",
        "a@",
        "a b@c.org",
        "a@b..org",
        "a@-b.org",
        "a\n@b.org",
        "<a@b.org>",
        "a@b.org,c@b.org",
        "a@b.org\r\nBcc: c@b.org",
        "é@b.org",
        f"{'a' * 65}@b.org",
        f"a@{'b' * 64}.org",
        f"a@{'b.' * 130}org",
        "a@b.org>",
        '"a"@b.org',
        "a..b@c.org",
    ],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(InputError, match=r"no e-mail address; write it as name@example\.org"):
        check_email(text)
