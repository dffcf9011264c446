"""BM25 of rows that lie in parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import chunks
from modicum.data.search.postings import AT_ONCE, CODE, Ints, Postings


class PartedBM25:
    """BM25 of the rows of several parts, with the settings of Lucene, as `BM25` has them.

    Args:
        parts: The parts; rows that are not to be found count for rarities all the same.
        k1: From how many mentions on more of them say little, at least 0.
        b: How far long rows are held back, 0 to 1.
    """

    def __init__(self, parts: Sequence[Postings], *, k1: float = 1.2, b: float = 0.75) -> None:
        self.parts = tuple(parts)
        self.rows = sum(len(part.lengths) for part in parts)
        total = sum(int(part.lengths.sum(dtype=np.int64)) for part in parts)
        mean = np.float32(max(total / max(self.rows, 1), 1e-9))
        self._norms = [
            np.float32(k1) * (np.float32(1 - b) + np.float32(b) * part.lengths.astype(np.float32) / mean)
            for part in parts
        ]

    def rarity(self, word: str) -> float:
        """How much a word says: 0 for one that no row holds, else the more the fewer do."""
        held = sum(found.stop - found.start for found in (part.held(word) for part in self.parts))
        return float(np.log(1 + (self.rows - held + 0.5) / (held + 0.5))) if held else 0.0

    def rarest(self, words: Sequence[str], most: int) -> dict[str, float]:
        """Up to `most` known words that say most, and what they weigh, mentions counted."""
        rarity = {word: self.rarity(word) for word in words}
        times = Counter(words)
        best = sorted((word for word in rarity if rarity[word] > 0), key=lambda word: (-rarity[word], word))[:most]
        return {word: times[word] * rarity[word] for word in best}

    def completed(self, prefix: str, most: int) -> list[str]:
        """Up to `most` words that begin like this, the most frequent ones first."""
        counts: Counter[str] = Counter()
        for part in self.parts:
            places = part.beginning(prefix)
            for place in _largest(np.diff(part.starts[places.start : places.stop + 1]), most):
                at = places.start + int(place)
                counts[part.word(at).decode(*CODE)] += int(part.starts[at + 1] - part.starts[at])
        return [word for word, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:most]]

    def scores(self, weights: Mapping[str, float]) -> list[NDArray[np.float32]]:
        """Scores (n,) of the rows of each part for words of these weights: 0 for rows that hold none of them."""
        found = []
        for part, norms in zip(self.parts, self._norms, strict=True):
            scores = np.zeros(len(norms), dtype=np.float32)
            for word, weight in weights.items():
                at = part.held(word)
                for cut in chunks(at.stop - at.start, AT_ONCE):
                    run = slice(at.start + cut.start, at.start + cut.stop)
                    rows, times = part.rows[run], part.times[run].astype(np.float32)
                    scores[rows] += np.float32(weight) * times / (times + norms[rows])
            found.append(scores)
        return found


def _largest(counts: Ints, most: int) -> Ints:
    return np.argsort(-counts, kind="stable")[:most]
