"""The interface: what is answered, and everything that is refused, in one sentence each."""

from __future__ import annotations

import asyncio
import base64
import json
import threading

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

import modicum
from modicum.core import InputError
from modicum.serve.guard import Guard, Policy
from modicum.serve.predict.limits import Limits, Serving
from tests.serve.predict.conftest import HOST
from tests.workspace.tuning.worlds import slim_bundle

SECRET = "a secret of some length"
TEXT = "rain and storm with snow"


def test_answers_are_those_of_the_library(world, fitted):
    seen, bundle = world(), modicum.load(fitted)
    texts = [TEXT, "cheese soup", ""]
    told = seen.post("predict", items=texts, top=2).json()
    expected = bundle.predict(texts)
    columns = expected.columns(bundle.classes)
    assert told["bundle"] == bundle.digest[:12]
    assert told["recipe"]
    assert [each["prediction"] for each in told["answers"]] == columns["prediction"]
    assert [each["prediction_set"] for each in told["answers"]] == columns["prediction_set"]
    for row, each in enumerate(told["answers"]):
        assert each["unknown"] is columns["unknown"][row]
        assert len(each["probabilities"]) == 2
        assert each["probability"] == pytest.approx(expected.probabilities[row].max(), abs=1e-6)
        assert list(each["probabilities"]) == [bundle.classes[k] for k in (-expected.probabilities[row]).argsort()[:2]]
    vectors = seen.post("encode", items=texts).json()
    assert np.allclose(vectors["vectors"], bundle.find_encoder().encode(texts), atol=1e-6)
    coded = seen.post("encode", items=texts, form="base64").json()["vectors"]
    assert np.allclose([np.frombuffer(base64.b64decode(each), "<f4") for each in coded], vectors["vectors"])


def test_an_encoder_that_is_told_by_its_difference_answers(world, tmp_path):
    folder = slim_bundle(tmp_path)
    texts = ["my card is lost", "the pin"]
    told = world(folder).post("predict", items=texts).json()
    expected = modicum.load(folder).predict(texts).probabilities.max(axis=1)
    assert [each["probability"] for each in told["answers"]] == pytest.approx(expected, abs=1e-6)


def test_search_finds_rows_of_the_table(world):
    seen = world()
    found = seen.post("search", query="rain storm", top=3).json()["hits"]
    assert [hit["id"][0] for hit in found] == ["w"] * 3
    assert (found[0]["rank"], found[0]["text"][:5]) == (1, "about")
    assert seen.post("search", query="rain", like=["none"]).status_code == 422
    assert seen.post("search", query="  ").status_code == 422


def test_without_an_index_or_a_journal_the_remedy_is_told(world, bundle):
    told = modicum.load(bundle)
    seen = world(told.save(bundle.parent / "bare"))
    assert seen.post("search", query="rain").status_code == 404
    assert "fit it with --index" in seen.post("search", query="rain").json()["error"]
    assert "--feedback JOURNAL" in seen.post("feedback", text="rain", label="weather").json()["error"]
    drift = seen.client.get("/v1/status").json()["drift"]
    assert (drift["trained"], drift["alarm"]) == (0, False)


def test_a_cascade_or_other_targets_answer_in_their_own_form(world, tmp_path):
    texts = [f"about {word} number {n}" for n, word in enumerate(["rain", "soup", "goal", "snow"] * 10)]
    table = modicum.read({"text": texts, "size": [float(n % 4) for n in range(40)]}, text="text", label="size")
    seen = world(modicum.fit(table, encoder="hashed", budget=1, target="number").save(tmp_path / "number"))
    (answer,) = seen.post("predict", items=["about rain"]).json()["answers"]
    assert set(answer) == {"prediction", "low", "high"}
    assert len(seen.client.get("/v1/status").json()["drift"]["shares"]) > 1
    tags = [("rain|wet" if n % 2 else "wet", "food", "|", "rain")[n % 4] for n in range(40)]
    table = modicum.read({"text": texts, "tags": tags}, text="text", label="tags", separator="|")
    seen = world(modicum.fit(table, encoder="hashed", budget=1).save(tmp_path / "tags"), journal=tmp_path / "j.jsonl")
    (answer,) = seen.post("predict", items=["about rain"]).json()["answers"]
    assert isinstance(answer["prediction"], list)
    assert seen.post("feedback", text="about hail", label=["rain", "wet"]).json()["event"] == 2
    assert seen.post("feedback", text="nothing", label=[]).json()["event"] == 3


