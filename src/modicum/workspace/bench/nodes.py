"""Nodes of a Ray cluster on this machine, in a process of their own that does what it is told. Needs Ray."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

from modicum.core.errors import InputError

NODE: Mapping[str, Any] = {"num_cpus": 1, "object_store_memory": 80 << 20}
"""One core, and memory for what travels."""
PLACES: Mapping[str, str] = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # nodes at the loopback address alone
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_agent_register_timeout_ms": "120000",  # for machines that do much else
    "RAY_worker_register_timeout_seconds": "120",
}
"""Variables of the nodes, and of whoever connects to them."""
KILL, START, DONE = "kill", "start", "done"


class Nodes:
    """Two nodes of one core each, one of which can be killed and started again."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.address = self._answer()

    def kill(self) -> None:
        """Kill the processes of the second node, all at once."""
        self._say(KILL)

    def start(self) -> None:
        """Start a second node again."""
        self._say(START)

    def _say(self, what: str) -> None:
        if self.process.stdin is not None:
            self.process.stdin.write(f"{what}\n")
            self.process.stdin.flush()
        self._answer()

    def _answer(self) -> str:
        said = self.process.stdout.readline().strip() if self.process.stdout is not None else ""
        if not said:
            raise InputError(
                "the nodes of a Ray cluster do not start here; install Ray with: pip install 'modicum[ray]'"
            )
        return said


@contextmanager
def two_nodes(environ: Mapping[str, str]) -> Iterator[Nodes]:
    """Start two nodes, whose workers see this environment, and stop them in the end.

    Raises:
        InputError: Ray is not installed, or its nodes do not start.
    """
    command = [sys.executable, "-c", f"from {__name__} import serve; serve()"]
    given = {**environ, **PLACES}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=given) as process:
        try:
            yield Nodes(process)
        finally:
            if process.stdin is not None:
                process.stdin.close()


def serve() -> None:
    """Start the nodes, write their address, and do what standard input says, line by line, until it ends."""
    told = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what Ray says is no answer
    cluster = importlib.import_module("ray.cluster_utils").Cluster()
    cluster.add_node(**NODE, include_dashboard=False)
    second = cluster.add_node(**NODE)
    _tell(told, cluster.address)
    for said in map(str.strip, sys.stdin):
        if said == KILL:
            cluster.remove_node(second, allow_graceful=False)
        else:
            second = cluster.add_node(**NODE)
        _tell(told, DONE)
    cluster.shutdown()


def _tell(told: TextIO, what: str) -> None:
    told.write(f"{what}\n")
    told.flush()
