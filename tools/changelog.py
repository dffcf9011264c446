"""Gathers the fragments of the changelog under a version and its date, and removes them: `changelog.py VERSION`."""

from __future__ import annotations

import datetime
import re
import sys
from pathlib import Path

from links import ROOT


def fragments(root: Path = ROOT) -> list[Path]:
    """What changed since the last release, a file each."""
    return sorted((root / "changelog.d").glob("*.md"))


def entries(root: Path = ROOT) -> list[str]:
    """The fragments as items of a list, a line each."""
    return [f"- {' '.join(file.read_text(encoding='utf-8').split())}" for file in fragments(root)]


def gather(version: str, date: str, root: Path = ROOT) -> None:
    """Move the fragments into the changelog, newest version first.

    Raises:
        ValueError: It is no version, it is there already, or nothing changed.
    """
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ValueError(f"{version!r} is no version; write three numbers, such as 0.2.0")
    changelog = root / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    if f"\n## {version} " in text:
        raise ValueError(f"the changelog has {version} already; give the next version")
    if not fragments(root):
        raise ValueError("changelog.d is empty; a version without a change is not released")
    head, mark, older = text.partition("\n## ")
    news = "\n".join([f"\n## {version} ({date})\n", *entries(root), ""])
    changelog.write_text(f"{head.rstrip()}\n{news}{mark}{older}", encoding="utf-8")
    for file in fragments(root):
        file.unlink()


def main(arguments: list[str]) -> int:
    """Gather; the exit code is 2 where that cannot be."""
    if len(arguments) != 1:
        print("usage: changelog.py VERSION", file=sys.stderr)
        return 2
    try:
        gather(arguments[0], datetime.datetime.now(tz=datetime.UTC).date().isoformat())
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
