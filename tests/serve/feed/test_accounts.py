"""Accounts by forms: sign up and in by mail, subscriptions, unsubscribing with one click, and what forged forms get."""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from modicum.core.errors import InputError
from modicum.serve.feed import Site, make_app
from modicum.serve.feed.app import site_policy
from modicum.serve.feed.mailing import Mailing
from modicum.serve.feed.people import COOKIE, People
from modicum.serve.listening import allowed_hosts
from modicum.workspace.feed import PaperSearch
from modicum.workspace.feed.digest import Letters, Post, Server
from modicum.workspace.feed.library import Library
from modicum.workspace.feed.readers import Marks, Rates, Subscriptions, ending_token
from tests.workspace.feed.conftest import TITLES, put

HOST = "127.0.0.1:8790"
ORIGIN = {"origin": f"http://{HOST}"}
pytestmark = pytest.mark.enable_socket


@pytest.fixture
def feed(tmp_path):
    put(tmp_path / "feed", *TITLES)
    return tmp_path / "feed"


class Browser:
    """Sends forms as a browser does from the site itself."""

    def __init__(self, client):
        self.client = client
        self.get = client.get

    def post(self, path, headers=ORIGIN, **form):
        sent = {**headers, "content-type": "application/x-www-form-urlencoded"}
        return self.client.post(path, content=urlencode(form).encode(), headers=sent)


class World:
    """A site, and browsers that look at it."""

    def __init__(self, folder, server=None, *, single=False, address=f"http://{HOST}"):
        self.people = People(folder, single=single)
        self.readers = self.people.readers
        site = Site(Library.open(folder), PaperSearch(folder, encoder="none"), self.people, address=address)
        mailing = Mailing(server, Letters.of("feed@example.org", address, "Our feed")) if server else None
        self.app = make_app(site, site_policy(allowed_hosts("127.0.0.1", 8790)), None, mailing)

    def browser(self):
        return Browser(TestClient(self.app, base_url=f"http://{HOST}", follow_redirects=False))

    def signed_in(self, email):
        reader = self.readers.confirm(self.readers.sign_up(email))
        browser = self.browser()
        browser.client.cookies.set(COOKIE, self.readers.sign_in(reader))
        return browser, reader


@pytest.fixture
def world(feed, mailbox):
    return World(feed, mailbox.server)


def test_sign_up_by_mail(world, mailbox):
    ana = world.browser()
    assert 'name="email"' in ana.get("/sign-in").text
    assert ana.get("/account").headers["location"] == "/sign-in"
    assert "on its way" in ana.post("/sign-in", email="Ana@example.org").text
    (message,) = mailbox.messages
    assert (message["To"], message["Subject"]) == ("Ana@example.org", "Your link to Our feed")
    (path,) = re.findall(rf"http://{HOST}(/sign-in/\S+)", message.get_content())
    assert world.readers.rows("SELECT * FROM readers") == []
    assert "One more step" in ana.get(path).text
    assert ana.client.cookies.get(COOKIE) is None
    done = ana.post(path)
    assert (done.status_code, done.headers["location"]) == (303, "/account")
    cookie = done.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Ana@example.org" in ana.get("/account").text
    assert ana.get("/sign-in").headers["location"] == "/account"
    again = world.browser().post(path)
    assert (again.status_code, "used before or is too old" in again.text) == (422, True)


def test_nobody_learns_who_has_an_account(world, mailbox):
    world.signed_in("ana@example.org")
    answers = [world.browser().post("/sign-in", email=email) for email in ("ana@example.org", "ben@example.org")]
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1
    texts = [re.sub(r"sign-in/\S+", "", message.get_content()) for message in mailbox.messages]
    assert texts[0] == texts[1]


def test_mails_are_few_and_go_to_addresses(world, mailbox):
    world.readers.rates = Rates(email=1)
    browser = world.browser()
    assert browser.post("/sign-in", email="ana@example.org\r\nBcc: eve@example.org").status_code == 422
    assert browser.post("/sign-in", email="ana@example.org").status_code == 200
    refused = browser.post("/sign-in", email="ana@example.org")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "3600")
    assert len(mailbox.rows) == 1


def test_links_lead_to_the_site_whatever_was_asked_for(feed, mailbox):
    world = World(feed, mailbox.server, address="https://papers.example.org")
    world.browser().post("/sign-in", email="ana@example.org")
    (token,) = re.findall(r"https://papers.example.org/sign-in/(\S+)", mailbox.messages[0].get_content())
    assert "Secure" in world.browser().post(f"/sign-in/{token}").headers["set-cookie"]


