"""The interface: what a page may do, and everything that is refused."""

from __future__ import annotations

import json
import time

import pytest
from starlette.testclient import TestClient

from modicum.core import InputError
from modicum.core.records import LabelSpace, Table
from modicum.serve.guard import Policy
from modicum.serve.label import make_app
from modicum.serve.listening import allowed_hosts, check_access
from modicum.workspace.loop import Teacher
from tests.workspace.loop.worlds import session as open_session
from tests.workspace.loop.worlds import tags_world, world

HOST = "127.0.0.1:8765"
SCRIPT = "<script>document.title='hacked'</script>"


@pytest.fixture
def served(tmp_path):
    """A client, its session and its teacher."""
    table, X, _ = world(per_class=20)
    texts = (SCRIPT, "half a character \ud800", *table.texts[2:])
    columns = {"text": list(texts), "length": list(map(len, texts))}
    table = Table(table.ids, texts, table.labels, "items.csv", columns=columns)
    session = open_session(tmp_path / "labels.jsonl", table=table, X=X)
    teacher = Teacher(session)
    app = make_app(session, teacher, Policy(allowed_hosts("127.0.0.1", 8765)), who="ana", notes=("a note",))
    yield TestClient(app, base_url=f"http://{HOST}"), session, teacher
    session.journal.close()


def post(client, path, **body):
    return client.post(f"/api/{path}", json={"who": "ana", "tab": "t"} | body)


def test_asking_answering_and_undoing(served):
    client, session, teacher = served
    start = client.get("/api/start").json()
    assert (start["who"], start["table"], start["notes"]) == ("ana", "items.csv", ["a note"])
    assert [each["name"] for each in start["classes"]] == ["food", "sport", "weather"]
    question = post(client, "ask").json()["question"]
    done = post(client, "answer", kind="label", rows=[question["row"]], classes=[1], how=question["how"]).json()
    assert done["question"]["row"] != question["row"]
    assert session.board.codes[question["row"]] == 1
    teacher.refit()
    status = client.get("/api/status", params={"who": "ana", "tab": "t"}).json()
    assert (status["labelled"], status["undo"], status["balance"]) == (1, True, {"1": 1})
    undone = post(client, "undo").json()
    assert undone["undone"] == {"kind": "label", "rows": [question["row"]], "classes": ["sport"]}
    assert undone["question"]["row"] == question["row"]
    assert post(client, "undo").json()["undone"] is None


def test_classes_lists_map_and_export(served):
    client, _, teacher = served
    number = post(client, "classes", action="add", name="music").json()["number"]
    assert post(client, "classes", action="rename", into=number, name="tunes").json()["number"] == number
    merged = post(client, "classes", action="merge", numbers=[number], into=0).json()
    assert [each["name"] for each in merged["classes"]] == ["food", "sport", "weather"]
    post(client, "answer", kind="label", rows=list(range(10, 20)), classes=[0], how="map", ask=False)
    teacher.refit()
    assert client.get("/api/batches", params={"tab": "t"}).json()
    assert client.get("/api/review").json() == []
    assert client.get("/api/disagreements").json() == []
    for _ in range(200):
        points = client.get("/api/map").json()
        if points:
            break
        time.sleep(0.1)
    assert len(points["rows"]) == len(points["x"]) == 60
    assert points["label"][10] == 0
    assert client.get("/api/row", params={"row": 10, "who": "ana"}).json()["mine"] == [0]
    assert post(client, "lines", rows=[0, 1]).json()[0]["text"] == SCRIPT
    for kind in ("csv", "jsonl", "parquet"):
        reply = client.get("/api/export", params={"format": kind})
        assert reply.status_code == 200
        assert reply.content
    assert client.get("/api/export", params={"format": "exe"}).status_code == 422


