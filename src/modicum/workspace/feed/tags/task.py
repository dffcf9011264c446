"""A tag as a task of two classes: tagged papers against hidden ones and others that are nothing like them.

The ladder makes a bundle of it, which lies in the feed's folder and answers for any paper. Papers without a label are
not all of no interest, so that those that stand for the rest are drawn from the farther ones alone.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.errors import InputError
from modicum.core.files import atomic_write
from modicum.core.records import LabelSpace, Table
from modicum.workspace.bundle import Bundle
from modicum.workspace.feed.ranking import rank_by_likes
from modicum.workspace.feed.search import PaperQuery, PaperSearch
from modicum.workspace.feed.search.changes import papers_told
from modicum.workspace.feed.search.part import text_of
from modicum.workspace.feed.store import Store
from modicum.workspace.fitting import fit
from modicum.workspace.receiving.loading import load

FOLDER = "tags"
LEAST = 5
"""Tagged papers from which on a bundle is worth its time."""
MANY, NEAR, OTHERS = 5_000, 2_000, 1_000
"""Papers that are ranked: all of up to so many, else the nearest ones, the latest ones and some drawn at random."""
RATIO, FEWEST = 3, 20
"""Papers that stand for the rest: for each tagged one, and at least."""
FAR = 0.5
"""Share of the papers, by the ranking from likes, among which these are drawn: the farthest."""
CHANGED = 0.25
"""Share of its papers that may differ from those of the tag before a bundle answers no more."""


@dataclass(frozen=True)
class Tag:
    """A tag of a reader, as it stands."""

    reader: int
    name: str
    tagged: tuple[int, ...]
    """Numbers of its papers."""
    hidden: tuple[int, ...] = ()
    """Numbers of papers that the reader does not want to see."""

    def place(self, feed: Path) -> Path:
        """Where its bundle lies."""
        digest = blake2b(self.name.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
        return feed / FOLDER / f"{self.reader}-{digest}"


@dataclass(frozen=True, eq=False)
class Pool:
    """Papers that are ranked for a tag."""

    papers: NDArray[np.int64]
    """Numbers (N,)."""
    texts: tuple[str, ...]
    X: NDArray[np.float32]
    tagged: NDArray[np.bool_]
    hidden: NDArray[np.bool_]


def pool_of(store: Store, search: PaperSearch, tag: Tag, seed: int = 0) -> Pool:
    """The papers that are ranked for a tag, among them its own."""
    likes = tuple(compress(tag.tagged, search.known(tag.tagged)))
    if len(search) <= MANY:
        numbers = {row["id"] for row in store.rows("SELECT id FROM papers")}
    else:
        last = store.rows("SELECT max(id) AS last FROM papers")[0]["last"]
        drawn = np.random.default_rng(seed).integers(1, last, OTHERS, endpoint=True)
        numbers = {*search.find(PaperQuery(like=likes), NEAR).papers.tolist()} if likes else set()
        numbers |= {*search.find(PaperQuery(), OTHERS).papers.tolist(), *drawn.tolist(), *likes, *tag.hidden}
    wanted = list(numbers)
    told, _ = papers_told(store, list(compress(wanted, search.known(wanted))))
    papers = np.array([row["id"] for row in told], dtype=np.int64)
    return Pool(
        papers,
        tuple(text_of(row) for row in told),
        search.vectors(papers.tolist()),
        np.isin(papers, tag.tagged),
        np.isin(papers, tag.hidden),
    )


def fit_tag(store: Store, search: PaperSearch, tag: Tag, *, budget: str | float = 20.0, seed: int = 0) -> Bundle | None:
    """Have the ladder learn a tag, and keep its bundle; None where its papers are too few.

    Args:
        store: The feed, opened by the calling thread.
        search: Its search, up to date.
        tag: The tag.
        budget: Time for the ladder.
        seed: Of folds, and of the papers that stand for the rest.

    Raises:
        InputError: The bundle cannot be written.
    """
    pool = pool_of(store, search, tag, seed)
    labels = _labels(pool, tag.name, np.random.default_rng(seed))
    if labels is None or search.encoder is None:
        return None
    ids = tuple(map(str, pool.papers.tolist()))
    space = LabelSpace(_classes(tag.name))
    table = Table(ids, pool.texts, labels, f"the tag {tag.name!r}", label_column="tag")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # hints for whoever labels a table by hand
        bundle = fit(
            table,
            classes=space,
            vectors=pool.X,
            target="classes",
            budget=budget,
            seed=seed,
            workers=1,
            threads=1,
            map_points=0,
        ).bundle
    place = tag.place(store.folder)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{place.parent} cannot be made ({error.strerror}); remove what is there instead") from error
    bundle.save(place)
    kept = load(place)
    told = {
        "digest": kept.digest,
        "encoder": search.encoder.fingerprint,
        "tagged": sorted(tag.tagged),
        "hidden": sorted(tag.hidden),
    }
    atomic_write(_beside(place), json.dumps(told).encode())
    return kept


def kept_bundle(feed: Path, search: PaperSearch, tag: Tag) -> tuple[Bundle, Mapping[str, Any]] | None:
    """A tag's bundle and what it learnt from; None where there is none, or it is of another time or encoder."""
    place = tag.place(feed)
    try:
        told = json.loads(_beside(place).read_text(encoding="utf-8"))
        bundle = load(place)
        known = {*told["tagged"]}
        same = bundle.digest == told["digest"] and told["encoder"] == getattr(search.encoder, "fingerprint", "")
    except (OSError, ValueError, KeyError, TypeError, InputError):
        return None
    now = set(tag.tagged)
    return (bundle, told) if same and len(known ^ now) <= CHANGED * max(len(now), 1) else None


def forget_tags(feed: Path, reader: int, name: str | None = None) -> None:
    """Remove what was learnt of a tag, or of all tags of a reader."""
    which = f"{reader}-*" if name is None else f"{Tag(reader, name, ()).place(feed).name}*"
    for place in (feed / FOLDER).glob(which):
        shutil.rmtree(place, ignore_errors=True) if place.is_dir() else place.unlink(missing_ok=True)


def _classes(name: str) -> tuple[str, str]:
    return name, f"not {name}"


def _beside(place: Path) -> Path:
    return place.with_name(f"{place.name}.json")


def _labels(pool: Pool, name: str, rng: np.random.Generator) -> tuple[str | None, ...] | None:
    """The label of each paper, `None` for most; nothing where tagged papers, or others, are too few."""
    count = int(pool.tagged.sum())
    if count < LEAST or count == len(pool.papers) or not pool.X.any():
        return None
    likes = np.flatnonzero(pool.tagged)
    order = rank_by_likes(pool.texts, pool.X, likes.tolist(), top=len(pool.papers)).rows
    far = order[int((1 - FAR) * len(order)) :]
    drawn = rng.permutation(far)[: max(RATIO * count, FEWEST)]
    rest = (np.isin(np.arange(len(pool.papers)), drawn) | pool.hidden) & ~pool.tagged
    if rest.sum() < LEAST:
        return None
    yes, no = _classes(name)
    return tuple(
        yes if tagged else no if other else None
        for tagged, other in zip(pool.tagged.tolist(), rest.tolist(), strict=True)
    )
