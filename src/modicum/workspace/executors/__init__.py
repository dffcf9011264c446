"""Where independent tasks run. Methods never know."""

from modicum.workspace.executors.choice import Where
from modicum.workspace.executors.local import LocalExecutor
from modicum.workspace.executors.partitions import Sizes, peeked, run_partitions
from modicum.workspace.executors.work import InProcess, Work, Workers

__all__ = ["InProcess", "LocalExecutor", "Sizes", "Where", "Work", "Workers", "peeked", "run_partitions"]
