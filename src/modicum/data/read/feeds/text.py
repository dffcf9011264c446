"""Bytes of unknown encoding to text, and HTML to blocks of text; nothing in them is ever run or fetched."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from html import unescape

BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
KNOWN = re.compile(
    r"utf-?8|utf-?16(-?[lb]e)?|us-?ascii|(iso-?)?8859-?\d+|latin-?\d|(windows-?|cp)125\d|gb2312|gbk|gb18030"
    r"|big5|shift_?jis|euc-?(jp|kr)|koi8-?[ru]|iso-8859-\d+",
    re.I,
)
"""Encodings that a file may declare; one like UTF-7 can hide mark-up from whoever looks at the bytes."""
_DECLARED = re.compile(rb"""(?:encoding|charset)\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
HEAD = 2_048

SILENT = frozenset(
    ("script", "style", "template", "noscript", "svg", "math", "nav", "footer", "form", "button", "select", "iframe")
)
"""Elements whose text nobody reads as text."""
INLINE = frozenset(
    ("a", "abbr", "b", "br", "cite", "code", "del", "em", "font", "i", "img", "ins", "kbd", "mark", "q", "s", "small")
) | frozenset(("span", "strong", "sub", "sup", "tt", "u", "var", "wbr"))
"""Elements that end no paragraph."""
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5"))
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})([^<>]{0,4000})>|<!--|<[!?][^<>]{0,4000}>")
_LINK = re.compile(r"""\bhref\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"']+))""", re.IGNORECASE)


def decoded(data: bytes, declared: str | None = None) -> str:
    """The text of a file: by its mark of byte order, by what is declared, as UTF-8, else as Windows-1252.

    Args:
        data: The file.
        declared: Encoding told beside it, such as by a server; default what the first bytes declare.

    Example:
        >>> decoded("é".encode("cp1252")), decoded("é".encode("utf-16"))
        ('é', 'é')
    """
    for mark, name in BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    found = _DECLARED.search(data[:HEAD])
    for encoding in ("utf-8", declared, found[1].decode("ascii", "replace") if found else None):
        if encoding and KNOWN.fullmatch(encoding):
            try:
                return data.decode(encoding)
            except (UnicodeDecodeError, LookupError):
                continue
    return data.decode("cp1252", "replace")


@dataclass
class Block:
    """A paragraph of a page."""

    text: str
    heading: bool = False
    links: list[str] = field(default_factory=list)


def text_blocks(text: str) -> list[Block]:
    """Paragraphs of a plain text, parted by empty lines."""
    return [Block(" ".join(part.split())) for part in re.split(r"\r?\n[ \t\r]*\n|\r\r", text) if part.strip()]


def html_blocks(text: str) -> list[Block]:
    """Paragraphs of an HTML page, with their links; scripts, forms and navigation are left out.

    Tags are found one after the other, without a tree: in time linear in the page, however broken or deep it is,
    which holds for neither the standard library's parser nor those that build trees.

    Example:
        >>> [block.text for block in html_blocks("<h3>A <b>title</b></h3><script>run()</script><p>Its text")]
        ['A title', 'Its text']
    """
    writer, place, small = _Writer(), 0, text.lower()
    while found := _TAG.search(text, place):
        writer.parts.append(text[place : found.start()])
        place, name = found.end(), (found[2] or "").lower()
        if found[0] == "<!--":
            place = _after(small, "-->", place)
        elif name in SILENT and not found[1]:
            place = _after(small, ">", _after(small, f"</{name}", place))
        elif name:
            writer.tag(name, bool(found[1]), found[3])
    writer.parts.append(text[place:])
    writer.end_block()
    return writer.blocks


def _after(text: str, sign: str, place: int) -> int:
    found = text.find(sign, place)
    return found + len(sign) if found >= 0 else len(text)


def html_text(text: str) -> str:
    """An HTML fragment as plain text.

    Example:
        >>> html_text("On <i>rows</i> &amp; <script>alert(1)</script>columns")
        'On rows & columns'
    """
    return " ".join(block.text for block in html_blocks(text))


class _Writer:
    """Paragraphs as they come."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.parts: list[str] = []
        self._links: list[str] = []
        self._heading = False

    def tag(self, name: str, end: bool, attributes: str) -> None:
        """Take note of a tag: some end a paragraph, one holds a link."""
        if name == "br":
            self.parts.append(" ")
        elif name not in INLINE:
            self.end_block()
            self._heading = name in HEADINGS and not end
        link = _LINK.search(attributes) if name == "a" and not end else None
        if link:
            self._links.append(unescape(link[1] or link[2] or link[3] or ""))

    def end_block(self) -> None:
        """Take the text so far as a paragraph."""
        text = " ".join(unescape("".join(self.parts)).split())
        if text:
            self.blocks.append(Block(text, self._heading, self._links))
            self._links = []
        self.parts = []