def test_a_mail_server_that_does_not_answer(feed):
    said = World(feed, Server("127.0.0.1", 1, False)).browser().post("/sign-in", email="ana@example.org")
    assert (said.status_code, "could not be sent; try again in a few minutes" in said.text) == (422, True)


def test_what_the_owner_has_to_put_right_is_logged_and_not_told_to_visitors(feed, mailbox, monkeypatch, caplog):
    def refused(post, to, message, begin=None):
        raise InputError("mail.inside refuses the sender; correct --from")

    monkeypatch.setattr(Post, "deliver", refused)
    said = World(feed, mailbox.server).browser().post("/sign-in", email="ana@example.org")
    assert (said.status_code, "could not be sent; try again in a few minutes" in said.text) == (422, True)
    assert "mail.inside" not in said.text
    assert "mail.inside refuses the sender; correct --from" in caplog.text


def test_no_mail_no_accounts(feed):
    guest = World(feed).browser()
    assert "sends no mail" in guest.get("/sign-in").text
    assert guest.post("/sign-in", email="a@example.org").status_code == 422


def test_subscriptions(world):
    ana, reader = world.signed_in("ana@example.org")
    for form in ({"kind": "trending"}, {"kind": "tag", "what": "<b>mine</b>"}):
        assert ana.post("/account/subscribe", every="daily", **form).status_code == 303
    page = ana.get("/account").text
    assert "&lt;b&gt;mine&lt;/b&gt;" in page
    assert "<b>mine" not in page
    wishes = Subscriptions(world.readers, reader).all()
    assert [(wish.kind, wish.what) for wish in wishes] == [("trending", ""), ("tag", "<b>mine</b>")]
    for form in ({"kind": "tag", "what": ""}, {"kind": "x", "what": "y"}, {"kind": "trending", "every": "never"}):
        assert ana.post("/account/subscribe", **{"every": "daily", **form}).status_code == 422
    for number in (str(wishes[0].id), "x", "99999999999999999999"):
        assert ana.post("/account/end", number=number).status_code == 303
    assert Subscriptions(world.readers, reader).all() == [wishes[1]]
    assert '"><script>' not in ana.get('/account?kind=search&what="><script>').text


def test_two_readers_keep_apart(world):
    (ana, reader), (ben, other) = world.signed_in("ana@example.org"), world.signed_in("ben@example.org")
    ana.post("/account/subscribe", kind="search", what="a secret", every="daily")
    Marks(world.readers, reader).note(1, "a secret note")
    (wish,) = Subscriptions(world.readers, reader).all()
    ben.post("/account/end", number=str(wish.id))
    assert Subscriptions(world.readers, reader).all() == [wish]
    for path in ("/account", "/account/export"):
        assert "secret" not in ben.get(path).text
        assert "ana@" not in ben.get(path).text
    ben.post("/account/forget", sure="1")
    assert world.readers.session(ana.client.cookies[COOKIE]) == reader
    assert "a secret note" in ana.get("/account/export").text
    assert ben.get("/account").headers["location"] == "/sign-in"
    assert world.readers.rows("SELECT id FROM readers WHERE id = ?", other.id) == []


