"""Keyword pages, whose addresses stay; who may edit them; the map; and tags that are learnt."""

from __future__ import annotations

import re

from modicum.serve.feed.refreshing import Polling, Refreshing, Repeating
from modicum.workspace.feed import PaperSearch, Store
from modicum.workspace.feed.tags import Tag, TagFitter, fit_tag
from tests.serve.feed.conftest import HOST, SCRIPT, client_of, site_of


def named(client):
    return {one["number"]: one["name"] for one in client.get("/keywords.json").json()["keywords"]}


def numbers(reply):
    return [paper["number"] for paper in reply.json()["papers"]]


def test_keywords_have_pages_and_stand_at_papers(client):
    found = named(client)
    assert len(found) == 2
    page = client.get("/keywords").text
    for number, name in found.items():
        papers = client.get(f"/keyword/{number}.json?count=100").json()
        assert (papers["title"], len(papers["papers"])) == (name, papers["total"])
        assert all(name in paper["keywords"] for paper in papers["papers"])
        assert f'href="/keyword/{number}"' in page
        assert "atom" in client.get(f"/keyword/{number}.atom").headers["content-type"]
    first = min(found)
    inside = numbers(client.get(f"/search.json?q=soup+goal&keyword={first}"))
    assert set(inside) <= set(numbers(client.get(f"/keyword/{first}.json?count=100")))
    assert client.get("/keyword/99").status_code == client.get(f"/keyword/{10**30}").status_code == 404


def test_names_change_and_addresses_stay(client):
    one, two = sorted(named(client))
    assert client.post(f"/keyword/{one}/rename", data={"name": SCRIPT[:60]}).status_code == 303
    assert SCRIPT[:20] not in client.get(f"/keyword/{one}").text
    assert named(client)[one] == SCRIPT[:60]
    assert client.post(f"/keyword/{one}/rename", data={"name": ""}).status_code == 422
    assert client.post(f"/keyword/{two}/drop", data={"sure": ""}).status_code == 422
    assert client.post(f"/keyword/{two}/merge", data={"into": one}).headers["location"] == f"/keyword/{one}"
    moved = client.get(f"/keyword/{two}.atom")
    assert (moved.status_code, moved.headers["location"]) == (301, f"/keyword/{one}.atom")
    assert client.post(f"/keyword/{one}/drop", data={"sure": "1"}).headers["location"] == "/keywords"
    assert named(client) == {}
    assert client.get(f"/keyword/{one}").status_code == 404
    assert client.post(f"/keyword/{10**30}/drop", data={"sure": "1"}).status_code == 404


def test_a_page_is_subscribed_to_under_its_address(client, site):
    one, two = sorted(named(client))
    page = client.get(f"/keyword/{one}").text
    sent = {"kind": "keyword", "what": f"/keyword/{one}", "every": "weekly"}
    assert all(f'value="{value}"' in page for value in sent.values())
    own = {"origin": f"http://{HOST}"}
    assert client.post("/account/subscribe", data=sent, headers=own).status_code == 303
    assert "are sent to you, weekly" in client.get(f"/keyword/{one}").text
    assert (
        f'<a href="/keyword/{one}">{named(client)[one]}</a>, <span class="soft">weekly' in client.get("/account").text
    )
    wrong = client.post("/account/subscribe", data=sent | {"what": f"{named(client)[one]}x"}, headers=own)
    assert (wrong.status_code, "most like it" in wrong.text) == (422, True)
    client.post(f"/keyword/{one}/rename", data={"name": SCRIPT[:60]})
    client.post(f"/keyword/{one}/merge", data={"into": two})
    assert "are sent to you, weekly" in client.get(f"/keyword/{two}").text
    client.post(f"/keyword/{two}/rename", data={"name": SCRIPT[:60]})
    client.post(f"/keyword/{two}/drop", data={"sure": "1"})
    account = client.get("/account").text
    assert "its page was removed, so that it brings nothing" in account
    assert SCRIPT[:20] not in account


def test_guests_have_nothing_to_subscribe_with(folder):
    client = client_of(site_of(folder, single=False))
    number = min(named(client))
    assert "/account/subscribe" not in client.get(f"/keyword/{number}").text


def test_only_editors_edit_what_belongs_to_all(folder):
    site = site_of(folder, single=False, editors=frozenset({"Ana@Example.org"}))
    client, readers = client_of(site), site.people.readers
    tokens = [readers.sign_in(readers.confirm(readers.sign_up(f"{name}@example.org"))) for name in ("ana", "ben")]
    ana, ben = ({"cookie": f"feed_session={token}", "origin": f"http://{HOST}"} for token in tokens)
    number = min(named(client))
    for headers in ({}, ben):
        assert client.post(f"/keyword/{number}/rename", data={"name": "mine"}, headers=headers).status_code == 403
        assert "/rename" not in client.get(f"/keyword/{number}", headers=headers).text
    assert client.post(f"/keyword/{number}/rename", data={"name": "ours"}, headers=ana).status_code == 303
    assert named(client)[number] == "ours"


def test_papers_lie_on_the_map(client):
    page = client.get("/map").text
    assert page.count("<circle") == 31 + 2  # every paper, and the colours of two keywords
    assert "&lt;script&gt;document.title" in page
    paper = client.get("/paper/1").text
    assert paper.count('class="near-one"') == 6
    assert len(re.findall(r"M\d+,\d+h0", paper)) == 31
    assert 'class="own-one"' in paper


