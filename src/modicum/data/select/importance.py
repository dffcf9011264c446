"""DSIR: rows of a pool resampled so that they are distributed like a target.

The question: which rows of a large pool look as if they came from where the target comes from? Target and pool become
two distributions over hashed n-grams of words; the weight of a row is the ratio of its probabilities under the two, and
rows are drawn without replacement in proportion to their weights (the largest of log weight plus Gumbel noise), so that
what is chosen is as varied as the target instead of a thousand variants of its most typical sentence. The KL reduction
tells how much nearer to the target the choice is than the pool: the authors found it to predict what a model trained
on the choice is worth (r = 0.89). Do not use it where meaning counts and wording does not (short texts in other words:
`nearest_coreset`), nor to judge quality: a target of a few dozen rows has few n-grams to be recognised by.

Paper: "Data Selection for Language Models via Importance Resampling" (Xie et al. 2023). Changed: the pool is read in
chunks, twice for the choice and once for its figure, and nothing of it is held but the rows that lead so far; no row is
left out for being short; one target. By default the target is smoothed with the pool: without that, and 100 rows of
one of banking77, trec and mpqa to show which rows are wanted of all three, 21%, 5% and 100% of 2,000 rows were of the
right one (the choice is of the shortest texts, which have the fewest n-grams that are not in the target); with it 86%,
69% and 96%. That the two weigh alike was chosen on these tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.data.select.ngrams import hashed_ngrams, in_chunks, ngram_counts
from modicum.data.select.selection import Selection, check_keep

CARD = Card(
    name="importance_resampling",
    room="data",
    question="select",
    summary="Rows drawn by the ratio of their n-gram probabilities under a target and under the pool (DSIR)",
    paper="Data Selection for Language Models via Importance Resampling",
    year=2023,
    needs=("texts",),
    cost="O(total length), three passes; memory O(keep + a chunk of rows)",
    tags=("data selection", "domain", "streaming"),
    ids=("003-055",),
)

FLOOR = 1e-8
"""Added to every probability, as in the authors' package."""
SPARE = 1 << 16
"""Rows that may be held beyond those that are wanted before the last of them are let go."""

Texts = Sequence[str]
Pool = Texts | Callable[[], Iterable[Texts]]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Importance:
    """Two distributions over buckets of n-grams."""

    target: Floats
    """Share of each bucket in the target (B,)."""
    pool: Floats
    """Share of each bucket in the pool (B,)."""
    longest: int
    smoothing: float = 0.0
    """Occurrences of the pool that are mixed into the target, for each of its own."""

    @classmethod
    def of(
        cls, pool: NDArray[np.integer], target: NDArray[np.integer], *, longest: int = 2, smoothing: float = 1.0
    ) -> Self:
        """The distributions of a pool and a target by what was counted in them (B,), as `ngram_counts` does.

        Raises:
            InputError: One of the two holds no word, or the smoothing is below 0.
        """
        if not smoothing >= 0:
            raise InputError(f"smoothing must be at least 0, not {smoothing}")
        for what, counts in (("target", target), ("pool", pool)):
            if counts.sum() == 0:
                raise InputError(f"the {what} holds no word; name its column of texts, or give rows that have one")
        return cls(target / target.sum(), pool / pool.sum(), longest, smoothing)

    @property
    def log_ratio(self) -> Floats:
        """What one occurrence of each bucket adds to the log weight of a row (B,)."""
        expected = (self.target + self.smoothing * self.pool) / (1 + self.smoothing)
        return np.asarray(np.log(expected + FLOOR) - np.log(self.pool + FLOOR))

    def log_weights(self, texts: Texts) -> Floats:
        """Logarithm (N,) of each text's importance weight: probability under the target over that under the pool."""
        gain, out = self.log_ratio, [np.empty(0, dtype=np.float64)]
        for part in in_chunks([texts]):
            rows, columns = hashed_ngrams(part, longest=self.longest, buckets=len(gain))
            out.append(np.bincount(rows, gain[columns], minlength=len(part)).astype(np.float64))
        return np.concatenate(out)

    def kl_reduction(self, counts: NDArray[np.integer]) -> float:
        """Nats by which rows with these occurrences (B,) are nearer to the target than the pool is."""
        chosen = counts / max(counts.sum(), 1)
        return float(self.target @ (np.log(chosen + FLOOR) - np.log(self.pool + FLOOR)))


