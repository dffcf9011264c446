"""Links of the project's pages: where they lead, and which lead nowhere. Needs nothing but Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
"""Sign of a picture, text and target."""
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


def pages() -> list[Path]:
    """Every page that people read."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def anchors(path: Path) -> set[str]:
    """Names of a page's headings, as links write them; the second of one name ends in -1."""
    out: set[str] = set()
    for title in HEADING.findall(FENCE.sub("", path.read_text(encoding="utf-8"))):
        name = re.sub(r"[^\w\- ]", "", LINK.sub(r"\2", title).lower()).replace(" ", "-")
        out.add(next(n for n in (name, *(f"{name}-{k}" for k in range(1, len(out) + 1))) if n not in out))
    return out


def broken_links() -> Iterator[str]:
    """Links and pictures of the project's pages that lead nowhere, or out of the project."""
    for path in pages():
        for _, _, link in LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8"))):
            name, _, anchor = link.partition("#")
            target = (path.parent / name).resolve() if name else path
            if "://" in link:
                continue
            within = target.is_relative_to(ROOT) and target.exists()
            if not within or (anchor and anchor not in anchors(target)):
                yield f"{path.relative_to(ROOT)} links to {link}, which is not there"