FORMS = (
    ("/account/subscribe", {"kind": "trending", "every": "daily"}),
    ("/account/end", {"number": "1"}),
    ("/account/forget", {"sure": "1"}),
    ("/account/sign-out", {}),
    ("/sign-in", {"email": "eve@example.org"}),
    ("/sign-in/token", {}),
    ("/paper/1/like", {"on": "1"}),
    ("/paper/1/tag", {"name": "mine"}),
    ("/paper/1/note", {"text": "mine"}),
    ("/keyword/1/drop", {"sure": "1"}),
)
FORGED = (
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": f"http://{HOST}.evil.example"},
    {"origin": "http://127.0.0.1"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {},
)


@pytest.mark.parametrize(("path", "form"), FORMS, ids=[path for path, _ in FORMS])
def test_forged_forms_change_nothing(world, mailbox, path, form):
    ana, reader = world.signed_in("ana@example.org")
    Subscriptions(world.readers, reader).add("trending", every="weekly")
    kept = "readers", "subscriptions", "sessions", "opinions", "tags"
    before = {name: world.readers.rows(f"SELECT * FROM {name}") for name in kept}
    for headers in FORGED:
        assert ana.post(path, headers=headers, **form).status_code == 403, headers
    assert {name: world.readers.rows(f"SELECT * FROM {name}") for name in before} == before
    assert mailbox.rows == []


def test_guests_change_nothing(world):
    guest = world.browser()
    for path, form in FORMS[:4]:
        assert guest.post(path, **form).status_code == 401
    assert guest.get("/account/export").status_code == 401


def test_one_click_ends_it_and_a_look_does_not(world):
    _, reader = world.signed_in("ana@example.org")
    wanted = Subscriptions(world.readers, reader)
    wanted.add("trending", every="daily")
    wanted.add("trending", every="weekly")
    path = f"/unsubscribe/{ending_token(world.readers, reader, 'daily')}"
    provider = world.browser()
    assert "This ends all daily mail" in provider.get(path).text
    assert len(wanted.all()) == 2
    click = {"headers": {}, "List-Unsubscribe": "One-Click"}
    said = provider.post(path, **click)
    assert (said.status_code, "no more daily mail" in said.text) == (200, True)
    assert [wish.every for wish in wanted.all()] == ["weekly"]
    assert provider.post(path, **click).status_code == 200
    parts = {"List-Unsubscribe": (None, "One-Click")}
    assert provider.client.post(path, files=parts).status_code == 200
    for wrong in (path[:-1], path.replace("daily", "weekly"), f"/unsubscribe/{reader.id}.daily.", "/unsubscribe/x"):
        assert provider.post(wrong, **click).status_code == 422
        assert provider.get(wrong).status_code == 422
    assert [wish.every for wish in wanted.all()] == ["weekly"]


def test_export_and_forget(world):
    ana, reader = world.signed_in("ana@example.org")
    marks = Marks(world.readers, reader)
    marks.like(1, True)
    marks.tag(2, "mine", True)
    ana.post("/account/subscribe", kind="search", what="rows", every="weekly")
    answer = ana.get("/account/export")
    assert "attachment" in answer.headers["content-disposition"]
    told = json.loads(answer.text)
    assert told["account"][0]["email"] == "ana@example.org"
    assert (told["marks"][0]["paper"], told["marks"][0]["liked"], told["tags"][0]["name"]) == (1, True, "mine")
    assert told["papers"]["2"]["title"] == TITLES[1]
    assert ana.client.cookies[COOKIE] not in answer.text
    assert ana.post("/account/forget").status_code == 422
    assert marks.liked() == [1]
    assert ana.post("/account/forget", sure="1").status_code == 303
    assert world.readers.rows("SELECT * FROM readers") + world.readers.rows("SELECT * FROM opinions") == []


def test_sign_out_here_and_everywhere(world):
    ana, reader = world.signed_in("ana@example.org")
    tokens = [world.readers.sign_in(reader) for _ in range(2)]
    assert "all 3 browsers" in ana.get("/account").text
    ana.post("/account/sign-out")
    assert world.readers.session(tokens[0]) == reader
    again, _ = world.signed_in("ana@example.org")
    again.post("/account/sign-out", everywhere="1")
    assert [world.readers.session(token) for token in tokens] == [None, None]


def test_to_sign_in_ends_the_session_before(world):
    ana, _ = world.signed_in("ana@example.org")
    before = ana.client.cookies[COOKIE]
    ana.post(f"/sign-in/{world.readers.sign_up('ben@example.org')}")
    assert world.readers.session(before) is None


def test_the_single_reader_has_no_account_but_data(feed):
    world = World(feed, single=True)
    me = world.browser()
    assert me.get("/sign-in").status_code == 404
    assert me.post("/account/sign-out").status_code == 404
    page = me.get("/account").text
    assert "This feed has one reader" in page
    assert "Sign out" not in page
    me.post("/account/subscribe", kind="trending", every="daily")
    Marks(world.readers, world.readers.single()).like(1, True)
    assert json.loads(me.get("/account/export").text)["marks"][0]["paper"] == 1
    assert me.post("/account/forget", sure="1").status_code == 303
    told = json.loads(me.get("/account/export").text)
    assert (told["marks"], told["subscriptions"]) == ([], [])


def test_pages_of_accounts_are_not_kept_and_run_nothing(world):
    ana, _ = world.signed_in("ana@example.org")
    for path in ("/account", "/account/export"):
        headers = ana.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert "script-src 'self'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