def fit_importance(
    pool: Pool, target: Texts, *, longest: int = 2, buckets: int = 10_000, smoothing: float = 1.0
) -> Importance:
    """Count the n-grams of a pool and of a target.

    Args:
        pool: Texts, or a function that yields them in chunks each time it is called.
        target: Texts that the choice should resemble.
        longest: Words of the longest n-grams, at least 1.
        buckets: Buckets that n-grams are hashed into, at least 1.
        smoothing: Occurrences of the pool that are mixed into the target, for each of its own, at least 0. With 0, as
            the authors have it, a row is all but ruled out by each n-gram that a small target happens not to hold.

    Raises:
        InputError: The target or the pool holds no word, or a setting is out of its range.
    """
    if longest < 1 or buckets < 1:
        raise InputError(f"longest and buckets must be at least 1, not {longest} and {buckets}")
    wanted, there = (ngram_counts(parts, longest=longest, buckets=buckets) for parts in ([target], _parts(pool)))
    return Importance.of(there, wanted, longest=longest, smoothing=smoothing)


def importance_resampling(
    pool: Pool,
    target: Texts,
    keep: int,
    *,
    longest: int = 2,
    buckets: int = 10_000,
    smoothing: float = 1.0,
    noise: bool = True,
    rng: np.random.Generator,
) -> Selection:
    """Draw rows of a pool that are distributed like a target.

    Args:
        pool: Texts, or a function that yields them in chunks each time it is called; it is called three times.
        target: Texts that the choice should resemble.
        keep: Rows wanted.
        longest: Words of the longest n-grams.
        buckets: Buckets that n-grams are hashed into.
        smoothing: Occurrences of the pool that are mixed into the target, for each of its own, at least 0; 0 as in the
            paper.
        noise: Whether rows are drawn; else those of the largest weights are taken, which are less varied.
        rng: Draws the noise.

    Returns:
        The rows, all of weight 1; their scores are log importance weights. Facts: `kl_reduction` of the choice, in
        nats, and `rows`, the size of the pool.

    Raises:
        InputError: There are fewer rows than are wanted, or no words; or a setting is out of its range.

    Example:
        >>> pool = ["the cat sat", "stocks fell today", "a cat and a dog", "bonds and stocks rose", "my dog sat"] * 20
        >>> found = importance_resampling(pool, ["stocks rose", "bonds fell"], 10, rng=np.random.default_rng(0))
        >>> len(found.rows), {pool[row] for row in found.rows} <= {pool[1], pool[3]}, found.facts["kl_reduction"] > 0
        (10, True, True)
    """
    check_keep(keep)
    model = fit_importance(pool, target, longest=longest, buckets=buckets, smoothing=smoothing)
    weighed = (model.log_weights(texts) for texts in in_chunks(_parts(pool)))
    return draw_rows(weighed, keep, lambda: _parts(pool), model, rng=rng if noise else None)


def draw_rows(
    log_weights: Iterable[Floats],
    keep: int,
    pool: Callable[[], Iterable[Texts]],
    model: Importance,
    *,
    rng: np.random.Generator | None,
) -> Selection:
    """Draw rows by log weights that are there already, piece by piece; how they are cut never matters.

    Args:
        log_weights: Log weights (n,) of runs of rows, in the order of the pool.
        keep: Rows wanted.
        pool: Yields the texts in chunks; called once, for the figure.
        model: What the weights are of.
        rng: Draws the noise; None for the rows of the largest weights.

    Raises:
        InputError: There are fewer rows than are wanted.
    """
    rows, leading, weights = np.empty(0, dtype=np.int64), np.empty(0), np.empty(0)
    done = 0
    for found in log_weights:
        drawn = found if rng is None else found + rng.gumbel(size=len(found))
        rows = np.concatenate([rows, np.arange(done, done + len(found))])
        leading, weights = np.concatenate([leading, drawn]), np.concatenate([weights, found])
        done += len(found)
        if len(rows) > keep + SPARE:
            rows, leading, weights = _leaders(rows, leading, weights, keep)
    check_keep(keep, done)
    rows, _, weights = _leaders(rows, leading, weights, keep)
    chosen = ngram_counts(_only(pool(), set(rows.tolist())), longest=model.longest, buckets=len(model.pool))
    return Selection.of(rows, weights, facts={"kl_reduction": model.kl_reduction(chosen), "rows": done})


def _parts(pool: Pool) -> Iterable[Texts]:
    return pool() if callable(pool) else [pool]


def _leaders(
    rows: NDArray[np.int64], leading: Floats, weights: Floats, keep: int
) -> tuple[NDArray[np.int64], Floats, Floats]:
    """The rows that lead; of equal ones the first, so that the size of chunks never matters."""
    best = np.sort(np.lexsort((rows, -leading))[:keep])
    return rows[best], leading[best], weights[best]


def _only(parts: Iterable[Texts], rows: set[int]) -> Iterable[Texts]:
    """The texts of some rows."""
    done = 0
    for part in parts:
        yield [text for row, text in enumerate(part, start=done) if row in rows]
        done += len(part)
