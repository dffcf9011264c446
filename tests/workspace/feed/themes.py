"""Papers of three themes, and an encoder that knows these alone."""

from __future__ import annotations

import numpy as np

from modicum.data.read.feeds import make_entry
from modicum.workspace.feed.merging import take

THEMES = ("bank card account payment", "rain wind snow storm", "cat dog horse cow")


class Themes:
    """An encoder that knows three themes, and nothing else."""

    name, fingerprint, dimension = "themes", "themes", 3

    def encode(self, texts, progress=None):
        counts = [[sum(word in theme.split() for word in text.lower().split()) for theme in THEMES] for text in texts]
        return np.array(counts, dtype=np.float32).reshape(len(texts), 3)


def put(store, *told, address="a"):
    """Take entries of one source; each is a dict of fields."""
    with store.transaction() as db:
        db.execute("INSERT OR IGNORE INTO sources (address, added) VALUES (?, 0)", (address,))
        source = db.execute("SELECT id FROM sources WHERE address = ?", (address,)).fetchone()[0]
        take(db, source, [make_entry(one, address, one.get("key")) for one in told], 0.0)


def paper(title, abstract="", date=None, key=None):
    return {"title": title, "abstract": abstract, "date": date, "key": key or title}


def of_theme(theme, first, last):
    """Papers of a theme, each of two of its words and one of its own."""
    words = THEMES[theme].split()
    return [
        paper(
            f"{words[n % 4]} and {words[(n + 1) % 4]} number{theme}{n}",
            f"{words[n % 4]} {words[(n + 2) % 4]}",
            key=f"{theme}-{n}",
        )
        for n in range(first, last)
    ]
