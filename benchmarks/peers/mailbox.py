"""A mail server that writes down what it takes before it says so, and can be killed at any moment.

`modicum bench feed --on digest` and the tests of the digest start it. Prints {"port": ...} once it listens; each
message that it takes is a line of JSON in the file it is given: `to`, `message_id` and `digest` (SHA-256 of its bytes),
and with --whole the `message` itself. Addresses that begin with `gone` it refuses for good, `later` twice for now,
`full` for good once it has seen the message, `policy` for its own policy.
"""

import argparse
import asyncio
import hashlib
import json
import ssl
import sys
from collections import Counter
from email import message_from_bytes
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


class Mailbox:
    """Takes messages into a file."""

    def __init__(self, told: argparse.Namespace) -> None:
        self.told = told
        self.asked: Counter[str] = Counter()

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, options: list[str]) -> str:
        """Take a recipient, or not."""
        self.asked[to] += 1
        if to.startswith("gone"):
            return "550 no such mailbox"
        if to.startswith("policy"):
            return "554 5.7.1 relay access denied"
        if to.startswith("later") and self.asked[to] <= 2:
            return "451 come again"
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Write a message down, then say that it is taken."""
        body = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        if envelope.rcpt_tos[0].startswith("full"):
            return "552 too large"
        row = {
            "to": envelope.rcpt_tos,
            "sender": envelope.mail_from,
            "tls": self.told.implicit or session.ssl is not None,
            "user": session.authenticated,
            "message_id": message_from_bytes(body)["Message-ID"],
            "digest": hashlib.sha256(body).hexdigest(),
        }
        line = json.dumps(row | ({"message": body.decode("latin-1")} if self.told.whole else {})) + "\n"
        with self.told.file.open("ab", buffering=0) as file:
            file.write(line.encode())
        await asyncio.sleep(self.told.slow)
        return "250 OK"


async def _serve(told: argparse.Namespace) -> None:
    context = None
    if told.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(told.certificate)
    mailbox = Mailbox(told)

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        given = f"{data.login.decode()}:{data.password.decode()}"
        return AuthResult(success=given == told.user, handled=False)

    def protocol() -> SMTP:
        asked = {"authenticator": check, "auth_required": bool(told.user)} if told.user else {}
        return SMTP(mailbox, hostname="localhost", tls_context=None if told.implicit else context, **asked)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", told.port, ssl=context if told.implicit else None)
    sys.stdout.write(json.dumps({"port": server.sockets[0].getsockname()[1]}) + "\n")
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    """Listen until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--slow", type=float, default=0.0, help="seconds between taking a message and saying so")
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--certificate", help="PEM file of a certificate and its key, for STARTTLS")
    parser.add_argument("--implicit", action="store_true", help="TLS from the first byte on")
    parser.add_argument("--user", help="USER:PASSWORD that are asked for")
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
