"""Callers of a service, in a process of their own, as tests have no sockets. Prints JSON.

python caller.py load URL CLIENTS      posts until standard input ends; prints what came back
python caller.py full URL CLIENTS      as load; each request has one text, refusals are expected
python caller.py feedback URL CLIENTS  corrections; prints each one once it was acknowledged, until the service dies
python caller.py slow URL CLIENTS      one heavy request each; prints "sent" when they wait, then what came back
"""

import http.client
import json
import sys
import threading
import time
from collections import Counter
from urllib.parse import urlsplit

mode, url, clients = sys.argv[1], sys.argv[2], int(sys.argv[3])
place = urlsplit(url).netloc
stop = threading.Event()
lock = threading.Lock()
found = {"statuses": Counter(), "bundles": Counter(), "after": Counter(), "errors": []}
ITEMS = 200


def call(connection, path, body):
    connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
    reply = connection.getresponse()
    return reply, json.loads(reply.read())


def note(reply, told):
    with lock:
        found["statuses"][str(reply.status)] += 1
        found["bundles"][told.get("bundle", "")] += 1
        found["after"][reply.headers.get("retry-after") or ""] += 1


def load(number):
    connection = http.client.HTTPConnection(place, timeout=60)
    while not stop.is_set():
        try:
            note(*call(connection, "/v1/predict", {"items": [f"rain and soup of {number}"]}))
        except (OSError, http.client.HTTPException) as error:
            with lock:
                found["errors"].append(repr(error))
            return


def feedback(number):
    connection = http.client.HTTPConnection(place, timeout=60)
    for n in range(100_000):
        text = f"text {n} of client {number}"
        try:
            reply, told = call(connection, "/v1/feedback", {"text": text, "label": "food", "request": f"{number}-{n}"})
        except (OSError, http.client.HTTPException):
            return
        if reply.status == 200:
            with lock:
                sys.stdout.write(json.dumps([told["event"], told["id"], text]) + "\n")
                sys.stdout.flush()


def slow(number):
    connection = http.client.HTTPConnection(place, timeout=120)
    try:
        note(*call(connection, "/v1/predict", {"items": [f"rain {n} and {number} " * 150 for n in range(ITEMS)]}))
    except (OSError, http.client.HTTPException) as error:
        found["errors"].append(repr(error))


def waiting():
    connection = http.client.HTTPConnection(place, timeout=60)
    connection.request("GET", "/v1/status")
    return json.loads(connection.getresponse().read())["waiting"]


work = {"load": load, "full": load, "feedback": feedback, "slow": slow}[mode]
threads = [threading.Thread(target=work, args=(n,)) for n in range(clients)]
for thread in threads:
    thread.start()
if mode in ("load", "full"):
    sys.stdin.read()
    stop.set()
if mode == "slow":
    while waiting() < ITEMS * (clients - 1):
        time.sleep(0.005)
    sys.stdout.write("sent\n")
    sys.stdout.flush()
for thread in threads:
    thread.join()
if mode != "feedback":
    sys.stdout.write(json.dumps(found) + "\n")
