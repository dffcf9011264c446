"""From a session to a page that can be opened: socket, policy, server, and a clean end."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from collections.abc import Callable

import uvicorn

from modicum.core.errors import InputError
from modicum.serve.label.app import make_app
from modicum.serve.label.guard import Policy
from modicum.workspace.loop import Session, Teacher

PORT = 8765
TRIED = 20
"""Ports that are tried, from `PORT` on, where none was named."""
SWITCH = 0.0005
"""Seconds after which the refit must let an answer pass: a tenth of the interpreter's default."""
SHORTEST = 16
"""Characters of a token."""


def run_label(
    session: Session,
    *,
    ready: Callable[[str], None],
    host: str = "127.0.0.1",
    port: int | None = None,
    token: str | None = None,
    who: str = "",
    notes: tuple[str, ...] = (),
) -> None:
    """Serve the page of a session until the process is told to stop (Ctrl-C); then close its journal.

    Args:
        session: What is labelled.
        ready: Called with the page's address once it can be opened.
        host: Address to listen at. Others than this machine's own need a token.
        port: Port; default the first free one from 8765 on; 0 for any.
        token: Secret that every call must bring along; it is part of the address given to `ready`.
        who: Name offered to whoever labels.
        notes: Sentences shown when the page opens.

    Raises:
        InputError: The host is not this machine and there is no token, the token is short, or the port is taken.
    """
    check_access(host, token)
    listening = listen(host, port)
    at = listening.getsockname()[1]
    policy = Policy(allowed_hosts(host, at), token)
    teacher = Teacher(session)
    config = uvicorn.Config(
        make_app(session, teacher, policy, who=who, notes=notes),
        log_level="error",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "localhost") else f"[{host}]" if ":" in host else host
    teacher.start()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    try:
        ready(f"http://{shown}:{at}/" + (f"#token={token}" if token else ""))
        uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        pass
    finally:
        sys.setswitchinterval(interval)
        teacher.stop()
        session.journal.close()
        listening.close()


def check_access(host: str, token: str | None) -> None:
    """Refuse to be reached from elsewhere without a token.

    Raises:
        InputError: The host is not this machine's own and there is no token, or the token is too short.
    """
    if token is not None and len(token) < SHORTEST:
        raise InputError(f"the token has {len(token)} characters; at least {SHORTEST} are needed")
    if token is None and not _loopback(host):
        raise InputError(
            f"--host {host} can be reached from other machines; give a secret with --token-file FILE, "
            "or leave --host away"
        )


def allowed_hosts(host: str, port: int) -> frozenset[str] | None:
    """Values of the header Host that belong to an address; None where any name may lead to it."""
    if not _loopback(host):
        return None
    names = {"127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host}
    return frozenset(f"{name}:{port}" for name in names)


def listen(host: str, port: int | None) -> socket.socket:
    """A listening socket.

    Raises:
        InputError: The address is none, or the port is taken.
    """
    tried = range(PORT, PORT + TRIED) if port is None else (port,)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for number in tried:
        listening = socket.socket(family, socket.SOCK_STREAM)
        if os.name == "posix":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, number))
            listening.listen(128)
        except OSError as error:
            listening.close()
            reason = error.strerror or str(error)
        else:
            return listening
    where = f"{host}:{port}" if port is not None else f"{host}, ports {PORT} to {PORT + TRIED - 1}"
    raise InputError(f"the page cannot be served at {where} ({reason}); choose another --port")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
