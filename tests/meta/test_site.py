"""The site of the docs: every page hangs in the navigation, once, and the generator finds nothing wrong."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import docs_site
import links
import pytest

ROOT = Path(__file__).parents[2]
GENERATOR = ("sphinx", "furo", "myst_parser")


@pytest.fixture(scope="module")
def staged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    docs_site.stage(folder / "pages", folder / "copies")
    return folder


def pages(staged):
    folder = staged / "pages"
    return {p.relative_to(folder).with_suffix("").as_posix(): p.read_text("utf-8") for p in folder.rglob("*.md")}


def children(text):
    """Pages that a page's navigation names."""
    trees = re.findall(r"^```{toctree}.*?^```", text, re.MULTILINE | re.DOTALL)
    return [line[1:] for tree in trees for line in re.findall(r"^/.*", tree, re.MULTILINE)]


def test_every_page_hangs_in_the_navigation_once(staged):
    found = pages(staged)
    hung = Counter(child for text in found.values() for child in children(text))
    assert hung.keys() == found.keys() - {"index"}
    assert set(hung.values()) == {1}


def test_every_page_can_be_reached_from_the_start(staged):
    found, reached = pages(staged), {"index"}
    while new := {child for name in reached for child in children(found[name])} - reached:
        reached |= new
    assert reached == found.keys()


def test_pages_and_scripts_of_the_project_are_there(staged):
    found = pages(staged)
    assert "Move the least that works" in found["index"]
    assert "# Contributing" in found["contributing"]
    assert "make_splits" in found["gallery/compare_recipes"] or "```python" in found["gallery/compare_recipes"]
    assert "modicum fit" in found["cli"]
    newest = sorted((ROOT / "changelog.d").glob("*.md"))[0].read_text(encoding="utf-8").split()
    assert " ".join(newest) in found["changelog"]


def test_links_of_staged_pages_lead_somewhere(staged):
    folder = staged / "pages"
    for name, text in pages(staged).items():
        here = (folder / name).parent
        prose = links.FENCE.sub("", text)
        for _, _, link in links.LINK.findall(prose):
            assert "://" in link or link.startswith("#") or (here / link.partition("#")[0]).exists(), (name, link)
        for link in re.findall(r'<a href="([^"]+)">', prose):
            assert (staged / "copies" / name).parent.joinpath(link).resolve().is_file(), (name, link)


def test_a_link_that_leads_nowhere_stops_the_build(tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text("[x](../gone.py)", encoding="utf-8")
    monkeypatch.setattr(docs_site, "ROOT", tmp_path)
    with pytest.raises(docs_site.BrokenDocs, match=r"docs/page\.md links to \.\./gone\.py, which is not there"):
        docs_site.stage(tmp_path / "pages", tmp_path / "copies")


class Addresses(HTMLParser):
    """What a browser fetches for a page by itself, and the page's words."""

    def __init__(self):
        super().__init__()
        self.fetched = []

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        if tag in {"script", "img", "iframe", "source"} and told.get("src"):
            self.fetched.append(told["src"])
        if tag == "link" and told.get("rel") != "canonical" and told.get("href"):
            self.fetched.append(told["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    missing = [name for name in GENERATOR if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"the site's generator is not installed ({', '.join(missing)}); get it with: make site")
    return docs_site.build(tmp_path_factory.mktemp("built"))


@pytest.mark.long
def test_the_generator_finds_nothing_wrong(site):
    assert (site / "index.html").is_file()
    assert (site / "methods" / "heads" / "class_mean.html").is_file()
    assert (site / "files" / "src" / "modicum" / "heads" / "class_mean.py.txt").is_file()


@pytest.mark.long
def test_nothing_is_fetched_from_elsewhere(site):
    for page in site.rglob("*.html"):
        reader = Addresses()
        reader.feed(page.read_text(encoding="utf-8"))
        assert reader.fetched
        assert not [address for address in reader.fetched if "//" in address], page
    for style in site.rglob("*.css"):
        assert not re.findall(r"@import|url\(['\"]?(?:https?:)?//", style.read_text(encoding="utf-8")), style


@pytest.mark.long
def test_search_needs_no_server(site):
    """The index is a script, which a browser loads from a folder, too."""
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert index.startswith("Search.setIndex(")
    assert "methods/heads/class_mean" in index


def test_what_the_generator_says_is_passed_on(tmp_path, monkeypatch):
    (tmp_path / "generator").write_text("#!/bin/sh\necho 'page.md:3: WARNING: no such anchor' >&2\nexit 1\n")
    (tmp_path / "generator").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "generator"))
    with pytest.raises(docs_site.BrokenDocs, match=r"page\.md:3: WARNING: no such anchor"):
        docs_site.build(tmp_path / "site")
