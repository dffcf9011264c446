"""Builds the site of the docs into a folder, offline: `docs_site.py [FOLDER]`, by default build/site.

The docs are written for a code host, with relative links. Here they are staged for the generator: the README becomes
the start page, scripts of the gallery become pages, what lies outside the docs is copied, links are turned to where
their targets went, and every page is hung into the navigation. A new method or page needs no edit here.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from changelog import entries
from links import FENCE, LINK, ROOT

FROM_THE_TOP = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "reporting.md",
    "CHANGELOG.md": "changelog.md",
}
"""Pages beside the docs folder, and where they go."""
NAVIGATION = {
    "Use": ("rooms/README", "gallery/README", "labelling", "serving", "store", "scale", "glossary"),
    "Look up": ("cli", "methods/README", "bundle", "security"),
    "Measured": ("benchmarks", "methods/measured", "comparison"),
    "The project": ("design", "next", "contributing", "release", "reporting", "changelog"),
}
"""Captions of the start page's navigation; what is named nowhere comes last."""
PLAIN = {".json", ".txt"}
"""Endings of copies that a browser shows; others get .txt behind them."""


class BrokenDocs(Exception):
    """A link leads nowhere, or the generator found something wrong."""


def sources() -> dict[str, str]:
    """Page or picture of the project to its place on the site."""
    docs = ROOT / "docs"
    found = {file: file for file in FROM_THE_TOP if (ROOT / file).exists()}
    found = {file: FROM_THE_TOP[file] for file in found}
    for file in sorted(docs.rglob("*")):
        if file.suffix in {".md", ".svg", ".png"}:
            found[file.relative_to(ROOT).as_posix()] = file.relative_to(docs).as_posix()
        elif file.suffix == ".py":
            found[file.relative_to(ROOT).as_posix()] = file.relative_to(docs).with_suffix(".md").as_posix()
    return found


def stage(pages: Path, copies: Path) -> None:
    """Write every page and picture to `pages`, and whatever else is linked to `copies`.

    Raises:
        BrokenDocs: A link leads nowhere.
    """
    places, texts = sources(), {}
    for source, place in places.items():
        if not place.endswith(".md"):
            _copy(ROOT / source, pages / place)
            continue
        texts[place] = _turned(_text(ROOT / source), PurePosixPath(source), places, copies)
    texts |= _questions(texts["methods/README.md"])
    names = {place.removesuffix(".md") for place in texts}
    for place, text in texts.items():
        children = list(_below(place.removesuffix(".md"), names))
        (pages / place).parent.mkdir(parents=True, exist_ok=True)
        (pages / place).write_text("\n".join([text, *children]), encoding="utf-8")


def _text(file: Path) -> str:
    """A page's Markdown: a script as its docstring and its code, the changelog with what is not released yet."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".py":
        told = ast.get_docstring(ast.parse(text)) or file.stem
        title, _, rest = told.partition("\n")
        code = text[text.index('"""', 3) + 3 :].strip()
        return f"# {title.rstrip('.')}\n\n`{file.relative_to(ROOT)}`\n{rest}\n\n```python\n{code}\n```\n"
    if file.name == "CHANGELOG.md":
        head, mark, older = text.partition("\n## ")
        return "\n".join([head, "## Not released yet", "", *entries(), f"{mark}{older}"])
    return text


def _turned(text: str, source: PurePosixPath, places: dict[str, str], copies: Path) -> str:
    """A page whose links lead to where their targets went."""
    here = PurePosixPath(places[str(source)]).parent

    def turn(match: re.Match[str]) -> str:
        sign, words, link = match.groups()
        name, _, anchor = link.partition("#")
        if "://" in link or not name:
            return match[0]
        target = os.path.normpath(source.parent / name)
        if target.startswith("..") or not (ROOT / target).exists():
            raise BrokenDocs(f"{source} links to {link}, which is not there")
        if target in places:
            return f"{sign}[{words}]({_relative(places[target], here)}{f'#{anchor}' if anchor else ''})"
        return f'<a href="{_relative(_copied(target, copies), here)}">{words}</a>'

    parts = re.split(f"({FENCE.pattern})", text, flags=FENCE.flags)
    return "".join(part if n % 2 else LINK.sub(turn, part) for n, part in enumerate(parts))