def test_bundles_without_texts_are_refused(fitted, tmp_path, world):
    table = modicum.read({"text": ["a", "b"] * 10, "label": ["x", "y"] * 10}, text="text", label="label")
    path = modicum.fit(table, vectors=np.random.default_rng(0).normal(size=(20, 4)), budget=1).save(tmp_path / "v")
    with pytest.raises(InputError, match="made from precomputed vectors, and has no encoder for texts"):
        world(path)
    with pytest.raises(InputError, match="there is no bundle at"):
        world(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 422, "malformed"),
        (b"{", 400, "the body is not JSON"),
        (b"[" * 100_000, 400, "JSON"),
        (b'{"items": ["\xff\xfe"]}', 400, "JSON"),
        (b'{"items": [NaN]}', 422, "malformed at 'items.0'"),
        (b'{"items": ["a"], "top": NaN}', 422, "malformed at 'top'"),
        (b'{"items": ["a"], "top": 1e400}', 422, "malformed at 'top'"),
        (b'{"items": ["a"], "top": ' + b"9" * 5000 + b"}", 400, "JSON"),
        (b'{"items": ["a"], "top": 0}', 422, "malformed at 'top'"),
        (b'{"items": []}', 422, "malformed at 'items'"),
        (b'{"items": "secret"}', 422, "malformed at 'items'"),
        (b'{"items": [["secret"]]}', 422, "malformed at 'items.0'"),
        (b'{"items": ["a"], "secret": 1}', 422, "malformed at 'secret'"),
        (b"null", 422, "malformed at 'body'"),
        (b'"secret"', 422, "malformed at 'body'"),
    ],
)
def test_hostile_bodies_are_refused_without_repeating_them(world, body, status, reason):
    seen = world()
    reply = seen.client.post("/v1/predict", content=body, headers={"content-type": "application/json"})
    assert (reply.status_code, list(reply.json())) == (status, ["error"])
    assert reason in reply.json()["error"]
    if b'"secret":' not in body:
        assert "secret" not in reply.text


