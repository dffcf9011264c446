"""Callers of a service, for a process of their own, as tests have no sockets. They print JSON.

python caller.py load URL CLIENTS      asks until standard input ends; prints what came back
python caller.py feedback URL CLIENTS  corrects until the service dies; prints each correction that was acknowledged
python caller.py slow URL CLIENTS      one heavy request each; prints "sent" when they wait, then what came back
"""

import http.client
import json
import sys
import threading
import time
from collections import Counter
from urllib.parse import urlsplit

ITEMS = 200
"""Items of a heavy request."""


class Callers:
    def __init__(self, url, clients):
        self.place, self.stop, self.lock = urlsplit(url).netloc, threading.Event(), threading.Lock()
        self.found = {"statuses": Counter(), "bundles": Counter(), "after": Counter(), "errors": []}
        self.clients = clients

    def connect(self):
        return http.client.HTTPConnection(self.place, timeout=120)

    def call(self, connection, path, body):
        connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
        reply = connection.getresponse()
        return reply, json.loads(reply.read())

    def ask(self, connection, items):
        reply, told = self.call(connection, "/v1/predict", {"items": items})
        with self.lock:
            self.found["statuses"][str(reply.status)] += 1
            self.found["bundles"][told.get("bundle", "")] += 1
            self.found["after"][reply.headers.get("retry-after") or ""] += 1

    def load(self, number):
        connection = self.connect()
        while not self.stop.is_set():
            self.ask(connection, [f"rain and soup of {number}"])

    def slow(self, number):
        self.ask(self.connect(), [f"rain {n} and {number} " * 80 for n in range(ITEMS)])

    def feedback(self, number):
        connection = self.connect()
        for n in range(100_000):
            body = {"text": f"text {n} of client {number}", "label": "food", "request": f"{number}-{n}"}
            reply, told = self.call(connection, "/v1/feedback", body)
            if reply.status == 200:
                self.say([told["event"], told["id"], body["text"]])

    def say(self, told):
        with self.lock:
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()

    def surely(self, work, number):
        """Do a work, and take down its failure."""
        try:
            work(number)
        except (OSError, http.client.HTTPException) as error:
            self.found["errors"].append(repr(error))

    def waiting(self):
        connection = self.connect()
        connection.request("GET", "/v1/status")
        return json.loads(connection.getresponse().read())["waiting"]

    def run(self, mode):
        work = getattr(self, mode)
        threads = [threading.Thread(target=self.surely, args=(work, n)) for n in range(self.clients)]
        for thread in threads:
            thread.start()
        if mode == "load":
            sys.stdin.read()
            self.stop.set()
        if mode == "slow":
            while self.waiting() < ITEMS * (self.clients - 1) and any(thread.is_alive() for thread in threads):
                time.sleep(0.005)
            self.say("sent")
        for thread in threads:
            thread.join()
        if mode != "feedback":
            self.say(self.found)


if __name__ == "__main__":
    Callers(sys.argv[2], int(sys.argv[3])).run(sys.argv[1])
