"""Builds wheel and sdist twice, from two copies of the files, and keeps them if they are the same: `dist.py FOLDER`."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from links import ROOT

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "build", "dist", "demo", "__pycache__", "*.egg-info", ".*_cache", ".hypothesis", ".coverage"
)
OLD = 946_684_800
"""A time that files of the second copy get: the year 2000."""


class NotTheSame(Exception):
    """Two builds of the same files differ."""


def build(source: Path, folder: Path) -> dict[str, Path]:
    """Wheel and sdist of a copy of the project, by name. Nothing is fetched."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    return {file.name: file for file in sorted(folder.iterdir())}


def copies(folder: Path) -> tuple[Path, Path]:
    """Two copies of the project that differ in place, times and modes of files."""
    first, second = folder / "first", folder / "elsewhere" / "second"
    for copy in (first, second):
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    for file in (one for one in second.rglob("*") if one.is_file()):
        os.utime(file, (OLD, OLD))
        file.chmod(file.stat().st_mode | 0o020)
    return first, second


def digests(files: Mapping[str, Path]) -> dict[str, str]:
    """SHA-256 by name."""
    return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}


def build_twice(folder: Path) -> dict[str, str]:
    """Build into a folder, which is emptied first, and return digests by name.

    Raises:
        NotTheSame: A second build of the same files gave others.
    """
    with tempfile.TemporaryDirectory() as name:
        first, second = copies(Path(name))
        made, again = build(first, Path(name) / "made"), build(second, Path(name) / "again")
        told = digests(made)
        if told != digests(again):
            raise NotTheSame(f"two builds differ: {told} and {digests(again)}")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(Path(name) / "made", folder)
    return told


def main(arguments: list[str]) -> int:
    """Build, and tell names with digests as sha256sum does; the exit code is 1 where two builds differ."""
    if len(arguments) != 1:
        print("usage: dist.py FOLDER", file=sys.stderr)
        return 2
    try:
        told = build_twice(Path(arguments[0]))
    except NotTheSame as error:
        print(error, file=sys.stderr)
        return 1
    for name, digest in told.items():
        print(f"{digest}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
