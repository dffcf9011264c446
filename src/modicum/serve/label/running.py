"""From a session to a page that can be opened: socket, policy, server, and a clean end."""

from __future__ import annotations

import sys
from collections.abc import Callable

import uvicorn

from modicum.serve.guard import Policy
from modicum.serve.label.app import make_app
from modicum.serve.listening import address, allowed_hosts, check_access, listen
from modicum.workspace.loop import Session, Teacher

SWITCH = 0.0005
"""Seconds after which the refit must let an answer pass: a tenth of the interpreter's default."""
REMEDY = "open the address that modicum label printed"


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
    policy = Policy(allowed_hosts(host, at), token, remedy=REMEDY)
    teacher = Teacher(session)
    config = uvicorn.Config(
        make_app(session, teacher, policy, who=who, notes=notes),
        log_level="error",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    teacher.start()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    try:
        ready(address(host, at, token))
        uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        pass
    finally:
        sys.setswitchinterval(interval)
        teacher.stop()
        session.journal.close()
        listening.close()
