"""What `--executor` says, as workers."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from modicum.core.cores import usable_cores
from modicum.core.errors import InputError
from modicum.workspace.executors.processes import Processes
from modicum.workspace.executors.work import InProcess, Workers

LOCAL, RAY = "local", "ray"


@dataclass(frozen=True)
class Where:
    """Where partitions are worked through.

    Args:
        executor: `local`, `ray` (the cluster that is found on this machine, else one that is started) or `ray:ADDRESS`.
        threads: Cores to use in all; default those that are there.

    Raises:
        InputError: There is no such executor.

    Example:
        >>> Where("ray:10.0.0.1:6379").address
        '10.0.0.1:6379'
    """

    executor: str = LOCAL
    threads: int | None = None

    def __post_init__(self) -> None:
        if not self.local and self.executor.partition(":")[0] != RAY:
            raise InputError(f"executor {self.executor!r} is not known; write local, ray or ray:ADDRESS")

    @property
    def local(self) -> bool:
        """Whether it is this machine, without a cluster."""
        return self.executor == LOCAL

    @property
    def address(self) -> str | None:
        """Address of the cluster, where one is named."""
        return self.executor.partition(":")[2] or None

    def refuse_cluster(self, why: str) -> None:
        """Refuse a cluster for what runs in one process.

        Raises:
            InputError: A cluster is asked for.
        """
        if not self.local:
            raise InputError(f"--executor {self.executor} {why}; or leave --executor out")

    def workers(self, *, many: bool = True) -> Workers:
        """Make them ready; `many` says whether there is so much to do that other processes here are worth their start.

        Raises:
            InputError: Ray is not installed.
        """
        if not self.local:
            return _ray(self.address, self.threads)
        cores = min(self.threads or usable_cores(), usable_cores())
        return Processes(cores) if many and cores > 1 else InProcess(self.threads)


def _ray(address: str | None, workers: int | None) -> Workers:
    try:
        room = importlib.import_module("modicum.workspace.executors.ray")
    except ModuleNotFoundError as error:
        raise InputError(
            f"--executor ray needs the package {error.name}; install it with: pip install 'modicum[ray]'"
        ) from error
    found: Workers = room.RayWorkers(address, workers)
    return found