def _relative(place: str, here: PurePosixPath) -> str:
    return Path(os.path.relpath(place, here)).as_posix()


def _copied(target: str, copies: Path) -> str:
    """Place on the site of a file, or of a folder's listing, that is no page."""
    file = ROOT / target
    if file.is_dir():
        place = f"files/{target}.txt"
        listed = [str(f.relative_to(ROOT)) for f in sorted(file.rglob("*")) if f.is_file() and f.suffix != ".pyc"]
        (copies / place).parent.mkdir(parents=True, exist_ok=True)
        (copies / place).write_text("\n".join(listed) + "\n", encoding="utf-8")
        return place
    place = f"files/{target}" if file.suffix in PLAIN else f"files/{target}.txt"
    _copy(file, copies / place)
    return place


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _questions(index: str) -> dict[str, str]:
    """One page a question, cut out of the list of all methods: the layer between a room and its methods."""
    out: dict[str, str] = {}
    for section in index.split("\n## ")[1:]:
        title, _, body = section.partition("\n")
        folder = PurePosixPath(LINK.findall(body)[0][2]).parent
        out[f"methods/{folder}/index.md"] = f"# {title}\n{body.replace(f']({folder}/', '](')}"
    return out


def _below(name: str, names: set[str]) -> Iterator[str]:
    """Navigation below a page: of the start, of rooms, of questions, of the gallery."""
    match name.split("/"):
        case ["index"]:
            named = {one for group in NAVIGATION.values() for one in group}
            rest = {n for n in names - named if "/" not in n and n != "index"}
            for caption, group in (*NAVIGATION.items(), ("More", tuple(sorted(rest)))):
                yield from _tree([n for n in group if n in names], caption)
        case ["rooms", "README"] | ["gallery", "README"]:
            folder = name.partition("/")[0]
            yield from _tree(sorted(n for n in names if n.startswith(f"{folder}/") and n != name))
        case ["rooms", room]:
            yield from _tree(sorted(_of_room(room, names)))
        case ["methods", "README"]:
            rooms = {n.split("/")[1] for n in names if n.startswith("methods/") and n.count("/") > 1}
            homeless = [n for room in rooms if f"rooms/{room}" not in names for n in _of_room(room, names)]
            yield from _tree(sorted(homeless))
        case ["methods", *folders, "index"]:
            parent = "/".join(["methods", *folders])
            yield from _tree(sorted(n for n in names if n.rpartition("/")[0] == parent and n != name))


def _of_room(room: str, names: set[str]) -> list[str]:
    """Pages of a room's questions."""
    return [n for n in names if n.startswith(f"methods/{room}/") and n.endswith("/index")]


def _tree(entries: list[str], caption: str = "") -> Iterator[str]:
    """The generator's directive; it is not shown on the page itself."""
    if entries:
        named = [f":caption: {caption}"] if caption else []
        yield "\n".join(["", "```{toctree}", ":hidden:", *named, "", *(f"/{entry}" for entry in entries), "```", ""])


def build(folder: Path) -> Path:
    """Stage the docs in a folder and run the generator on them; its warnings are errors.

    Returns:
        The folder of the site, whose `index.html` opens without a server.

    Raises:
        BrokenDocs: A link leads nowhere, or the generator is missing or found something wrong.
    """
    shutil.rmtree(folder, ignore_errors=True)
    stage(folder / "pages", folder / "copies")
    command = [sys.executable, "-m", "sphinx", "--builder", "html", "--fail-on-warning", "--keep-going", "--quiet"]
    command += ["--conf-dir", str(ROOT / "tools" / "sphinx"), "--doctree-dir", str(folder / "doctrees")]
    command += ["--define", f"html_extra_path={folder / 'copies'}", str(folder / "pages"), str(folder / "html")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BrokenDocs((done.stdout + done.stderr).strip())
    return folder / "html"


def main(arguments: list[str]) -> int:
    """Build the site and say where it is; the exit code is 1 where a page is broken."""
    try:
        made = build(Path(arguments[0]).absolute() if arguments else ROOT / "build" / "site")
    except BrokenDocs as error:
        print(error, file=sys.stderr)
        return 1
    print(made / "index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
