"""Where independent tasks run. Methods never know."""

from modicum.workspace.executors.local import LocalExecutor

__all__ = ["LocalExecutor"]
