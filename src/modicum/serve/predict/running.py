"""From a bundle to a service that listens: socket, policy, server, and an end that drops nothing."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import uvicorn
from threadpoolctl import threadpool_limits

from modicum.core.files import recover
from modicum.serve.guard import Policy
from modicum.serve.listening import address, allowed_hosts, check_access, listen
from modicum.serve.predict.app import GUARDED, make_app
from modicum.serve.predict.feedback import Feedback
from modicum.serve.predict.limits import Limits, Serving
from modicum.serve.predict.log import Log, ServerLog
from modicum.serve.predict.served import Served
from modicum.serve.predict.service import Service
from modicum.serve.predict.watch import Watch

PORT = 8770
SWITCH = 0.0005
"""Seconds after which an answer that is being made must let a request in: a tenth of the interpreter's default."""
IDLE = 75
"""Seconds after which a connection without a request is closed; longer than most clients keep theirs."""
GRACE = 5.0
"""Seconds beyond the time limit of a request in which a service that was told to stop must have ended."""


def run_serve(bundle: Path, settings: Serving, ready: Callable[[str], None]) -> None:
    """Answer from a bundle until the process is told to stop (SIGTERM, Ctrl-C); then finish what was taken.

    Args:
        bundle: Folder of the bundle.
        settings: How it is served.
        ready: Called with the address once requests are taken.

    Raises:
        InputError: The bundle cannot answer for texts, the journal is in use, the host needs a token, or the port is
            taken.
    """
    host, token, limits, log = settings.host, settings.token, settings.limits, Log(sys.stderr)
    check_access(host, token)
    recover(bundle)
    served = Served.open(bundle, limits.window, threads=settings.threads)
    with ExitStack() as ends:
        # A head's products are small: a second thread costs more in waiting than it gives, a third of the throughput.
        ends.enter_context(threadpool_limits(1, user_api="blas"))
        listening = ends.enter_context(listen(host, settings.port, PORT))
        corrections = None if settings.feedback is None else Feedback.open(settings.feedback, served.bundle)
        service = Service(served, limits, log, corrections, settings.workers)
        ends.callback(service.close)
        if settings.watch:
            watching = _watch(bundle, service, settings.threads)
            watching.start()
            ends.callback(watching.stop)
        at = listening.getsockname()[1]
        policy = Policy(allowed_hosts(host, at), token, largest=limits.body, guarded=GUARDED, patience=limits.patience)
        server = uvicorn.Server(_config(make_app(service, policy), limits))
        ends.enter_context(_quick_and_obedient(server, log))
        log.write("started", bundle=served.name, recipe=served.recipe, port=at, watch=settings.watch)
        ready(address(host, at, token))
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listening])
    log.write("stopped", bundle=service.current.name)


def _watch(bundle: Path, service: Service, threads: int | None) -> Watch:
    def again() -> Served:
        return Served.open(bundle, service.limits.window, threads=threads, before=service.current)

    return Watch(bundle, current=lambda: service.current, open_=again, swap=service.swap, refused=service.refused)


def _config(app: object, limits: Limits) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        limit_concurrency=limits.connections,
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=round(limits.patience + GRACE),
    )


@contextmanager
def _quick_and_obedient(server: uvicorn.Server, log: Log) -> Iterator[None]:
    """Threads give way quickly, warnings are logged, and SIGTERM ends the server alone, also before it has begun."""

    def stop(number: int, frame: object) -> None:
        server.should_exit = True

    interval, before = sys.getswitchinterval(), signal.signal(signal.SIGTERM, stop)
    logger, handler = logging.getLogger("uvicorn.error"), ServerLog(log)
    logger.addHandler(handler)
    logger.propagate = False
    sys.setswitchinterval(SWITCH)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        logger.removeHandler(handler)
        signal.signal(signal.SIGTERM, before)
