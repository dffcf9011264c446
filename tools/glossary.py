"""The glossary: made of `terms.toml`, the one place that says what the project's words mean and which it lacks."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from links import FENCE, ROOT, pages

SOURCE = ROOT / "tools" / "terms.toml"
CARD_ROW = re.compile(r"^\| (?:source|tags|files) \|.*$", re.MULTILINE)
QUOTED = re.compile(r'"[^"]*"|`[^`]*`|\]\([^)]*\)')
"""Titles, code and targets of links: words of others."""
INTRODUCTION = """
What the words mean here, in a sentence each, and where they are met: options of the command line, keys of a bundle's
files, columns of predictions, names of the library. Generated from `tools/terms.toml`.
"""


@cache
def told() -> Mapping[str, Any]:
    """Terms, and the words that are not used."""
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


def glossary_page() -> str:
    """All terms in the order of the alphabet, then the words of others."""
    out = ["# Glossary", INTRODUCTION.rstrip()]
    for name, term in sorted(told()["terms"].items()):
        out += ["", f"## {name}", "", term["says"], ""]
        out += [f"Where: {', '.join(_places(term))}."]
    out += ["", "## Words that are not used", "", "| others say | here |", "|---|---|"]
    out += [f"| {word} | {meant(here)} |" for word, here in sorted(told()["unused"].items())]
    return "\n".join(out) + "\n"


def meant(term: str) -> str:
    """A term as a link to its meaning."""
    return f"[{term}](#{term.replace(' ', '-')})"


def _places(term: Mapping[str, Any]) -> Iterator[str]:
    """Where a term is met, each as it is written there."""
    for option in term.get("options", ()):
        yield f"`modicum {option}`"
    for key in term.get("keys", ()):
        file, _, name = key.partition(" ")
        yield f"`{name}` in `{file}`"
    for column in term.get("columns", ()):
        yield f"column `{column}` of predictions"
    for name in term.get("library", ()):
        yield f"`{name}`"
    if "page" in term:
        title = re.search(r"^# (.+)$", (ROOT / "docs" / term["page"]).read_text(encoding="utf-8"), re.MULTILINE)
        yield f"[{title[1] if title else term['page']}]({term['page']})"


def offences(text: str) -> Iterator[str]:
    """Words in a text for which the project has another one, each with the sentence around it."""
    words = sorted(told()["unused"], key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, words))})(?![\w-])", re.IGNORECASE)
    ours = {word.lower(): term for word, term in told()["unused"].items()}
    for found in pattern.finditer(text):
        around = " ".join(text[max(0, found.start() - 40) : found.end() + 40].split())
        yield f"{found[1]!r} (say {ours[found[1].lower()]!r}) in: {around}"


def own_words(page: Path) -> str:
    """A page's text without what it quotes: code, titles, addresses, sources."""
    text = page.read_text(encoding="utf-8")
    if page == ROOT / "docs" / "glossary.md":
        text = text.partition("## Words that are not used")[0]
    if page == ROOT / "docs" / "methods" / "README.md":
        text = re.sub(r"\| [^|]+ \|$", "|", text, flags=re.MULTILINE)  # the column of sources
    text = FENCE.sub(lambda block: block[0] if block[0].startswith("```text") else "", text)
    return QUOTED.sub("", CARD_ROW.sub("", text))


@cache
def said() -> dict[str, str]:
    """Everything that users read in files, by its place: pages, news, templates of reports, pages of services."""
    package = ROOT / "src" / "modicum"
    files = [*pages(), *(ROOT / "changelog.d").glob("*.md")]
    found = {str(file.relative_to(ROOT)): own_words(file) for file in files}
    templates = [*package.rglob("*.j2"), *(package / "serve").rglob("*.html")]
    return found | {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in templates}
