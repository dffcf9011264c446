"""Byte streams: with bytes put back that were looked at, and with a check that they are UTF-8."""

from __future__ import annotations

import io
from pathlib import Path

from modicum.core.errors import InputError

BOM = b"\xef\xbb\xbf"
UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Pushed(io.BufferedIOBase):
    """A byte stream with its first bytes, which were looked at, put back."""

    def __init__(self, head: bytes, stream: io.BufferedIOBase) -> None:
        self.head, self.stream = io.BytesIO(head), stream

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """What was put back first, then the stream."""
        if size is None or size < 0:
            return self.head.read() + self.stream.read()
        head = self.head.read(size)
        return head + self.stream.read(size - len(head))

    def readline(self, size: int | None = -1) -> bytes:
        """A line, of what was put back and of the stream."""
        line = self.head.readline()
        return line if line.endswith(b"\n") else line + self.stream.readline()


class Utf8(io.BufferedIOBase):
    """A byte stream that refuses bytes which are no UTF-8, naming their line."""

    def __init__(self, stream: io.BufferedIOBase, name: str) -> None:
        self.stream, self.name, self.line, self.tail = stream, name, 1, b""

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """Bytes; a letter may be cut in two by their end.

        Raises:
            InputError: They are not UTF-8.
        """
        return self._checked(self.stream.read(size))

    def readline(self, size: int | None = -1) -> bytes:
        """A line.

        Raises:
            InputError: It is not UTF-8.
        """
        return self._checked(self.stream.readline())

    def _checked(self, data: bytes) -> bytes:
        whole = self.tail + data
        try:
            whole.decode("utf-8")
            self.tail = b""
        except UnicodeDecodeError as error:
            if data and error.reason == "unexpected end of data" and len(whole) - error.start < 4:
                self.tail = whole[error.start :]
            else:
                line = self.line + whole[: error.start].count(b"\n")
                theirs = "utf-16" if self.line == 1 and data.startswith(UTF16) else "latin1"
                raise InputError(
                    f"{self.name}, line {line}: the text is not UTF-8; convert it, for instance with: "
                    f"iconv -f {theirs} -t utf-8 {self.name} > utf8{Path(self.name).suffix or '.csv'}"
                ) from error
        self.line += data.count(b"\n")
        return data
