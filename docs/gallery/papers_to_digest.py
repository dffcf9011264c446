"""Saved pages become a library of papers; a few likes rank it, and what is new comes as a mail."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from modicum.data.read.feeds import read_entries
from modicum.workspace.feed import Store, add
from modicum.workspace.feed.digest import Letters, preview_digest
from modicum.workspace.feed.readers import Readers, Subscriptions

PAGES = Path(__file__).parent / "pages"
LIKED = (
    "Least Ambiguous Set-Valued Classifiers with Bounded Error Levels",
    "Classification with Valid and Adaptive Coverage",
    "Uncertainty Sets for Image Classifiers using Conformal Prediction",
)
FIRST, LINES, PATIENCE = 10, 14, 300


@contextmanager
def served(*verb: str) -> Iterator[Callable[..., dict]]:
    """A verb that serves, in a process of its own, for as long as it is asked: how to ask it."""
    command = [sys.executable, "-m", "modicum", *verb, "--json", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            place = urlsplit(json.loads(process.stdout.readline())["url"]).netloc
            with closing(HTTPConnection(place, timeout=60)) as line:

                def ask(path: str, **form: object) -> dict:
                    kinds = {"accept": "application/json", "content-type": "application/x-www-form-urlencoded"}
                    line.request("POST" if form else "GET", path, urlencode(form) if form else None, kinds)
                    return json.loads(line.getresponse().read())

                yield ask
        finally:
            process.terminate()


with tempfile.TemporaryDirectory() as place:
    folder = Path(place) / "feed"

    # 1. Pages in, papers out: one that stands on two pages, or is told in other words, is one paper.
    store = Store.open(folder, create=True)
    told = add(store, str(PAGES))
    store.close()
    print(f"{told.read} entries read, {told.papers} papers, {len(told.repeated)} of them told more than once")

    # 2. The site: what is trending, here what stands in most places; a search; and a few likes, which rank the rest.
    with served("feed", "serve", "--folder", str(folder)) as ask:
        trending = [paper["title"] for paper in ask("/trending.json")["papers"]]
        print("trending:", "; ".join(trending[:3]))
        numbers = {paper["title"]: paper["number"] for paper in ask("/newest.json?count=100")["papers"]}
        for title in LIKED:
            ask(f"/paper/{numbers[title]}/like", on=1)
            ask(f"/paper/{numbers[title]}/tag", name="sets", on=1)
        for _ in range(PATIENCE):  # the search reads the feed first
            if ranked := ask("/for-you.json")["papers"]:
                break
            time.sleep(0.2)
        found = ask(f"/search.json?{urlencode({'q': 'labels that are wrong', 'count': 3})}")["papers"]
        print("labels that are wrong:", "; ".join(paper["title"] for paper in found))
    page = {entry.title for run in read_entries(PAGES / "prediction-sets.html") for entry in run}
    for paper in ranked[:3]:
        print(f"for you: {paper['title']}, which speaks of {', '.join(paper['reason']['phrases'])}")
    same = sum(paper["title"] in page for paper in ranked[:FIRST])
    print(f"of the first {FIRST} for you, {same} stand on the page of the likes, as do {len(page)} of {told.papers}")

    # 3. The digest: what a reader wants by mail, and the message that is due. Nothing is sent.
    readers = Readers.open(folder)
    wishes = Subscriptions(readers, readers.single())
    for kind, what in (("tag", "sets"), ("search", "class names"), ("trending", "")):
        wishes.add(kind, what)
    message, due = preview_digest(readers, Letters.of("Our feed <feed@example.org>"), to="ana@example.org")
    readers.close()
    print(f"{due} reader is due a digest")
    print(f"Subject: {message['Subject']}")
    print("\n".join(message.get_body(("plain",)).get_content().splitlines()[:LINES]))
