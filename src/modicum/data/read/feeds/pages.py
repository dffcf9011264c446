"""Saved pages of paper sites, as plain text or HTML: titles and abstracts in turn, among whatever else is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from urllib.parse import urljoin

from modicum.data.read.feeds.entry import Entry, make_entry
from modicum.data.read.feeds.identifiers import identifiers_in
from modicum.data.read.feeds.text import Block, html_blocks, text_blocks

LEAST, LONGEST_TITLE = 200, 300
"""Letters of the shortest abstract, and of the longest title."""
BACK = 6
"""Paragraphs (authors, dates) that may stand between a heading and its abstract."""


def page_entries(text: str, source: str, *, html: bool = False, base: str = "") -> Iterator[Entry]:
    r"""Papers of a saved page: a long paragraph is an abstract, and what stands before it its title.

    In HTML the title is the nearest heading above, where there is one, and its link is the paper's. Paragraphs that
    follow an abstract and are long themselves belong to it; everything else is the page's furniture.

    Args:
        text: The page.
        source: File or address.
        html: Whether the page is HTML.
        base: Address of the page, by which its links are resolved.

    Example:
        >>> page = "menu\n\nOn rows\n\n" + "A long text. " * 20 + "\n\nOn columns\n\n" + "Another one. " * 20
        >>> [entry.title for entry in page_entries(page, "page.txt")]
        ['On rows', 'On columns']
    """
    blocks = html_blocks(text) if html else text_blocks(text)
    seen: Counter[str] = Counter()
    for title, abstract in _pairs(blocks):
        links = [urljoin(base, link) for link in (*title.links, *(link for part in abstract for link in part.links))]
        own = [urljoin(base, link) for link in title.links]
        digest = blake2b(title.text.casefold().encode(), digest_size=12).hexdigest()
        seen[digest] += 1
        told = {
            "title": title.text,
            "abstract": " ".join(part.text for part in abstract),
            "url": own[0] if own else None,
            "identifiers": [link for link in (own or links)[:1] if identifiers_in([link])],
        }
        entry = make_entry(told, source, f"{source}#{digest}-{seen[digest]}")
        if entry is not None:
            yield entry


def _pairs(blocks: Sequence[Block]) -> Iterator[tuple[Block, list[Block]]]:
    title: Block | None = None
    abstract: list[Block] = []
    start = 0
    for place, block in enumerate(blocks):
        if not _is_abstract(block):
            continue
        found = _title(blocks, start, place)
        if found is not None:
            if title is not None:
                yield title, abstract
            title, abstract = found, [block]
        elif title is not None and start == place:
            abstract.append(block)
        start = place + 1
    if title is not None:
        yield title, abstract


def _is_abstract(block: Block) -> bool:
    """Whether a paragraph is as long as an abstract; a title of that length does not end a sentence."""
    size = len(block.text)
    return size >= LEAST and not block.heading and (size > LONGEST_TITLE or block.text[-1] in ".!?…。")


def _title(blocks: Sequence[Block], start: int, place: int) -> Block | None:
    """The paragraph before an abstract, or the nearest heading above it; None where neither can be one."""
    above = blocks[max(start, place - BACK) : place]
    headings = [block for block in above if block.heading]
    found = headings[-1] if headings else above[-1] if above else None
    return found if found is not None and len(found.text) <= LONGEST_TITLE else None
