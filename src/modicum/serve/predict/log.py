"""The log: one JSON object a line, and no text of an item in it."""

from __future__ import annotations

import json
import logging
import traceback
from threading import Lock
from typing import Any, TextIO

from modicum.workspace.loop.events import now


class Log:
    """Writes events to a stream."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._lock = stream, Lock()

    def write(self, event: str, **facts: Any) -> None:
        """Write what happened, when, and what is known of it."""
        line = json.dumps({"at": now(), "event": event, **facts}) + "\n"
        with self._lock:
            self._stream.write(line)
            self._stream.flush()

    def defect(self, error: BaseException, **facts: Any) -> None:
        """Write which error it was and where; not its message, which may hold a text."""
        frames = traceback.extract_tb(error.__traceback__)
        where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-8:]]
        self.write("defect", error=type(error).__name__, where=where, **facts)


class ServerLog(logging.Handler):
    """What the server says of itself, in the same form."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record without its traceback."""
        self._log.write("server", level=record.levelname.lower(), said=record.getMessage().splitlines()[0])
