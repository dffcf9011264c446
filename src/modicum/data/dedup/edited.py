"""Edited copies: rows that were copied and then misspelt, reordered or cut off.

The question: which rows are copies that somebody changed without meaning to say something else? Two texts are edited
copies if they hold the same words in any order, but for misspelt ones, or if one is the other with its end cut off. A
misspelt word differs from its original by one letter too many, missing, wrong or swapped (by two where it is longer
than five letters), and is rare in the table beside the original; words with digits and signs of currency must agree,
because they are seldom misspelt and often the whole difference. Do not use it to keep paraphrases on one side of a
split: a word replaced by another makes another text here, where `near_duplicates` still links the two; nor with
languages that set no blanks between words.

Paper: "A technique for computer detection and correction of spelling errors" (Damerau 1964): what misspelling does.
Changed: texts of many words; how many errors a word may have follows the habit of full-text search engines. Candidates
share the multiset of their words, of all but two, or of their first half, or a band of smallest hashes of runs of three
letters within words (Broder 1997); only the few next to one another among rows that share one are compared, so that a
template of thousands of rows costs no more than they do.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import chunks
from modicum.core.card import Card
from modicum.core.checks import check_fraction
from modicum.core.texts import normal_form
from modicum.data.dedup.exact import exact_duplicates
from modicum.data.dedup.linking import band_neighbours, distinct, joined, linked, neighbours
from modicum.data.dedup.minhash import BANDS, CHUNK, band_keys, letter_runs

CARD = Card(
    name="edited_copies",
    room="data",
    question="dedup",
    summary="Groups of rows that hold the same words but for misspellings, order, or an end cut off",
    paper="A technique for computer detection and correction of spelling errors",
    year=1964,
    needs=("texts",),
    cost="O(H L) for H = 96 hashes and texts of length L in all, then O(N log N) a key and O(pairs found)",
    tags=("duplicates", "leakage", "typos", "truncation"),
)

WORD = re.compile(r"[^\W_]+|[$€£¥₹]")
RUN = 3
LETTERS = 64
SHORT = 10
"""Words up to which the text without any two of them is a key."""
LEAST = 8
"""Letters under which only the same words in the same spelling make a copy."""
LONG_WORD = 5
"""Letters up to which a word may hold one error; longer ones may hold two."""
MISSPELT, MISSPELT_SHARE = 2, 0.1
"""Misspelt words allowed: so many, or this share of the words where that is more."""
RARE, RARE_SHARE = 3, 0.01
"""A misspelt word occurs at most so often in the table, or at most this share as often as the right one."""

Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]


@dataclass(frozen=True)
class Spelt:
    """A text as it is compared."""

    form: str
    """Normal form without blanks, and without dots that tell of an end cut off."""
    words: tuple[str, ...]
    """Words, and signs of currency, in normal form."""

    @classmethod
    def of(cls, text: str) -> Spelt:
        """Read a text.

        Example:
            >>> Spelt.of("I've paid 5 € ...")
            Spelt(form="i'vepaid5€", words=('i', 've', 'paid', '5', '€'))
        """
        plain = normal_form(text)
        form = plain.replace(" ", "")
        return cls(form.rstrip(".") if form.endswith("...") else form, tuple(WORD.findall(plain)))


def edited_copies(texts: Sequence[str], *, left: float = 0.7, seed: int = 0) -> Ints:
    """Group (N,) of each text, numbered by first appearance; exact duplicates are always together.

    Args:
        texts: N texts. Case, blanks and Unicode form never matter; punctuation only where an end is cut off. Texts that
            differ in nothing but order ("from AUD to GBP") are taken for copies, too.
        left: Share of the letters, 0 to 1, that must be left of a text whose end was cut off.
        seed: Of the hashes.

    Raises:
        InputError: `left` is not between 0 and 1.

    Example:
        >>> texts = ["When will my card arrive?", "my card will arrive when", "When wil my crad arrive?",
        ...          "When will my card arr", "When will your card arrive?"]
        >>> edited_copies(texts).tolist()
        [0, 0, 0, 0, 1]
    """
    check_fraction(left, "left")
    spelt = [Spelt.of(text) for text in texts]
    counts = Counter(word for one in spelt for word in one.words)
    pairs = plausible(spelt, candidates(spelt, seed))
    kept = np.fromiter((is_edited(spelt[a], spelt[b], left, counts) for a, b in pairs.tolist()), bool, len(pairs))
    return joined(exact_duplicates(texts), linked(pairs[kept], len(texts)))


def candidates(spelt: Sequence[Spelt], seed: int) -> Ints:
    """Pairs (P, 2) of rows that may be edited copies."""
    bands, full = letter_keys(spelt, seed)
    sums, rows = word_keys(spelt)
    alphabetical = np.argsort(np.argsort(np.array([one.form for one in spelt], dtype=object), kind="stable"))
    return distinct(np.concatenate([full[band_neighbours(bands)], neighbours(sums, alphabetical[rows], rows)]))


def plausible(spelt: Sequence[Spelt], pairs: Ints) -> Ints:
    """The pairs whose letters, counted alone, do not rule out that one is an edited copy of the other."""
    bags = _letter_bags(spelt)
    sizes, lengths = bags.sum(axis=1, dtype=np.int64), np.array([len(one.words) for one in spelt], dtype=np.int64)
    found = [np.empty((0, 2), dtype=np.int64)]
    for part in chunks(len(pairs), CHUNK):
        left, right = pairs[part].T
        apart = np.abs(bags[left] - bags[right]).sum(axis=1, dtype=np.int64)
        misspelt = np.maximum(MISSPELT, MISSPELT_SHARE * lengths[left])
        kept = (apart <= 4 * misspelt) | (apart == np.abs(sizes[left] - sizes[right]))
        found.append(pairs[part][kept])
    return np.concatenate(found)


def _letter_bags(spelt: Sequence[Spelt]) -> NDArray[np.int32]:
    """How often each letter occurs (N, LETTERS); some letters share a column."""
    out = np.zeros((len(spelt), LETTERS), dtype=np.int32)
    for part in chunks(len(spelt), CHUNK):
        said = ["".join(one.words) for one in spelt[part]]
        codes = np.frombuffer("".join(said).encode("utf-32-le", "surrogatepass"), dtype="<u4") % LETTERS
        rows = np.repeat(np.arange(len(said)), [len(text) for text in said])
        out[part] = np.bincount(rows * LETTERS + codes, minlength=len(said) * LETTERS).reshape(len(said), LETTERS)
    return out


def is_edited(one: Spelt, other: Spelt, left: float, counts: Mapping[str, int]) -> bool:
    """Whether one text is an edited copy of the other.

    Args:
        one: A text.
        other: Another.
        left: Share of the letters that must be left of a text whose end was cut off.
        counts: How often each word occurs in the table.
    """
    short, long = sorted((one.form, other.form), key=len)
    if len(short) >= max(LEAST, left * len(long)) and long.startswith(short):
        return True
    a, b = Counter(one.words), Counter(other.words)
    wrong, right = [*(a - b).elements()], [*(b - a).elements()]
    if not wrong and not right:
        return bool(a)
    if len(short) < LEAST or len(wrong) > max(MISSPELT, MISSPELT_SHARE * len(one.words)):
        return False
    if len(wrong) != len(right):
        return "".join(one.words) == "".join(other.words)  # a blank too many, or missing
    for word in wrong:
        close = next((known for known in right if _misspelt(word, known, counts)), None)
        if close is None:
            return False
        right.remove(close)
    return True


def _misspelt(one: str, other: str, counts: Mapping[str, int]) -> bool:
    """Whether one word is likely to be a misspelling of the other."""
    rarer, commoner = sorted((counts[one], counts[other]))
    if rarer > max(RARE, RARE_SHARE * commoner) or not (one + other).isalpha():
        return False
    allowed = 1 if max(len(one), len(other)) <= LONG_WORD else 2
    return abs(len(one) - len(other)) <= allowed and _edits(one, other) <= allowed


def _edits(one: str, other: str) -> int:
    """Least number of letters added, removed, replaced or swapped with the next that turns one word into the other."""
    before, last = [0] * (len(other) + 1), list(range(len(other) + 1))
    for i, a in enumerate(one):
        row = [i + 1]
        for j, b in enumerate(other):
            best = min(last[j] + (a != b), last[j + 1] + 1, row[j] + 1)
            if i and j and a == other[j - 1] and b == one[i - 1]:
                best = min(best, before[j - 1] + 1)
            row.append(best)
        before, last = last, row
    return last[-1]


def word_keys(spelt: Sequence[Spelt]) -> tuple[Keys, Ints]:
    """Sums of hashes of words, and the row (M,) that each is of.

    Of every text the sums of its first words, from half of its letters on: the last is that of all words in any order,
    and of a text cut in the middle of a word, one is that of the words before. Of short texts, whose runs of letters
    are too few to outlive two misspelt words, the sums without any two of their words.
    """
    known: dict[str, int] = {}
    flat = np.array([known.setdefault(word, len(known)) for one in spelt for word in one.words], dtype=np.int64)
    sizes = np.array([len(one.words) for one in spelt], dtype=np.int64)
    rows = np.repeat(np.arange(len(spelt)), sizes)
    if len(flat) == 0:
        return np.empty(0, dtype=np.uint64), rows
    digests = b"".join(blake2b(word.encode("utf-8", "replace"), digest_size=8).digest() for word in known)
    hashes, lengths = np.frombuffer(digests, dtype="<u8")[flat], np.array([len(word) for word in known])[flat]
    sums, letters = _running(hashes, rows), _running(lengths, rows)
    kept = 2 * letters >= np.bincount(rows, lengths)[rows]
    found = [(sums[kept], rows[kept])]
    for size in range(3, SHORT + 1):
        of = np.flatnonzero(sizes == size)
        each = hashes[sizes[rows] == size].reshape(len(of), size)
        one, other = np.triu_indices(size, 1)
        rest = each.sum(axis=1, keepdims=True) - each[:, one] - each[:, other]
        found.append((rest.ravel(), np.repeat(of, len(one))))
    return np.concatenate([keys for keys, _ in found]), np.concatenate([of for _, of in found])


def _running(values: NDArray[Any], rows: Ints) -> NDArray[Any]:
    """Sums (M,) that start anew with each row; the rows ascend."""
    sums = np.cumsum(values, dtype=values.dtype)
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    before = np.repeat(sums[starts] - values[starts], np.diff(starts, append=len(rows)))
    return np.asarray(sums - before)


def letter_keys(spelt: Sequence[Spelt], seed: int) -> tuple[Keys, Ints]:
    """Keys (n, B) of the runs of letters within words of the texts that have any, and the row (n,) of each."""
    full = np.array([row for row, one in enumerate(spelt) if one.words], dtype=np.int64)
    if len(full) == 0:
        return np.empty((0, BANDS), dtype=np.uint64), full
    return band_keys(letter_runs([" ".join(spelt[row].words) for row in full], RUN, across_words=False), seed), full
