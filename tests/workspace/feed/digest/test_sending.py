"""Every reader gets the digest of a period once, from a real server, whatever is refused, killed or hostile."""

from __future__ import annotations

import hashlib
import json

import pytest
from filelock import FileLock

from modicum.core.errors import InputError
from modicum.workspace.feed import Store
from modicum.workspace.feed.digest import Server, ledger, plan_digests, preview_digest, send_digests
from modicum.workspace.feed.digest.sending import LOCK
from modicum.workspace.feed.merging import _move
from modicum.workspace.feed.readers import Marks, Subscriptions, ending_token, export, unsubscribe
from tests.mail import Mailbox
from tests.workspace.feed.conftest import TITLES, join, put
from tests.workspace.feed.digest.conftest import HOSTILE, LETTERS

DAY = 86_400.0
pytestmark = pytest.mark.enable_socket


@pytest.fixture
def send(readers, mailbox, patience):
    """Send what is due; settings may differ."""

    def call(server=None, letters=LETTERS, **settings):
        settings = {"encoder": "none", "patience": patience, **settings}
        return send_digests(readers, server or mailbox.server, letters, **settings)

    return call


def test_each_reader_once_a_period_and_no_paper_twice(send, mailbox, readers, folder, clock):
    join(folder, "ana@example.org", "ben@example.org")
    assert (send().sent, send().sent) == (2, 0)
    assert sorted(row["to"][0] for row in mailbox.rows) == ["ana@example.org", "ben@example.org"]
    clock.now += DAY
    assert send().planned == 0
    put(folder, "One that is new", seen=clock.now)
    assert send().sent == 2
    plain = mailbox.messages[-1].get_body(("plain",)).get_content()
    assert "One that is new" in plain
    assert not any(title in plain for title in TITLES)


def test_a_message_says_what_it_should(send, mailbox, readers, folder):
    (reader,) = join(folder, "ana@example.org")
    send()
    (message,) = mailbox.messages
    assert (message["From"], message["To"]) == ("Our feed <feed@example.org>", "ana@example.org")
    assert message["Subject"].endswith(" and 3 more")
    assert message["Message-ID"].startswith("<2026-09-21.")
    assert message["Message-ID"].endswith("@example.org>")
    end = f"https://papers.example.org/unsubscribe/{ending_token(readers, reader, 'daily')}"
    assert message["List-Unsubscribe"] == f"<{end}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (message["List-Id"], message["Auto-Submitted"]) == ("<digest.example.org>", "auto-generated")
    text, page = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    for said in (text, page):
        assert all(title in said for title in TITLES)
        assert f"{end}" in said
        assert "https://papers.example.org/paper/1" in said
    assert "src=" not in page
    assert mailbox.rows[0]["sender"] == "feed@example.org"


def test_hostile_titles_are_text(send, mailbox, folder, readers):
    put(folder, HOSTILE, votes=99)
    (reader,) = join(folder, "ana@example.org", kind="search", what="<b>told</b> of")
    Subscriptions(readers, reader).add("trending")
    send()
    (message,) = mailbox.messages
    assert message["Bcc"] is None
    assert mailbox.rows[0]["to"] == ["ana@example.org"]
    page = message.get_body(("html",)).get_content()
    assert "<script" not in page
    assert "<img" not in page
    assert "<b>" not in page


def test_refused_for_good_now_and_after_the_message(send, mailbox, readers, folder, patience, clock):
    join(folder, "gone@example.org", "later@example.org", "full@example.org", "ana@example.org")
    found = send()
    assert (found.sent, found.failed, found.waiting) == (2, 2, 0)
    assert sorted(row["to"][0] for row in mailbox.rows) == ["ana@example.org", "later@example.org"]
    assert any("550 no such mailbox" in reason for reason in found.reasons)
    assert ledger.waiting(readers) == []
    held = readers.rows("SELECT email FROM told JOIN readers ON id = reader GROUP BY email ORDER BY email")
    assert [row["email"] for row in held] == ["ana@example.org", "later@example.org"]
    clock.now += DAY
    assert send().failed == 2


def test_a_server_that_is_not_there(send, mailbox, readers, folder, patience):
    join(folder, "ana@example.org")
    with pytest.raises(InputError, match=r"is not reached .*; 1 digest waits, and goes out with the next modicum feed"):
        send(Server("127.0.0.1", 1, False))
    assert patience.waits == [0.5, 1.0, 2.0]
    join(folder, "ben@example.org")
    with pytest.raises(InputError, match=r"is not reached .*; 2 digests wait, and go out with the next modicum feed"):
        send(Server("127.0.0.1", 1, False))
    assert (send().sent, send().sent) == (2, 0)


