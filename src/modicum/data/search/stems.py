"""Words of texts as they are compared: in lower case, by their stems, without the most frequent ones of a language."""

from __future__ import annotations

import re
from collections.abc import Sequence

import bm25s
import Stemmer
from bm25s import stopwords

from modicum.core.checks import check_choice

ANY = "none"
"""The language in which words are taken as they are."""
LANGUAGES = (ANY, *Stemmer.algorithms())
"""Languages whose words are stemmed; the most frequent words are left out where the library lists them."""
WORD = re.compile(r"\w+")


class Stems:
    """The words of a language.

    Args:
        language: One of `LANGUAGES`; `none` compares words as they are written, but for case.

    Raises:
        InputError: The language is not known.

    Example:
        >>> Stems("english").tokens(["Cards that are lost", ""])
        [['card', 'lost'], []]
    """

    def __init__(self, language: str = "english") -> None:
        check_choice(language, LANGUAGES, "language")
        self.language = language
        self._stemmer = None if language == ANY else Stemmer.Stemmer(language)
        listed = "EN" if language == "english" else language.upper()
        self._left_out: frozenset[str] = frozenset(getattr(stopwords, f"STOPWORDS_{listed}", ()))

    def tokens(self, texts: Sequence[str]) -> list[list[str]]:
        """Stems of each text, in their order."""
        found: list[list[str]] = self._tokenize(texts, return_ids=False)
        return found

    def numbered(self, texts: Sequence[str]) -> tuple[list[list[int]], list[str]]:
        """Stems of each text as numbers, and the stems by their numbers."""
        found = self._tokenize(texts, return_ids=True)
        names = [""] * len(found.vocab)
        for name, number in found.vocab.items():
            names[number] = name
        return found.ids, names

    def spans(self, text: str, wanted: frozenset[str]) -> list[tuple[int, int]]:
        """Where (begin, end) a text holds words with the wanted stems."""
        words = [found for found in WORD.finditer(text) if found.group().lower() not in self._left_out]
        plain = [found.group().lower() for found in words]
        stems = plain if self._stemmer is None else self._stemmer.stemWords(plain)
        return [found.span() for found, stem in zip(words, stems, strict=True) if stem in wanted]

    def _tokenize(self, texts: Sequence[str], *, return_ids: bool) -> bm25s.tokenization.Tokenized:
        settings = {"token_pattern": WORD.pattern, "stopwords": list(self._left_out), "stemmer": self._stemmer}
        return bm25s.tokenize(list(texts), return_ids=return_ids, show_progress=False, **settings)
