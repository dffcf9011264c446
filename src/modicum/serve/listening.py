"""Where a server listens, who may reach it there, and under which names."""

from __future__ import annotations

import ipaddress
import os
import socket
from urllib.parse import quote

from modicum.core.errors import InputError

PORT = 8765
HTTP = 80
"""Port that browsers leave out of the header Host."""
TRIED = 20
"""Ports that are tried, from the first on, where none was named."""
SHORTEST = 16
"""Characters of a token."""
BACKLOG = 1024
"""Connections that may wait to be taken."""


def check_access(host: str, token: str | None) -> None:
    """Refuse to be reached from elsewhere without a token.

    Raises:
        InputError: The host is not this machine's own and there is no token, or the token is too short, or cannot be
            sent in a header.
    """
    if token is not None and len(token) < SHORTEST:
        raise InputError(f"the token has {len(token)} characters; write at least {SHORTEST} into the file")
    if token is not None and not (token.isascii() and token.isprintable()):
        raise InputError("the token has characters that clients send differently; write plain ASCII into the file")
    if token is None and not is_loopback(host):
        raise InputError(
            f"--host {host} can be reached from other machines; give a secret with --token-file FILE, "
            "or leave --host out"
        )


def allowed_hosts(host: str, port: int) -> frozenset[str] | None:
    """Values of the header Host that belong to an address; None where any name may lead to it."""
    if not is_loopback(host):
        return None
    names = {"127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host}
    return frozenset(f"{name}:{port}" for name in names) | (names if port == HTTP else frozenset())


def listen(host: str, port: int | None, first: int = PORT) -> socket.socket:
    """A listening socket.

    Args:
        host: Address to listen at.
        port: Port; None for the first free one of `TRIED` from `first` on, 0 for any.
        first: First port that is tried.

    Raises:
        InputError: The address is none, or the port is taken.
    """
    tried = range(first, first + TRIED) if port is None else (port,)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for number in tried:
        listening = socket.socket(family, socket.SOCK_STREAM)
        if os.name == "posix":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, number))
            listening.listen(BACKLOG)
        except (socket.gaierror, TypeError) as error:  # the latter of a name that DNS has no form for
            listening.close()
            raise InputError(
                f"there is no address {host!r} to listen at; give another --host, or leave it out"
            ) from error
        except OSError as error:
            listening.close()
            reason = error.strerror or str(error)
        else:
            return listening
    where = f"{host}:{port}" if port is not None else f"{host}, ports {first} to {first + TRIED - 1}"
    raise InputError(f"the page cannot be served at {where} ({reason}); choose another --port")


def address(host: str, port: int, token: str | None) -> str:
    """The address at which a browser finds the page; it brings the token along."""
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "localhost") else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/" + (f"#token={quote(token, safe='')}" if token else "")


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
