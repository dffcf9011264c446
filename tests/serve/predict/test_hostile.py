"""Hostile bodies and callers: never a 500, never what was sent, and the service answers on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ATTACKER = Path(__file__).with_name("attacker.py")
JSON = {"content-type": "application/json"}
PATHS = ("predict", "encode", "search", "feedback")
BODIES = {
    "nothing": b"",
    "a blank": b" ",
    "nul bytes": b"\0" * 100,
    "deep lists": b"[" * 200_000,
    "deep objects": b'{"items":' * 100_000,
    "deep and closed": b'{"items": [' + b"[" * 50_000 + b"]" * 50_000 + b"]}",
    "NaN": b'{"items": ["a"], "top": NaN}',
    "infinity": b'{"items": ["a"], "top": -Infinity}',
    "a float over all": b'{"items": ["a"], "top": 1e999}',
    "an endless integer": b'{"items": ["a"], "top": ' + b"9" * 100_000 + b"}",
    "a large integer": b'{"items": ["a"], "top": 1' + b"0" * 400 + b"}",
    "invalid UTF-8": b'{"items": ["\xff\xfe\x80"]}',
    "overlong UTF-8": b'{"items": ["\xc0\xaf"]}',
    "UTF-16": '{"items": ["a"]}'.encode("utf-16"),
    "a lone surrogate": b'{"items": ["\\ud83d"], "text": "\\udfff", "label": "\\ud800", "query": "\\ud800"}',
    "a key of surrogates": b'{"\\ud800": 1}',
    "doubled keys": b'{"items": ["a"], "items": 3}',
    "many keys": b"{" + b",".join(b'"k%d": 0' % n for n in range(100_000)) + b"}",
    "an array": b"[1, 2, 3]",
    "a text": b'"items"',
    "null": b"null",
    "items of all kinds": b'{"items": [null, 1, {}, [], true, "a"]}',
    "no items": b'{"items": []}',
    "many items": json.dumps({"items": ["a"] * 100_000}).encode(),
    "a long item": json.dumps({"items": ["a" * 1_000_000]}).encode(),
    "signs of control": json.dumps(
        {"items": ["\0\x01\x1b[2J\u202e"], "query": "\0", "text": "\0", "label": "\0"}
    ).encode(),
    "a prototype": b'{"__proto__": {"a": 1}, "__class__": "x", "items": ["a"]}',
    "torn": b'{"items": ["a"',
}

READABLE = {"UTF-16", "a lone surrogate", "a key of surrogates", "signs of control"}
"""Odd, and yet JSON that may be answered."""


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_body_is_refused_in_a_sentence(world, tmp_path, path, name):
    here = world(journal=tmp_path / "fix.labels.jsonl")
    reply = here.client.post(f"/v1/{path}", content=BODIES[name], headers=JSON)
    assert reply.status_code in ((200, 400, 422) if name in READABLE else (400, 422)), reply.text
    if reply.status_code != 200:
        assert set(reply.json()) == {"error"}
        assert len(reply.json()["error"]) < 500
    assert not [line for line in here.log if line["event"] == "defect"]
    assert here.post("predict", items=["rain"]).status_code == 200


def test_a_hundred_megabytes_are_refused_and_not_kept(world):
    here = world()
    sent = 0

    def body():
        nonlocal sent
        for _ in range(100):
            sent += 1_000_000
            yield b" " * 1_000_000

    assert here.client.post("/v1/predict", content=body(), headers=JSON).status_code == 413
    assert sent == 100_000_000
    assert here.post("predict", items=["rain"]).status_code == 200


@pytest.fixture
def attack():
    """What became of the service at an address, attacked by a process of its own, as tests have no sockets."""

    def attack_(url):
        done = subprocess.run([sys.executable, str(ATTACKER), url], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return attack_


def test_broken_and_slow_callers_hurt_nobody(start, bundle, attack):
    server = start(bundle, "--timeout", "2")
    found = attack(server.url)
    assert found.pop("alive") == 200
    assert found["slow body"] == 408
    assert found["100 MB"] == 413
    assert {status for status in found.values() if status >= 500} == set()
    assert not [line for line in server.log if line["event"] == "defect"]
    assert server.end() == 0


@pytest.mark.long
def test_what_schemathesis_makes_of_the_description(start, bundle, tmp_path):
    """2,000 cases and more from the OpenAPI description; schemathesis lives in an environment of its own."""
    tool = os.environ.get("SCHEMATHESIS") or shutil.which("st")
    if tool is None:
        pytest.skip(
            "schemathesis is not there: install it into an environment of its own, and name its st in SCHEMATHESIS"
        )
    server = start(bundle, "--feedback", tmp_path / "fix.labels.jsonl")
    checks = ("not_a_server_error", "status_code_conformance", "content_type_conformance")
    checks += ("response_schema_conformance", "negative_data_rejection")
    command = [
        tool,
        "run",
        f"{server.url}openapi.json",
        "--phases",
        "examples,coverage,fuzzing",
        "--max-examples",
        "400",
    ]
    command += ["--checks", ",".join(checks), "--continue-on-failure", "--no-shrink", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    assert not [line for line in server.log if line["event"] == "defect"]
    assert server.end() == 0
