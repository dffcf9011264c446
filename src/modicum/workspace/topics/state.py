"""The topics of a table as they are kept: centres, names and edits, as files of a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from modicum.core.checks import nearest_name
from modicum.core.errors import InputError
from modicum.vectors.topics import Belonging, KeptTopics
from modicum.vectors.topics.kept_topics import FAR
from modicum.workspace.bundle import EncoderReference

SCHEMA = 1
STATE, ARRAYS = "topics.json", "topics.safetensors"
COLUMNS = ("centres", "topic", "within", "born", "middle", "spread")


@dataclass(frozen=True)
class Topic:
    """What is said of one topic."""

    id: int
    name: str
    by_user: bool = False
    """Whether the user gave the name; such names are never changed."""
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class TopicState:
    """All that a later run needs to put rows where this one put them."""

    kept: KeptTopics
    topics: tuple[Topic, ...]
    """In the order of their ids."""
    encoder: EncoderReference
    encoder_arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """Fitted arrays of an encoder without weights of its own (the hashed one)."""
    far_from: float = FAR
    """Distance from its topic beyond which a row of the run that these are of was far from every topic."""

    def place(self, texts: Sequence[str], X: NDArray[np.floating]) -> tuple[NDArray[np.int64], Belonging]:
        """Place of each row's topic in `topics` (N,), -1 for rows that say nothing; and how the rows belong there."""
        found = self.kept.place(X)
        ids = np.array([topic.id for topic in self.topics])
        return np.where(tells(texts, X), np.searchsorted(ids, found.topics), -1), found

    def find(self, said: str) -> Topic:
        """The topic with this name, or this id.

        Raises:
            InputError: There is none; the nearest name is suggested.
        """
        named = [topic for topic in self.topics if said.strip() in (topic.name, str(topic.id))]
        if not named:
            names = [topic.name for topic in self.topics]
            raise InputError(f"there is no topic {said!r}, by name or by id{nearest_name(said, names)}")
        return named[0]

    def merged(self, said: Sequence[str]) -> Self:
        """These topics as one, which keeps id and name of the first.

        Raises:
            InputError: One of them is not there.
        """
        ids = [self.find(one).id for one in said]
        gone = set(ids[1:]) - {ids[0]}
        kept = self.kept.merged(ids)
        return replace(self, kept=kept, topics=tuple(topic for topic in self.topics if topic.id not in gone))

    def renamed(self, said: str, name: str) -> Self:
        """The topic under a name that stays.

        Raises:
            InputError: There is no such topic, the name is empty, or another topic has it.
        """
        found, name = self.find(said), " ".join(name.split())
        if not name:
            raise InputError(f"topic {said!r} cannot have an empty name; write OLD=NEW")
        if any(topic.name == name and topic.id != found.id for topic in self.topics):
            raise InputError(f"another topic is called {name!r} already; merge the two, or take another name")
        new = replace(found, name=name, by_user=True)
        return replace(self, topics=tuple(new if topic.id == found.id else topic for topic in self.topics))

    def split(self, said: str, X: NDArray[np.floating], rng: np.random.Generator, *, parts: int | None) -> Self:
        """The topic in parts; the largest keeps the id. Names of all parts are open, but for one the user gave.

        Raises:
            InputError: There is no such topic, or its rows cannot be divided that way.
        """
        found = self.find(said)
        known = set(self.kept.ids.tolist())
        kept = self.kept.split(found.id, X, rng, parts=parts)
        opened = found if found.by_user else replace(found, name="")
        new = [Topic(id, "") for id in kept.ids.tolist() if id not in known]
        rest = tuple(opened if topic.id == found.id else topic for topic in self.topics)
        return replace(self, kept=kept, topics=(*rest, *new))

    def grown(self, X: NDArray[np.floating], rng: np.random.Generator) -> Self:
        """The topics, and new ones without a name of rows that none of them reaches."""
        known = set(self.kept.ids.tolist())
        kept = self.kept.grown(X, rng)
        return replace(
            self, kept=kept, topics=(*self.topics, *(Topic(id, "") for id in kept.ids.tolist() if id not in known))
        )

    def write(self, folder: Path, facts: Mapping[str, Any]) -> None:
        """Write state and facts into a folder."""
        arrays = {name: np.ascontiguousarray(getattr(self.kept, name)) for name in COLUMNS}
        arrays |= {f"encoder.{name}": np.ascontiguousarray(value) for name, value in self.encoder_arrays.items()}
        (folder / ARRAYS).write_bytes(save(arrays))
        told = {
            "schema": SCHEMA,
            "encoder": asdict(self.encoder),
            "scale": self.kept.scale,
            "next_id": self.kept.next_id,
            "far_from": self.far_from,
            "topics": [asdict(topic) for topic in self.topics],
            "facts": facts,
        }
        (folder / STATE).write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def tells(texts: Sequence[str], X: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Mask (N,) of the rows that say something: a text that is not blank, and a vector (N, D) that is not zero."""
    return np.array([bool(text.strip()) for text in texts], dtype=bool) & np.asarray(X).any(axis=1)


def load_topics(folder: str | Path) -> TopicState:
    """Read the topics that an earlier run wrote.

    Raises:
        InputError: There are none, they are broken, or of another version.
    """
    folder = Path(folder)
    if not (folder / STATE).is_file():
        raise InputError(
            f"{folder} holds no topics ({STATE}); give a folder that modicum topics wrote (--previous DIR)"
        )
    try:
        told = json.loads((folder / STATE).read_text(encoding="utf-8"))
        arrays = load_file(folder / ARRAYS)
        if told["schema"] != SCHEMA:
            raise InputError(f"{folder} was written by another version of modicum; find the topics anew")
        columns: dict[str, Any] = {name: arrays[name] for name in COLUMNS}
        kept = KeptTopics(**columns, scale=told["scale"], next_id=told["next_id"])
        topics = tuple(Topic(**{**one, "terms": tuple(one["terms"])}) for one in told["topics"])
        fitted = {name[len("encoder.") :]: value for name, value in arrays.items() if name.startswith("encoder.")}
        return TopicState(kept, topics, EncoderReference(**told["encoder"]), fitted, told.get("far_from", FAR))
    except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"the topics in {folder} are broken ({' '.join(str(error).split())}); find them anew"
        ) from error
