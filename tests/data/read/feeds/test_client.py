"""The client against a real server on loopback that behaves badly in every way."""

from __future__ import annotations

import gzip
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from modicum.data.read.feeds import Limits, Unreachable, fetch

pytestmark = pytest.mark.enable_socket
LIMITS = Limits(size=100_000, seconds=3.0, silence=1.0, redirects=3)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(dict(self.headers))
        getattr(self, self.path.strip("/").split("/")[0])()

    def log_message(self, *told):
        pass

    def answer(self, status=200, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def fine(self):
        if self.headers.get("If-None-Match") == '"v1"':
            return self.answer(304)
        return self.answer(body=b"content", ETag='"v1"', Last_Modified="Mon, 01 May 2023 08:00:00 GMT")

    def there(self):
        self.answer(302, Location="/fine")

    def circle(self):
        self.answer(301, Location="/back")

    def back(self):
        self.answer(301, Location="/circle")

    def far(self):
        self.answer(302, Location=f"{self.path}/x")

    def file(self):
        self.answer(302, Location="file:///etc/passwd")

    def busy(self):
        self.answer(429, Retry_After="120")

    def huge(self):
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(1 << 14):
                self.wfile.write(bytes(1 << 16))
        except OSError:
            self.server.hung_up.set()

    def bomb(self):
        self.answer(body=gzip.compress(bytes(50_000_000)), Content_Encoding="gzip")

    def packed(self):
        self.answer(body=gzip.compress(b"content"), Content_Encoding="gzip")

    def cut(self):
        self.answer(body=b"half", Content_Length="8")

    def drip(self):
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(200):
                self.wfile.write(b"x")
                time.sleep(0.1)
        except OSError:
            pass


@pytest.fixture
def server():
    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.asked, found.hung_up, found.daemon_threads = [], threading.Event(), True
    thread = threading.Thread(target=found.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()
    thread.join()


@pytest.fixture
def ask(server, tmp_path):
    def call(path, **settings):
        settings.setdefault("limits", LIMITS)
        return fetch(f"http://127.0.0.1:{server.server_port}/{path}", tmp_path / "answer", **settings)

    return call


@pytest.mark.parametrize("path", ["fine", "there", "packed"])
def test_an_answer_is_written_to_a_file(ask, tmp_path, path):
    assert ask(path).fresh
    assert (tmp_path / "answer").read_bytes() == b"content"


def test_servers_are_asked_whether_anything_is_new(ask, server, tmp_path):
    first = ask("fine")
    (tmp_path / "answer").unlink()
    second = ask("fine", etag=first.etag, modified=first.modified)
    assert not second.fresh
    assert (second.etag, second.modified) == (first.etag, first.modified)
    assert not (tmp_path / "answer").exists()
    assert server.asked[1]["If-Modified-Since"] == first.modified
    assert "modicum" in server.asked[0]["User-Agent"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("circle", "in a circle"),
        ("far", "more than 3 times"),
        ("file", "no address of http or https"),
        ("huge", "larger than 100,000 bytes"),
        ("bomb", "larger than 100,000 bytes"),
        ("cut", "cannot be read|before it was whole"),
        ("drip", "no whole answer in 1 s"),
    ],
)
def test_harm_is_cut_short(ask, path, said):
    start = time.monotonic()
    limits = Limits(100_000, 1.0, 1.0, 3) if path == "drip" else Limits(100_000, 60.0, 30.0, 3)
    with pytest.raises(Unreachable, match=said):
        ask(path, limits=limits)
    assert time.monotonic() - start < 30


def test_a_server_may_ask_for_patience(ask):
    with pytest.raises(Unreachable, match="answers 429") as found:
        ask("busy")
    assert found.value.wait == 120.0


def test_a_public_host_may_not_lead_into_a_private_network(ask):
    places = iter([["10.0.0.1"], ["93.184.216.34"]])
    with pytest.raises(Unreachable, match="into a private network"):
        ask("there", resolve=lambda host: next(places))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a/b", "http://", "http://a b/", "http://[x", "gopher:x"])
def test_other_addresses_are_refused(tmp_path, url):
    with pytest.raises(Unreachable, match="no address of http or https"):
        fetch(url, tmp_path / "answer")
