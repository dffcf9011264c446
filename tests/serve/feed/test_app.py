"""The site: every page, every list in three forms, marks by plain forms, and everything that is refused."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from modicum.core.errors import InputError
from modicum.serve.feed import FeedServing, run_feed
from modicum.serve.feed.asking import numbers_in, page_of, text_in, way_back, whole
from modicum.serve.feed.running import _hosts
from modicum.workspace.feed import PaperSearch, Store
from tests.serve.feed.conftest import HOST, SCRIPT, client_of, site_of

LISTS = ("/trending", "/newest", "/search?q=soup", "/search?like=1&unlike=2", "/likes", "/hidden", "/notes", "/for-you")
PAGES = ("/", "/tags", "/search", "/paper/1", *LISTS)
ATOM = "{http://www.w3.org/2005/Atom}"


def form(path, ending):
    bare, _, query = path.partition("?")
    return f"{bare}{ending}?{query}"


def numbers(reply):
    return [paper["number"] for paper in reply.json()["papers"]]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole_and_safe(client, path):
    client.post("/paper/1/like", data={"on": "1"})
    client.post("/paper/31/tag", data={"name": SCRIPT[:50]})
    reply = client.get(path)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "script-src 'self'" in reply.headers["content-security-policy"]
    assert "form-action 'self'" in reply.headers["content-security-policy"]
    assert "unsafe" not in reply.headers["content-security-policy"]
    assert re.findall(r"<script[^>]*>", reply.text) == re.findall(
        r'<script type="module" src="/static/[^"]*">', reply.text
    )
    assert not re.search(
        r"<img|<svg onload|javascript:|\son\w+=|\sstyle=|<style", re.sub(r"&lt;.*?&gt;", "", reply.text)
    )
    assert re.findall(r'(?:src|href)="(?!/|https://arxiv\.org/abs/|#)[^"]*"', reply.text) == []
    assert reply.text.count("<h1") == reply.text.count("<main") == 1


@pytest.mark.parametrize("path", LISTS)
def test_every_list_is_json_and_atom_too(client, path):
    client.post("/paper/1/like", data={"on": "1"})
    client.post("/paper/3/hide", data={"on": "1"})
    client.post("/paper/5/note", data={"text": "read"})
    told = client.get(form(path, ".json"))
    assert told.headers["content-type"] == "application/json"
    assert told.json()["papers"]
    assert told.json()["address"].startswith(f"http://{HOST}{path.partition('?')[0]}")
    feed = client.get(form(path, ".atom"))
    assert feed.headers["content-type"] == "application/atom+xml; charset=utf-8"
    root = ElementTree.fromstring(feed.text)
    ids = [entry.findtext(f"{ATOM}id") for entry in root.iter(f"{ATOM}entry")]
    assert ids == [f"http://{HOST}/paper/{number}" for number in numbers(told)]
    assert all(
        re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", e.findtext(f"{ATOM}updated")) for e in root.iter(f"{ATOM}entry")
    )


def test_front_page_shows_what_trends_and_what_is_new_by_day(client):
    page = client.get("/").text
    assert "(votes + 2 × mentions) × 2<sup>−days / 3</sup>" in page
    days = re.findall(r'<h3 class="day">(.*?)</h3>', page)
    assert days[1] == "Friday, 31 May 2024"  # after the day on which undated papers were read
    assert len(days) > 5
    assert page.count('<article class="paper') == 5 + 20
    scores = [paper["score"] for paper in client.get("/trending.json").json()["papers"]]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(900 * 2 ** (-1 / 3), abs=1e-5)


def test_pages_of_a_list_follow_each_other_and_filters_hold(client):
    first = client.get("/newest.json?count=10").json()
    assert (len(first["papers"]), first["total"], first["page"]) == (10, 31, 1)
    second = numbers(client.get("/newest.json?count=10&page=2"))
    assert not {paper["number"] for paper in first["papers"]} & set(second)
    within = client.get("/newest.json?since=2024-05-10&until=2024-05-12").json()["papers"]
    assert [paper["date"] for paper in within] == ["2024-05-12", "2024-05-10"]  # the eleventh has no date of its own
    assert client.get("/newest.json?source=1").json()["total"] == 31
    assert client.get("/newest.json?source=2").json()["total"] == 0
    assert "There are no papers here." in client.get("/newest?source=2").text


@pytest.mark.parametrize("path", ["/newest", "/trending", "/search?q=soup", "/likes", "/tag?name=food", "/for-you"])
def test_links_to_further_pages_keep_their_length(client, path):
    for number in range(1, 15):
        client.post(f"/paper/{number}/{'like' if number % 2 else 'hide'}", data={"on": str(number % 2)})
        client.post(f"/paper/{number}/tag", data={"name": "food"})
    mark = "&" if "?" in path else "?"
    told = client.get(form(f"{path}{mark}count=2", ".json")).json()
    second = client.get(told["next"]).json()
    assert (len(second["papers"]), second["page"]) == (2, 2)
    first = client.get(form(f"{path}{mark}count=4", ".json"))
    assert numbers(first) == [paper["number"] for paper in (*told["papers"], *second["papers"])]
    assert "count=2" in second["address"]
    page = client.get(f"{path}{mark}count=2&page=2").text
    links = re.findall(r'rel="(?:prev|next)" href="([^"]*)"', page)
    assert len(links) == 2
    assert all("count=2" in link for link in links)
    root = ElementTree.fromstring(client.get(form(f"{path}{mark}count=2", ".atom")).text)
    assert "count=2" in next(link.get("href") for link in root.iter(f"{ATOM}link") if link.get("rel") == "next")
    assert root.findtext(f"{ATOM}id") == f"http://{HOST}{path}"


def test_no_page_follows_the_last_that_is_shown(client, monkeypatch):
    monkeypatch.setattr("modicum.serve.feed.lists.PAGES", 3)
    assert client.get("/newest.json?count=2&page=2").json()["next"].endswith("count=2&page=3")
    assert client.get("/newest.json?count=2&page=3").json()["next"] is None
    assert client.get("/trending.json?count=2&page=3").json()["next"] is None


def test_search_by_words_like_these_and_not_like_that(client):
    found = client.get("/search.json?q=cheese").json()
    assert all("cheese" in paper["abstract"] for paper in found["papers"][:4])
    page = client.get("/search?q=cheese").text
    assert "<mark>cheese</mark>" in page
    assert 'name="q" value="cheese"' in page
    assert 'href="/search?q=cheese&amp;unlike=' in page
    alike = numbers(client.get("/search.json?like=1&count=5"))
    assert all(number % 2 == 1 for number in alike)
    assert 1 not in alike
    assert "Not like" in client.get("/search?like=1&unlike=2").text
    part = client.get("/search?q=chee&typing=1&part=results").text
    assert "<header" not in part
    dated = client.get("/search.json?q=soup&since=2024-05-20").json()["papers"]
    assert all(paper["date"] >= "2024-05-20" for paper in dated)


def test_a_paper_tells_its_sources_and_neighbours(client):
    facts = client.get("/paper/2.json").json()
    assert facts["identifiers"] == {"arxiv:2405.10001": "https://arxiv.org/abs/2405.10001"}
    assert facts["sources"][0]["name"] == "daily.jsonl"
    assert len(facts["similar"]) == 6
    page = client.get("/paper/2").text
    assert "arXiv 2405.10001" in page
    assert page.count("data-paper=") == 7
    assert client.get("/paper/99").status_code == 404
    assert client.get(f"/paper/{10**30}").status_code == 404


def test_a_paper_that_turned_out_to_be_another_leads_there(client, site):
    store = Store.open(site.library.folder)
    with store.transaction() as db:
        db.execute("INSERT INTO moved VALUES (77, 2)")
    store.close()
    reply = client.get("/paper/77")
    assert (reply.status_code, reply.headers["location"]) == (301, "/paper/2")
    assert numbers(client.get("/search.json?like=77"))


def test_marks_by_forms_lead_back_and_are_shown(client):
    reply = client.post("/paper/1/like", data={"on": "1", "back": "/newest?page=2"})
    assert (reply.status_code, reply.headers["location"]) == (303, "/newest?page=2")
    told = client.post("/paper/1/tag", data={"name": "few labels"}, headers={"accept": "application/json"}).json()
    assert told == {
        "paper": 1,
        "liked": True,
        "hidden": False,
        "tags": ["few labels"],
        "note": "",
        "all_tags": ["few labels"],
    }
    client.post("/paper/1/note", data={"text": "read <this>"})
    page = client.get("/paper/1").text
    assert "read &lt;this&gt;</textarea>" in page
    assert 'aria-pressed="true">Like' in page
    assert 'href="/tag?name=few+labels"' in page
    client.post("/paper/1/like", data={"on": "0"})
    assert numbers(client.get("/likes.json")) == []
    client.post("/paper/2/hide", data={"on": "1"})
    assert 2 not in numbers(client.get("/newest.json?count=100"))
    assert numbers(client.get("/hidden.json")) == [2]


def test_suggestions_come_with_their_reasons(client):
    for number in (1, 3, 5):
        client.post(f"/paper/{number}/like", data={"on": "1"})
        client.post(f"/paper/{number}/tag", data={"name": "food"})
    found = client.get("/for-you.json").json()["papers"]
    assert all(paper["number"] % 2 for paper in found[:8])
    assert set(found[0]["reason"]["near"]) <= {1, 3, 5}
    assert found[0]["reason"]["phrases"]
    page = client.get("/tag?name=food").text
    assert "Suggested</h2>" in page
    assert "speaks of <em>" in page
    assert numbers(client.get("/tag.json?name=food")) == [5, 3, 1]
    assert client.get("/tags.json").json() == {"tags": {"food": 3}}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/newest?page=0", "page must be a whole number from 1 to 5,000"),
        ("/newest?count=101", "count must be"),
        ("/newest?since=soon", "since must be a day such as 2024-05-31"),
        ("/search?like=x", "like must be"),
        ("/search?like=999", "the feed has no paper 999"),
        ("/search?q=" + "a" * 501, "shorten it"),
        ("/tag", "the name of a tag has 0 characters"),
        ("/suggested?name=+", "the name of a tag has 0 characters"),
        ("/tag?name=" + "a" * 61, "write 1 to 60"),
        ("/search?" + "&".join(f"like={n}" for n in range(1, 23)), "at most 20 papers"),
    ],
)
def test_what_is_asked_wrongly_is_told_in_a_sentence(client, path, said):
    reply = client.get(path)
    assert reply.status_code == 422
    assert said[1:] in reply.text
    bare, _, query = path.partition("?")
    assert said in client.get(f"{bare}.json?{query}").json()["error"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, 403),
        ({"host": "evil.example"}, 421),
        ({"content-type": "text/plain"}, 415),
        ({"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}, 303),
        ({}, 303),
    ],
)
def test_forms_of_other_pages_are_refused(client, headers, status):
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/paper/1/like", content="on=1", headers=kind | headers).status_code == status
    assert len(numbers(client.get("/likes.json"))) == (status == 303)


def test_links_of_other_pages_lead_here_but_frames_and_calls_do_not(client):
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client.get("/paper/1", headers=link).status_code == 200
    assert client.get("/paper/1", headers=link | {"sec-fetch-mode": "no-cors"}).status_code == 403
    assert client.get("/").headers["x-frame-options"] == "DENY"
    assert client.get("/").headers["referrer-policy"] == "same-origin"


def test_forms_of_odd_bodies_do_no_harm(client):
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/paper/1/like", content="a=1&" * 60, headers=kind).status_code == 422
    assert client.post("/paper/1/like", content="on=2", headers=kind).status_code == 422
    assert client.post("/paper/1/tag", content=b"name=\xff%ff%00", headers=kind).status_code == 303
    assert client.post("/paper/1/note", content="text=" + "a" * 10_001, headers=kind).status_code == 422
    assert client.post("/paper/1/note", content="text=" + "a" * 2_000_001, headers=kind).status_code == 413
    assert client.post("/paper/99/like", content="on=1", headers=kind).status_code == 422


def test_bodies_that_no_form_reads_are_refused(client):
    client.post("/paper/1/note", data={"text": "kept"})
    client.post("/paper/1/like", data={"on": "1"})
    sent = {"json": {"on": "0", "text": "new"}}, {"files": {"on": (None, "0"), "text": (None, "new")}}
    for path in ("/paper/1/like", "/paper/1/note", "/keyword/1/rename", "/enter", "/account/subscribe"):
        for body in sent:
            reply = client.post(path, headers={"origin": f"http://{HOST}"}, **body)
            assert (reply.status_code, "must be" in reply.text) == (415, True)
            assert "application/x-www-form-urlencoded" in reply.text
    assert numbers(client.get("/likes.json")) == [1]
    assert "kept</textarea>" in client.get("/paper/1").text


@pytest.mark.parametrize("digits", [18, 19, 31, 5_000])
def test_numbers_of_any_length_are_of_no_page(client, digits):
    number = "9" * digits
    for path in (f"/paper/{number}", f"/paper/{number}.json", f"/keyword/{number}", f"/keyword/{number}.atom"):
        assert client.get(path).status_code == 404
    for path in (f"/paper/{number}/like", f"/paper/{number}/note", f"/keyword/{number}/drop"):
        reply = client.post(path, data={"on": "1", "sure": "1"})
        assert reply.status_code == (404 if digits > 18 else 422)


def test_guests_read_and_have_no_marks(folder):
    client = client_of(site_of(folder, single=False))
    page = client.get("/").text
    assert "data-mark" not in page
    assert "For you" not in page
    own = {"origin": f"http://{HOST}"}
    assert client.post("/paper/1/like", data={"on": "1"}, headers=own).status_code == 401
    assert client.get("/likes.json").status_code == 401


def test_two_readers_see_their_own_marks_alone(folder):
    site = site_of(folder, single=False)
    client, readers = client_of(site), site.people.readers
    tokens = [readers.sign_in(readers.confirm(readers.sign_up(f"{name}@example.org"))) for name in ("ana", "ben")]
    ana, ben = ({"cookie": f"feed_session={token}", "origin": f"http://{HOST}"} for token in tokens)
    client.post("/paper/1/like", data={"on": "1"}, headers=ana)
    client.post("/paper/1/tag", data={"name": "mine"}, headers=ana)
    client.post("/paper/1/hide", data={"on": "1"}, headers=ben)
    assert numbers(client.get("/likes.json", headers=ana)) == [1]
    assert numbers(client.get("/likes.json", headers=ben)) == []
    assert client.get("/tags.json", headers=ben).json() == {"tags": {}}
    assert numbers(client.get("/tag.json?name=mine", headers=ben)) == []
    assert "mine" not in client.get("/paper/1", headers=ben).text
    assert 1 in numbers(client.get("/newest.json?count=100", headers=ana))
    assert 1 not in numbers(client.get("/newest.json?count=100", headers=ben))


def test_the_door_opens_for_the_token_alone(site):
    token = "a-secret-of-some-length"
    client = client_of(site, token)
    assert client.get("/").headers["location"] == "/enter"
    assert client.get("/newest.json").status_code == 401
    assert client.post("/paper/1/like", data={"on": "1"}).status_code == 401
    assert client.get("/newest.json", headers={"authorization": f"Bearer {token}"}).status_code == 200
    assert client.get("/enter").status_code == 200
    assert client.post("/enter", data={"token": "wrong"}).status_code == 401
    reply = client.get(f"/enter?token={token}")
    assert (reply.status_code, reply.headers["location"]) == (303, "/")
    assert token not in reply.headers["set-cookie"]
    assert all(part in reply.headers["set-cookie"].lower() for part in ("httponly", "samesite=lax"))
    assert client.get("/").status_code == 200


def test_assets_last_and_nothing_else_is_served(client, site):
    kept = client.get(f"/static/{site.version}/feed.css")
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/old/feed.css").headers["cache-control"] == "no-store"
    assert client.get(f"/static/{site.version}/app.py").status_code == 404
    assert client.head("/newest").status_code == 200
    assert client.get("/nowhere").status_code == 404
    assert client.get("/nowhere.json").json() == {"error": "there is no such page"}
    assert "opensearchdescription" in client.get("/opensearch.xml").headers["content-type"]


def test_a_search_that_does_not_work_says_why(client, site):
    site.search = type(site.search)(site.library.folder, encoder="none")
    assert "is being prepared" in client.get("/search?q=soup").text
    site.trouble = "The search does not work: no weights."
    assert "no weights" in client.get("/search?q=soup").text
    assert client.get("/").status_code == 200


def test_a_site_that_knows_words_alone_promises_no_more(folder):
    site = site_of(folder)
    with site.store.transaction() as db:
        for table in ("keyword_papers", "keywords", "paper_places", "paper_map"):
            db.execute(f"DELETE FROM {table}")
    site.search = PaperSearch(folder, encoder="none")
    client, store = client_of(site), Store.open(folder)
    assert "being found" in client.get("/keywords").text
    site.search.refresh(store)
    store.close()
    client.post("/paper/1/like", data={"on": "1"})
    for path in ("/keywords", "/map", "/for-you"):
        assert "knows words alone" in client.get(path).text
    page = client.get("/search?q=soup").text
    assert "the best by words come first" in page
    assert "meaning" not in page
    assert numbers(client.get("/search.json?q=soup"))


def test_an_empty_feed_says_so(tmp_path):
    Store.open(tmp_path, create=True).close()
    client = client_of(site_of(tmp_path))
    assert "There are no papers yet." in client.get("/search?q=soup").text
    assert "once there are 5 papers" in client.get("/map").text
    assert "Ranked by" not in client.get("/for-you").text


def test_hidden_papers_are_not_counted_among_what_is_found(client):
    before = client.get("/search.json?q=soup").json()
    for number in numbers(client.get("/search.json?q=soup"))[:3]:
        client.post(f"/paper/{number}/hide", data={"on": "1"})
    after = client.get("/search.json?q=soup&count=100")
    assert after.json()["total"] == before["total"] - 3
    assert not {*numbers(after)} & {*numbers(client.get("/hidden.json"))}


def test_a_question_ends_with_its_own_sign(client):
    said = client.get("/keyword/1?order=typicall").text
    assert "did you mean" in said
    assert "?.</p>" not in said


class Params:
    def __init__(self, *pairs):
        self.query_params = type("Query", (dict,), {"getlist": lambda _, name: [v for n, v in pairs if n == name]})(
            pairs
        )


def test_what_addresses_and_forms_may_say():
    assert page_of(Params(("page", "2"))) == (2, 20)
    assert numbers_in(Params(("like", "2"), ("like", "2"), ("like", "")), "like") == (2,)
    assert text_in({"q": "  two\nwords "}, "q") == "two words"
    with pytest.raises(InputError, match="whole number"):
        whole({"n": "٣"}, "n", 1, 9)
    for said in ("//evil.org", "https://evil.org", "/\\evil.org", "/a\r\nx: y", "", "javascript:alert(1)"):
        assert way_back({"back": said}) == "/"


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://Papers.Example.org", "papers.example.org"),
        ("https://papers.example.org:443/", "papers.example.org"),
        ("http://papers.example.org:80", "papers.example.org"),
        ("https://papers.example.org:80", "papers.example.org:80"),
    ],
)
def test_the_site_is_found_under_its_address_as_browsers_write_it(address, host):
    assert host in _hosts(FeedServing(address=address), 8790)


def test_other_machines_need_a_token_or_readers(folder):
    with pytest.raises(InputError, match="--token-file"):
        run_feed(folder, FeedServing(host="0.0.0.0"), print)
    with pytest.raises(InputError, match="holds no feed"):
        run_feed(folder / "none", FeedServing(), print)