def test_groups_stay_lent_while_the_page_is_open_and_are_free_once_the_view_is_left(served):
    client, session, teacher = served
    moment = [0.0]
    session.clock = lambda: moment[0]
    post(client, "answer", kind="label", rows=list(range(10, 20)), classes=[0], how="map", ask=False)
    teacher.refit()

    def groups(tab):
        return client.get("/api/batches", params={"tab": tab}).json()

    def pass_by(seconds, *tabs):
        for _ in range(seconds // 2):
            moment[0] += 2
            for tab in tabs:
                client.get("/api/status", params={"who": "ana", "tab": tab})

    mine = groups("t")
    assert mine
    pass_by(200, "t", "u")
    assert groups("u") == []
    assert post(client, "leave", tab="t:batch").status_code == 200
    pass_by(4, "t", "u")
    assert groups("u") == mine
    post(client, "leave", tab="u")
    pass_by(6, "t")
    assert groups("t") == mine, "a page that is closed lets go of its groups, too"


def test_texts_come_as_json_and_never_as_a_page(served):
    client, *_ = served
    reply = client.get("/api/text", params={"row": 0})
    assert reply.json() == {"text": SCRIPT}
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert client.get("/api/text", params={"row": 1}).json()["text"] == "half a character ?"
    assert client.get("/api/text", params={"row": 99}).json()["error"] == "there is no row 99; the table has 60"


def test_page_and_assets_carry_strict_headers_and_name_nothing_elsewhere(served):
    client, *_ = served
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    names = ["main.js", "map.js", "base.css", "views.css", "icon.svg"]
    for body in [page.text, *(client.get(f"/{name}").text for name in names)]:
        assert "https://" not in body
        assert "innerHTML" not in body
    for path in ("/../pyproject.toml", "/..%2f..%2fapp.py", "/app.py", "/static", "/docs", "/openapi.json"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "127.0.0.1:1"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}, 200),
        ({"host": "localhost:8765", "origin": "http://localhost:8765"}, 200),
    ],
)
def test_foreign_calls_are_refused(served, headers, status):
    client, session, _ = served
    body = json.dumps({"who": "eve", "tab": "x"})
    reply = client.post("/api/ask", content=body, headers={"content-type": "application/json"} | headers)
    assert reply.status_code == status
    assert len(session.events) == 1


def test_large_and_malformed_bodies_are_refused_without_repeating_them(served):
    client, session, _ = served
    large = {"content": b"x" * 2_000_001, "headers": {"content-type": "application/json"}}
    assert client.post("/api/ask", **large).status_code == 413
    parts = (b"x" * 500_000 for _ in range(5))
    assert client.post("/api/ask", **large | {"content": parts}).status_code == 413, "of untold length"
    for body in ({}, {"who": "a"}, {"who": "a", "tab": "t", "more": 1}, {"who": "x" * 300, "tab": "t"}):
        reply = client.post("/api/ask", json=body)
        assert reply.status_code == 422
        assert "xxxx" not in reply.text
    assert post(client, "answer", kind="sing", rows=[0]).status_code == 422
    gone = post(client, "answer", kind="label", rows=[0], classes=[77])
    assert gone.json()["error"].startswith("the class is no longer there")
    assert client.put("/api/ask").status_code == 405
    assert len(session.events) == 1


