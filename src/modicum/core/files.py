"""Writing that is whole or not there: a kill at any moment leaves the old file or folder, or the new one."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from modicum.core.errors import InputError

_NEW, _OLD = ".new-", ".old-"
LONGEST = 3600.0
"""Seconds after which nobody writes any more to what was begun."""


def _refusal(path: Path, reason: str, option: str = "--out") -> InputError:
    return InputError(f"{path} cannot be written ({reason}); choose another place with {option}")


def check_file_place(path: Path, option: str = "--out") -> None:
    """Let a place pass at which a file can be made, before the work begins whose result it is for.

    Raises:
        InputError: It is a folder, or lies in one that is not there or may not be written to.
    """
    if path.is_dir():
        raise _refusal(path, "it is a folder", option)
    if not path.parent.is_dir():
        raise _refusal(path, f"there is no folder {path.parent}", option)
    if not os.access(path.parent, os.W_OK):
        raise _refusal(path, os.strerror(errno.EACCES), option)


def check_folder_place(path: Path, kind: str, marks: Iterable[str]) -> None:
    """Let a place pass at which a folder can be made, or take that of one of its own kind: nothing else is lost there.

    Args:
        path: The folder.
        kind: What is written there, such as `a bundle`.
        marks: Files of which a folder of that kind holds one at least.

    Raises:
        InputError: There is something else, or the place may not be written to.
    """
    mine = any((path / mark).is_file() for mark in marks)
    if path.exists() and not mine and (not path.is_dir() or any(path.iterdir())):
        raise InputError(f"{path} exists and is not {kind}; give another --out, or move it away")
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise _refusal(path, f"{above} is a file")
    if not os.access(above, os.W_OK):
        raise _refusal(path, os.strerror(errno.EACCES))


def _beside(path: Path, kind: str) -> Path:
    """A name beside a path for the time of writing, which tells the process that writes."""
    return path.with_name(f".{path.name}{kind}{os.getpid()}-{secrets.token_hex(4)}")


def _is_left(path: Path) -> bool:
    """Whether what a process put beside a path is left over: it has ended, or its number is another's by now."""
    said = re.search(r"-(\d+)-[0-9a-f]{8}$", path.name)
    if said is None or os.name != "posix":
        return True
    try:
        os.kill(int(said[1]), 0)
        return time.time() - path.stat().st_mtime > LONGEST
    except ProcessLookupError:
        return True
    except OSError:  # it is somebody else's, or took its place in the meantime
        return False


def _sync(path: Path) -> None:
    """Have the operating system put a file or a folder's list of names on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def file_digest(file: Path) -> str:
    """SHA-256 of a file, in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def manifest_digest(manifest: Mapping[str, Any]) -> str:
    """SHA-256, in hex, of what a manifest says beside its own `digest`."""
    told = {key: value for key, value in manifest.items() if key != "digest"}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary sibling to write to; it takes the place of `path` when the block ends without an error.

    Raises:
        InputError: The place cannot be written.
    """
    work = _beside(path, _NEW)
    try:
        yield work
        _sync(work)
        work.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise _refusal(path, error.strerror or str(error)) from error
    finally:
        work.unlink(missing_ok=True)


def atomic_write(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all.

    Raises:
        InputError: The place cannot be written.
    """
    with atomic_path(path) as work:
        work.write_bytes(data)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Give an empty temporary sibling folder to fill; it takes the place of `path` when the block ends.

    A folder cannot replace another in one step: the old one is moved aside, the new one moved in, the old one
    removed. `recover` puts the old one back where a kill came between the first two moves.

    Raises:
        InputError: The place cannot be written.
    """
    path = path.absolute()
    work = _beside(path, _NEW)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        recover(path)
        work.mkdir()
        yield work
        for file in work.rglob("*"):
            _sync(file)
        _sync(work)
        aside = _beside(path, _OLD)
        if path.exists():
            path.rename(aside)
        work.rename(path)
        _sync(path.parent)
        shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise _refusal(path, error.strerror or str(error)) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def recover(path: Path) -> None:
    """Put back a folder that a kill left moved aside, and sweep away what else earlier kills left beside it.

    What a process that is still there writes is left alone.
    """
    path = path.absolute()
    if not path.parent.is_dir():
        return
    asides = sorted(path.parent.glob(f".{path.name}{_OLD}*"))
    if asides and not path.exists():
        asides.pop().rename(path)
    for leftover in (*asides, *filter(_is_left, path.parent.glob(f".{path.name}{_NEW}*"))):
        shutil.rmtree(leftover, ignore_errors=True) if leftover.is_dir() else leftover.unlink(missing_ok=True)


@contextmanager
def held_alone(lock: Path, said: str) -> Iterator[None]:
    """Keep other processes from what a lock file stands for.

    Args:
        lock: The file; it is made where it is not, in a folder that is there.
        said: What is told if another process holds it, with the remedy.

    Raises:
        InputError: Another process holds it.
    """
    held = FileLock(lock)
    try:
        held.acquire(timeout=0)
    except Timeout as error:
        raise InputError(said) from error
    try:
        yield
    finally:
        held.release()