def test_a_refusal_of_the_sender_is_put_right_and_loses_no_digest(readers, folder, tmp_path, patience):
    pytest.importorskip("aiosmtpd")
    join(folder, "ana@example.org", "ben@example.org")
    mailbox = Mailbox(tmp_path, "--user", "feed:right")
    said = r"127.0.0.1 refuses the sender feed@example.org \(530 5.7.0 Authentication required\); correct --from"
    with pytest.raises(InputError, match=said):
        send_digests(readers, mailbox.server, LETTERS, encoder="none", patience=patience)
    assert {row["state"] for row in readers.rows("SELECT state FROM digests")} == {"reserved"}
    mailbox.kill()
    mailbox.options = ()
    mailbox.start()
    found = send_digests(readers, mailbox.server, LETTERS, encoder="none", patience=patience)
    mailbox.kill()
    assert (found.planned, found.sent, found.failed) == (0, 2, 0)
    assert sorted(row["to"][0] for row in mailbox.rows) == ["ana@example.org", "ben@example.org"]


def test_what_the_servers_policy_forbids_waits_for_the_next_run(send, readers, folder):
    join(folder, "policy@example.org", "ana@example.org")
    found = send()
    assert (found.sent, found.failed, found.waiting) == (1, 0, 1)
    assert found.reasons == ["554 5.7.1 relay access denied"]
    assert len(ledger.waiting(readers)) == 1


def test_a_server_that_is_killed_in_between(readers, folder, tmp_path, patience):
    join(folder, *(f"r{n}@example.org" for n in range(6)))
    mailbox = Mailbox(tmp_path, "--slow", "0.05")
    killed = []

    def kill(stage, done, total):
        if stage == "send digests" and done == 2 and not killed:
            killed.append(mailbox.kill())

    def again(seconds):
        if killed == [None]:
            killed.append(mailbox.start())

    object.__setattr__(patience, "sleep", again)
    found = send_digests(readers, mailbox.server, LETTERS, encoder="none", patience=patience, progress=kill)
    mailbox.kill()
    assert found.sent == 6
    assert len({(row["to"][0], row["message_id"]) for row in mailbox.rows}) == 6


def test_what_is_in_doubt_is_sent_again_as_it_was(send, mailbox, readers, folder):
    """A kill between the server's answer and the ledger's: the server has it, the ledger does not know."""
    join(folder, "ana@example.org")
    send()
    with readers.transaction() as db:
        (row,) = mailbox.rows
        db.execute(
            "UPDATE digests SET state = 'sending', sent = NULL, message = ?",
            (row["message"].encode("latin-1"),),
        )
    put(folder, "A title that came since", votes=90)
    found = send()
    assert (found.planned, found.sent, found.again) == (0, 1, 1)
    one, two = mailbox.rows
    assert one["message_id"] == two["message_id"]
    assert one["digest"] == two["digest"] == hashlib.sha256(one["message"].encode("latin-1")).hexdigest()


def test_what_ends_in_between_is_not_sent(send, mailbox, readers, folder, clock):
    ana, ben, eve, joe = join(folder, *(f"{name}@example.org" for name in ("ana", "ben", "eve", "joe")))
    assert plan_digests(readers, LETTERS, encoder="none") == 4
    assert unsubscribe(readers, ending_token(readers, ana, "daily")) == 1
    readers.forget(ben)
    (wish,) = Subscriptions(readers, eve).all()
    Subscriptions(readers, joe).remove(wish.id)
    Subscriptions(readers, eve).remove(wish.id)
    assert send().sent == 1
    assert [row["to"] for row in mailbox.rows] == [["joe@example.org"]]
    assert ledger.told(readers, ana) == set()
    Subscriptions(readers, ana).add("trending")
    assert send().sent == 1


def test_papers_that_fall_together_are_not_told_again(send, mailbox, readers, folder, clock):
    (reader,) = join(folder, "ana@example.org")
    send()
    put(folder, "The same under another title", seen=clock.now)
    store = Store.open(folder)
    with store.transaction() as db:
        _move(db, 1, 5)
    store.close()
    clock.now += DAY
    assert ledger.told(readers, reader) == {2, 3, 4, 5}
    assert send().planned == 0


def test_papers_that_fall_together_while_a_digest_waits_are_told_once(send, mailbox, readers, folder):
    (reader,) = join(folder, "ana@example.org", kind="search", what="columns")
    Subscriptions(readers, reader).add("search", "trees")
    Subscriptions(readers, reader).add("search", "labels")
    plan_digests(readers, LETTERS, encoder="none")
    store = Store.open(folder)
    with store.transaction() as db:
        _move(db, 2, 4)
    store.close()
    assert send().sent == 1
    (message,) = mailbox.messages
    assert message["Subject"] == f"{TITLES[3]} and 1 more"
    text = message.get_body(("plain",)).get_content()
    assert [text.count(f"{title} told of once more") for title in TITLES] == [0, 0, 1, 1]
    assert text.index("Search columns") < text.index(TITLES[3]) < text.index("Search labels")
    assert "Search trees" not in text


@pytest.mark.parametrize(("also", "sent"), [(("Another that is new",), 1), ((), 0)])
def test_papers_that_turn_out_to_be_old_ones_while_a_digest_waits_are_left_out(
    send, mailbox, readers, folder, clock, also, sent
):
    join(folder, "ana@example.org")
    send()
    mailbox.forget()
    clock.now += DAY
    put(folder, "The same under another title", *also, seen=clock.now)
    assert plan_digests(readers, LETTERS, encoder="none") == 1
    store = Store.open(folder)
    with store.transaction() as db:
        _move(db, 1, 5)
    store.close()
    assert send().sent == sent
    assert [message["Subject"] for message in mailbox.messages] == list(also)
    assert ledger.waiting(readers) == []