def test_a_tag_that_was_learnt_says_how_likely_it_fits(client, site):
    site.fitter = TagFitter(site.library.folder, site.search)
    for number in range(1, 15, 2):
        client.post(f"/paper/{number}/tag", data={"name": "food"})
    assert site.fitter.waiting == 1
    before = client.get("/suggested.json?name=food").json()["papers"]
    assert before[0]["reason"]["probability"] is None
    store = Store.open(site.library.folder)
    tag = site.fitter._waiting[1, "food"][1]
    assert fit_tag(store, site.search, tag, budget=2.0) is not None
    store.close()
    after = client.get("/suggested.json?name=food").json()["papers"]
    assert after[0]["reason"]["probability"] > 0.5
    assert after[0]["number"] % 2 == 1
    page = client.get("/tag?name=food").text
    assert "; fits with " in page
    assert "what was learnt of the tag" in page


def test_tags_of_a_reader_who_was_removed_are_not_learnt(client, site):
    site.fitter = TagFitter(site.library.folder, site.search)
    client.post("/paper/1/tag", data={"name": "secret"})
    assert site.fitter.waiting == 1
    client.post("/account/forget", data={"sure": "1"}, headers={"origin": f"http://{HOST}"})
    assert site.fitter.waiting == 0
    assert site._learnt == {}


def test_a_tag_without_papers_is_not_learnt(client, site):
    site.fitter = TagFitter(site.library.folder, site.search)
    assert client.get("/tag?name=invented").status_code == 200
    assert site.fitter.waiting == 0
    client.post("/paper/1/tag", data={"name": "food", "on": "1"})
    assert site._learnt == {(1, "food"): (1,)}
    client.post("/paper/1/tag", data={"name": "food", "on": "0"})
    assert (site._learnt, site.fitter._waiting[1, "food"][1].tagged) == ({}, ())


def test_what_is_read_while_the_site_runs_is_found(site, client):
    refreshing = Refreshing(site, every=0.05)
    refreshing.start()
    store = Store.open(site.library.folder)
    with store.transaction() as db:
        db.execute("UPDATE papers SET title = 'A thing about xylophones' WHERE id = 4")
    store.close()
    for _ in range(400):
        if numbers(client.get("/search.json?q=xylophones"))[0] == 4:
            break
        refreshing.ended.wait(0.05)
    refreshing.stop()
    assert numbers(client.get("/search.json?q=xylophones"))[0] == 4


def test_what_another_process_put_in_the_index_is_seen(site, client):
    client.post("/paper/1/like", data={"on": "1"})
    client.get("/paper/1.json")
    before = numbers(client.get("/for-you.json"))
    store = Store.open(site.library.folder)
    with store.transaction() as db:
        like = "(title, abstract) = (SELECT title, abstract FROM papers WHERE id = 1)"
        db.execute(f"UPDATE papers SET {like} WHERE id IN (2, 4)")
    assert PaperSearch(site.library.folder, encoder="hashed").refresh(store) == 2
    Refreshing(site).turn(store)
    store.close()
    assert {2, 4} == {paper["number"] for paper in client.get("/paper/1.json").json()["similar"][:2]}
    assert {2, 4} == {*numbers(client.get("/for-you.json"))[:2]} != {*before[:2]}


def test_a_look_before_the_search_is_ready_takes_nothing_away(site, client):
    store, folder, now = Store.open(site.library.folder), site.library.folder, [0.0]
    for number in range(1, 15, 2):
        client.post(f"/paper/{number}/like", data={"on": "1"})
        client.post(f"/paper/{number}/tag", data={"name": "food"})
    tag = Tag(1, "food", tuple(range(1, 15, 2)))
    fit_tag(store, site.search, tag, budget=2.0)
    site.search = PaperSearch(folder, encoder="hashed")
    site.fitter = TagFitter(folder, site.search, clock=lambda: now[0])
    assert "being prepared" in client.get("/for-you").text
    client.get("/tag?name=food")
    now[0] = 9.0
    assert not site.fitter.turn(store)
    assert (tag.place(folder).is_dir(), site.fitter.waiting) == (True, 1)
    Refreshing(site).turn(store)
    store.close()
    assert client.get("/for-you.json").json()["papers"]
    assert client.get("/suggested.json?name=food").json()["papers"][0]["reason"]["probability"] is not None


def test_a_turn_that_fails_is_logged_and_not_the_last(folder, caplog):
    class Failing(Repeating):
        turns = 0

        def turn(self, store):
            self.turns += 1
            if self.turns == 1:
                raise OSError("disk I/O error")
            self.ended.set()

    failing = Failing(folder, 0.01)
    failing.start()
    assert failing.ended.wait(20)
    failing.stop()
    assert failing.turns == 2
    assert "Failing goes on after a turn that failed" in caplog.text
    assert "disk I/O error" in caplog.text


def test_sources_that_are_due_are_asked(folder, client):
    file, store = folder.parent / "later.jsonl", Store.open(folder)
    file.write_text('{"title": "A paper that came later", "date": "2024-05-30"}\n')
    with store.transaction() as db:
        db.execute("UPDATE sources SET address = ?, due = 1e12", (str(file),))
    polling = Polling(folder, "none")
    polling.turn(store)
    assert client.get("/newest.json").json()["total"] == 31  # not due as yet
    with store.transaction() as db:
        db.execute("UPDATE sources SET due = 0")
    polling.turn(store)
    store.close()
    assert client.get("/newest.json").json()["total"] == 32