def test_half_a_character_is_answered_for(world):
    body = b'{"items": ["\\ud800"]}'
    reply = world().client.post("/v1/predict", content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 200


def test_limits_are_told(world):
    seen = world(items=3, characters=20, body=2_000, queue=4)
    assert (
        seen.post("predict", items=["a"] * 4).json()["error"] == "a request holds at most 3 items, not 4; send several"
    )
    assert seen.post("predict", items=["a", "b" * 21]).json()["error"].startswith("item 1 has 21 characters, and 20")
    assert seen.post("predict", items=["b" * 2_000]).status_code == 413
    parts = (b"x" * 1_000 for _ in range(5))
    reply = seen.client.post("/v1/predict", content=parts, headers={"content-type": "application/json"})
    assert (reply.status_code, reply.headers["connection"]) == (413, "close")
    with pytest.raises(InputError, match="--queue 2 is less than one request may hold"):
        Limits(queue=2, items=3)
    with pytest.raises(InputError, match="the limit 'wait' must be above 0"):
        Limits(wait=0)
    for patience in (float("inf"), float("nan")):
        with pytest.raises(InputError, match=r"the limit 'patience' must be above 0 and finite, not (inf|nan)"):
            Limits(patience=patience)
    with pytest.raises(InputError, match="the number of workers must be at least 1"):
        Serving(workers=0)


def test_a_caller_who_left_is_counted_and_is_no_failure_of_the_service(world):
    here = world()
    headers = [(b"host", HOST.encode()), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/v1/predict", "headers": headers}

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        raise AssertionError(message)

    thread, _ = in_background(lambda: asyncio.run(here.client.app(scope, receive, send)))
    thread.join(30)
    assert 'path="/v1/predict",status="499"} 1.0' in here.client.get("/metrics").text
    assert [line["event"] for line in here.log] == ["request", "request"]


def test_foreign_calls_and_missing_tokens_are_refused(world):
    seen = world(token=SECRET)
    for path in ("/v1/status", "/metrics", "/openapi.json"):
        reply = seen.client.get(path)
        assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Bearer")
        assert "Authorization: Bearer TOKEN" in reply.json()["error"]
        assert seen.client.get(path, headers={"authorization": f"Bearer {SECRET}"}).status_code == 200
    for path in ("/", "/healthz", "/readyz", "/main.js", "/dom.js"):
        assert seen.client.get(path).status_code == 200
    assert seen.client.get("/healthz", headers={"host": "evil.example"}).status_code == 421
    assert seen.client.get("/healthz", headers={"origin": "http://evil.example"}).status_code == 403
    assert seen.client.delete("/healthz").headers["allow"] == "GET, HEAD, POST"
    assert seen.client.get("/v1/predict", headers={"authorization": f"Bearer {SECRET}"}).status_code == 405
    assert seen.client.head("/readyz").status_code == 200
    page = seen.client.get("/")
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "https://" not in page.text + seen.client.get("/main.js").text
    assert seen.client.get("/../app.py").status_code == 404


def held(seen):
    """Have the model wait, as if it was busy; returns what lets it go on."""
    gate, begun = threading.Event(), threading.Event()
    answer = seen.service.current.answer

    def slow(kind, items):
        begun.set()
        gate.wait(30)
        return answer(kind, items)

    object.__setattr__(seen.service.current, "answer", slow)
    return gate, begun


def in_background(call):
    found = []
    thread = threading.Thread(target=lambda: found.append(call()))
    thread.start()
    return thread, found


def test_a_full_queue_is_told_with_when_to_come_again(world):
    seen = world(queue=3, items=3)
    gate, begun = held(seen)
    first, one = in_background(lambda: seen.post("predict", items=["a"]))
    assert begun.wait(30)
    second, two = in_background(lambda: seen.post("predict", items=["b"] * 3))
    while seen.service.waiting < 3:
        pass
    reply = seen.post("predict", items=["c"])
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "1")
    assert seen.client.get("/readyz").status_code == 503
    gate.set()
    first.join(30)
    second.join(30)
    assert [reply.status_code for reply in (*one, *two)] == [200, 200]
    assert seen.client.get("/readyz").json()["status"] == "ready"


def test_time_limits(world):
    seen = world(patience=0.3)
    gate, begun = held(seen)
    first, one = in_background(lambda: seen.post("predict", items=["a"]))
    assert begun.wait(30)
    late = seen.post("predict", items=["b"])
    assert (late.status_code, late.headers["retry-after"]) == (503, "1")
    assert late.json()["error"] == "the request was not begun within 0.3 s; try again"
    first.join(30)
    assert one[0].status_code == 504
    gate.set()


def test_a_stopping_service_says_so(world):
    seen = world()
    seen.service.close()
    assert seen.post("predict", items=["a"]).json()["error"] == "the service is stopping; try again"
    assert seen.client.get("/readyz").status_code == 503
    assert seen.client.get("/healthz").status_code == 200


def test_a_slow_body_is_not_waited_for():
    sent = []

    async def receive():
        await asyncio.sleep(30)

    async def send(message):
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/v1/predict", "headers": headers}
    guard = Guard(None, Policy(None, patience=0.05))
    thread, _ = in_background(lambda: asyncio.run(guard(scope, receive, send)))
    thread.join(30)
    assert sent[0]["status"] == 408


def test_a_defect_is_logged_and_never_told(world):
    seen = world()
    client = type(seen.client)(seen.client.app, base_url=seen.client.base_url, raise_server_exceptions=False)

    def broken(kind, items):
        raise RuntimeError(f"secret {items}")

    object.__setattr__(seen.service.current, "answer", broken)
    reply = client.post("/v1/predict", json={"items": ["private words"]})
    assert reply.status_code == 500
    assert "secret" not in reply.text + seen.stream.getvalue()
    assert "private" not in reply.text + seen.stream.getvalue()
    defect = next(line for line in seen.log if line["event"] == "defect")
    assert (defect["error"], defect["request"]) == ("RuntimeError", reply.headers["x-request-id"])
    assert "Traceback" not in reply.text
    assert defect["request"] in reply.json()["error"]


def test_the_log_has_no_texts_and_the_figures_add_up(world):
    seen = world()
    for n in range(3):
        seen.post("predict", items=[TEXT, "private words"])
        assert len(seen.log) == n + 1
    seen.client.get("/a-path-of-the-caller")
    line = seen.log[0]
    assert (line["event"], line["path"], line["status"], line["items"]) == ("request", "/v1/predict", 200, 2)
    assert "private" not in seen.stream.getvalue()
    assert "a-path" not in seen.stream.getvalue()
    reply = seen.client.get("/metrics")
    assert reply.headers["content-type"].startswith("text/plain; version=")
    found = {
        (sample.name, tuple(sorted(sample.labels.values()))): sample.value
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
    }
    assert found["modicum_requests_total", ("/v1/predict", "200")] == 3
    assert found["modicum_requests_total", ("404", "other")] == 1
    assert found["modicum_items_total", ("predict",)] == 6
    assert found["modicum_drift_items", ()] == 6
    assert found["modicum_drift_alarm", ()] == 0
    shares = [value for (name, labels), value in found.items() if name == "modicum_class_share" and "recent" in labels]
    assert sum(shares) == pytest.approx(1)


def test_the_interface_is_described_with_examples_that_work(world, tmp_path):
    seen = world(journal=tmp_path / "fix.labels.jsonl")
    told = seen.client.get("/openapi.json").json()
    for path, methods in told["paths"].items():
        for method, call in methods.items():
            if method == "get":
                assert seen.client.get(path).status_code == 200
                continue
            name = call["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
            for example in told["components"]["schemas"][name]["examples"]:
                reply = seen.client.post(path, json=example)
                if path == "/v1/feedback":
                    assert "class 'card_arrival' is not known" in reply.json()["error"]
                else:
                    assert reply.status_code == 200, path
            assert {"401", "413", "422", "429", "503"} <= set(call["responses"])


def test_a_disk_that_is_full_is_told(world, tmp_path, monkeypatch):
    seen = world(journal=tmp_path / "fix.labels.jsonl")

    def full(corrections):
        raise InputError("fix cannot be written (no space)")

    monkeypatch.setattr(seen.service.feedback, "write", full)
    reply = seen.post("feedback", text="rain", label="weather")
    assert (reply.status_code, reply.json()["error"]) == (503, "the correction cannot be written; nothing was saved")
    assert json.loads(json.dumps(seen.log[0]))["reason"] == "fix cannot be written (no space)"
