"""Attacks a service by raw bytes, in a process of its own, as tests have no sockets. Prints the status of each attack.

python attacker.py URL
"""

import json
import socket
import sys
from urllib.parse import urlsplit

GOOD = b'{"items": ["rain"]}'


def attack(place, *parts):
    """Send parts; the status of the answer, 0 where the connection was closed without one."""
    with socket.create_connection((place.hostname, place.port), timeout=60) as line:
        try:
            for part in parts:
                line.sendall(part)
        except OSError:
            pass  # it has refused already; the answer may still be there
        try:
            told = line.recv(4096).split(b" ", 2)
        except OSError:
            return 0
    return int(told[1]) if len(told) > 1 else 0


def length(head, number):
    return head + f"Content-Length: {number}\r\n\r\n".encode()


def attacks(place):
    """The status of every attack, by its name."""
    head = f"POST /v1/predict HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/json\r\n".encode()
    megabyte = b" " * 1_000_000
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n"
    return {
        "slow body": attack(place, length(head, 1000), b"{"),
        "slow chunks": attack(place, chunked, b"1\r\n{\r\n"),
        "100 MB": attack(place, length(head, 100_000_000), *[megabyte] * 100),
        "100 MB in chunks": attack(place, chunked, *[b"f4240\r\n" + megabyte + b"\r\n"] * 100, b"0\r\n\r\n"),
        "shorter than told": attack(place, length(head, 5), GOOD),
        "negative length": attack(place, length(head, -1), GOOD),
        "endless length": attack(place, length(head, 10**30), GOOD),
        "two lengths": attack(place, head + b"Content-Length: 5\r\nContent-Length: 19\r\n\r\n" + GOOD),
        "length and chunks": attack(place, head + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        "bad chunk": attack(place, chunked, b"zz\r\n\r\n"),
        "no HTTP": attack(place, b"\x16\x03\x01" + b"\0" * 500),
        "endless header": attack(place, head + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n"),
        "odd header": attack(place, head + b"X-\xff: \xfe\x00\r\n\r\n"),
        "climbing path": attack(place, f"GET /../../etc/passwd HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode()),
        "other host": attack(place, b"GET /v1/status HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
        "upgrade": attack(
            place,
            f"GET / HTTP/1.1\r\nHost: {place.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n".encode(),
        ),
        "alive": attack(place, length(head, len(GOOD)), GOOD),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(attacks(urlsplit(sys.argv[1]))))