def test_late_digests_are_dropped_and_old_ones_forgotten(send, mailbox, readers, folder, clock):
    (reader,) = join(folder, "ana@example.org", kind="search", what="once more")
    plan_digests(readers, LETTERS, encoder="none")
    clock.now += 8 * DAY
    assert send().dropped == 1
    assert mailbox.rows == []
    assert ledger.told(readers, reader) == set()
    clock.now += 200 * DAY
    send()
    assert readers.rows("SELECT * FROM digests WHERE made < ?", clock.now - 190 * DAY) == []


def test_weekly_and_daily(send, mailbox, readers, folder, clock):
    join(folder, "ana@example.org", every="weekly")
    assert send().sent == 1
    clock.now += DAY
    put(folder, "One more that is new", seen=clock.now)
    assert send().sent == 0
    clock.now += 7 * DAY
    assert send().sent == 1
    assert "weekly" in mailbox.messages[0].get_body(("plain",)).get_content()


def test_the_single_reader(send, mailbox, readers, folder):
    Subscriptions(readers, readers.single()).add("trending")
    assert send(letters=LETTERS.of("me@example.org")).planned == 0
    assert send(letters=LETTERS.of("me@example.org"), to="me@example.org").sent == 1
    (message,) = mailbox.messages
    assert (message["To"], message["List-Unsubscribe"]) == ("me@example.org", None)


def test_the_single_reader_waits_for_an_address(send, mailbox, readers, folder, patience):
    Subscriptions(readers, readers.single()).add("trending")
    plan_digests(readers, LETTERS, to="me@example.org", encoder="none")
    assert (send().waiting, patience.waits) == (1, [])
    with pytest.raises(InputError, match="no e-mail address"):
        send(to="me@example.org\r\nBcc: eve@example.org")
    assert send(to="me@example.org").sent == 1


def test_readers_need_a_site(send, folder):
    join(folder, "ana@example.org")
    with pytest.raises(InputError, match="need a link to unsubscribe; name the site with --address"):
        send(letters=LETTERS.of("feed@example.org"))


def test_two_runs_at_once_are_one(readers, folder, send):
    with FileLock(folder / LOCK), pytest.raises(InputError, match="another modicum sends the digests"):
        send()


def test_a_preview_sends_nothing_and_marks_nothing_as_sent(readers, folder):
    join(folder, "ana@example.org", "ben@example.org")
    message, due = preview_digest(readers, LETTERS, encoder="none")
    assert (message["To"], due) == ("ana@example.org", 2)
    assert preview_digest(readers, LETTERS, to="BEN@example.org", encoder="none")[0]["To"] == "ben@example.org"
    assert preview_digest(readers, LETTERS, to="c@example.org", encoder="none")[0] is None
    assert readers.rows("SELECT * FROM digests") + readers.rows("SELECT * FROM told") == []


def test_what_is_chosen(send, mailbox, readers, folder, clock):
    titles = ("Shy labels in rows", "Labels of trees", "Rows and rows of trees", "Quantum soup")
    put(folder, *titles, seen=clock.now, votes=0)
    names = [f"{name}@example.org" for name in ("ana", "ben", "eve", "joe")]
    _, ben, eve, joe = join(folder, *names, kind="search", what="shy labels")
    readers_wish = {ben: ("search", "tree row"), eve: ("tag", "mine"), joe: ("trending", "")}
    for reader, wish in readers_wish.items():
        wanted = Subscriptions(readers, reader)
        wanted.remove(wanted.all()[0].id)
        wanted.add(*wish)
    marks = Marks(readers, eve)
    marks.tag(1, "mine", True)
    marks.hide(7, True)
    Marks(readers, joe).hide(1, True)
    send()
    told = {
        row["to"][0]: message.get_body(("plain",)).get_content()
        for row, message in zip(mailbox.rows, mailbox.messages, strict=True)
    }
    assert [title for title in (*TITLES, *titles) if title in told["ana@example.org"]] == [TITLES[2], titles[0]]
    assert [title for title in (*TITLES, *titles) if title in told["ben@example.org"]] == [titles[2]]
    assert TITLES[0] not in told["eve@example.org"]
    assert titles[2] not in told["eve@example.org"]
    assert "speaks of" in told["eve@example.org"]
    assert [title for title in TITLES if title in told["joe@example.org"]] == list(TITLES[1:])


def test_export_tells_what_was_sent(send, mailbox, readers, folder):
    (ana,) = join(folder, "ana@example.org")
    send()
    told = export(readers, ana)
    assert json.loads(json.dumps(told)) == told
    assert (told["digests"][0]["state"], told["papers_told"]) == ("sent", [1, 2, 3, 4])
    assert told["papers"]["1"]["title"] == TITLES[0]