def test_a_token_is_needed_where_there_is_one(tmp_path):
    session = open_session(tmp_path / "labels.jsonl", space=LabelSpace(("a", "b")))
    policy = Policy(allowed_hosts("0.0.0.0", 8765), "a secret of some length")
    client = TestClient(make_app(session, Teacher(session), policy), base_url="http://10.0.0.7:8765")
    assert client.get("/").status_code == 200
    assert client.get("/api/start").status_code == 401
    assert client.get("/api/start", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/api/start", headers={"authorization": "Bearer a secret of some length"}).status_code == 200
    assert post(client, "ask").status_code == 401
    session.journal.close()


def test_other_machines_need_a_token():
    for host in ("0.0.0.0", "::", "192.168.0.7", "example.org"):
        with pytest.raises(InputError, match="can be reached from other machines; give a secret with --token-file"):
            check_access(host, None)
        check_access(host, "sixteen letters!")
    for host in ("127.0.0.1", "::1", "localhost", "127.1.2.3"):
        check_access(host, None)
    with pytest.raises(InputError, match="the token has 5 characters; write at least 16"):
        check_access("127.0.0.1", "short")


@pytest.fixture
def tagged(tmp_path):
    """A client, its session and its teacher, on rows of several labels."""
    table, X, truth = tags_world(rows=140)
    session = open_session(tmp_path / "labels.jsonl", table=table, X=X)
    teacher = Teacher(session)
    app = make_app(session, teacher, Policy(allowed_hosts("127.0.0.1", 8765)), who="ana")
    yield TestClient(app, base_url=f"http://{HOST}"), session, teacher, truth
    session.journal.close()


def test_sets_of_labels_go_in_and_come_out(tagged):
    client, session, teacher, truth = tagged
    assert client.get("/api/start").json()["several"] is True
    assert client.get("/api/start").json()["figure"] == "Micro F1"
    question = post(client, "ask").json()["question"]
    assert (question["suggestions"], question["expected"]) == ([], [])
    done = post(client, "answer", kind="label", rows=[question["row"]], classes=[2, 0]).json()
    assert session.board.label(question["row"]) == (0, 2)
    undone = post(client, "undo").json()["undone"]
    assert undone == {"kind": "label", "rows": [question["row"]], "classes": ["weather", "food"]}
    for row in range(40):
        assert post(client, "answer", kind="label", rows=[row], classes=truth[row], ask=False).status_code == 200
    teacher.refit()
    teacher.remeasure()
    assert client.get("/api/row", params={"row": 4, "who": "ana"}).json()["labels"] == [0, 1]
    assert post(client, "lines", rows=[0, 139]).json()[0]["labels"] == []
    assert post(client, "lines", rows=[139]).json()[0]["labels"] is None
    status = client.get("/api/status", params={"who": "ana", "tab": "t"}).json()
    assert status["labelled"] == 40
    assert status["accuracy"]["accuracy"] > 0.8
    assert done["question"]["row"] != question["row"]
    assert client.get("/api/batches", params={"tab": "t"}).json()[0]["expected"] is not None


def test_a_lasso_adds_and_removes_over_the_interface(tagged):
    client, session, _, _ = tagged
    post(client, "answer", kind="label", rows=[0, 1], classes=[], ask=False)
    assert post(client, "answer", kind="add", rows=[0, 2], classes=[1], how="map", ask=False).status_code == 200
    assert [session.board.label(row) for row in range(3)] == [(1,), (), (1,)]
    for _ in range(200):
        points = client.get("/api/map").json()
        if points:
            break
        time.sleep(0.1)
    assert post(client, "answer", kind="remove", rows=[0, 2], classes=[1], ask=False).status_code == 200
    undone = [post(client, "undo").json()["undone"] for _ in range(2)]
    assert [(each["kind"], each["rows"], each["classes"]) for each in undone] == [
        ("remove", [0, 2], ["sport"]),
        ("label", [0, 2], ["sport"]),
    ]
    assert post(client, "answer", kind="add", rows=[0, 2], classes=[1], how="map", ask=False).status_code == 200
    assert [points["sets"][row] for row in range(4)] == [[1], [], [1], None]
    assert [points["label"][row] for row in range(4)] == [1, -2, 1, -1]
    refused = post(client, "answer", kind="remove", rows=[1, 3], classes=[1], ask=False)
    assert (refused.status_code, "nothing was changed" in refused.json()["error"]) == (422, True)
    assert post(client, "classes", action="add", name="a|b").status_code == 422


def test_a_second_label_is_refused_where_a_row_has_one(served):
    client, session, _ = served
    refused = post(client, "answer", kind="label", rows=[0], classes=[0, 1])
    assert (refused.status_code, "a row has one label here" in refused.json()["error"]) == (422, True)
    assert post(client, "answer", kind="add", rows=[0], classes=[1]).status_code == 422
    assert len(session.events) == 1
