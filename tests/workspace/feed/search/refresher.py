"""A process that takes papers into the search, and kills itself before the n-th thing that it writes."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from pathlib import Path
from zlib import crc32

import numpy as np

from modicum.workspace.feed import PaperSearch, Store
from modicum.workspace.feed.search import papers as module
from modicum.workspace.feed.search.shelf import Shelf

RUN = 20


class Sundry:
    """An encoder of which no two texts have like vectors."""

    name, fingerprint, dimension = "sundry", "sundry", 24

    def encode(self, texts, progress=None):
        rows = [np.random.default_rng(crc32(text.encode())).normal(size=24) for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(texts), 24)


def main(folder, last):
    numbered = importlib.import_module("modicum.data.store.numbered").NumberedVectors
    done = 0

    def stepping(call):
        def step(*given, **named):
            nonlocal done
            done += 1
            if done == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*given, **named)

        return step

    for owner, names in ((numbered, ("put", "remove", "settle")), (Shelf, ("add", "write"))):
        for name in names:
            setattr(owner, name, stepping(getattr(owner, name)))
    module.RUN = RUN
    store = Store.open(folder)
    PaperSearch.open(store, encoder=Sundry())
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
