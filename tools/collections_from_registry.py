"""Labelled collections out of packages on the registry, as folders of train.csv and test.csv.

    python tools/collections_from_registry.py FOLDER

Sentences with opinions (films, products, editorials, tweets) come with vaderSentiment (MIT), words by theme with empath
(MIT), and the library reference with Python itself. Nothing of them is kept in the project.
"""

from __future__ import annotations

import csv
import html
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from modicum.data.read.stdlib_docs import load_stdlib_docs

PINS = ("vaderSentiment==3.3.2", "empath==0.89")
OPINIONS = {
    "films": ("movieReviewSnippets", "film review"),
    "products": ("amazonReviewSnippets", "product review"),
    "editorials": ("nytEditorialSnippets", "newspaper editorial"),
    "tweets": ("tweets", "tweet"),
}
CLEAR = 0.5
"""Mean rating, of -4 to 4, from which on a sentence counts as positive or negative."""
MOST, THEMES, WORDS_A_THEME = 3_000, 30, 90

Rows = list[tuple[str, str]]


def main(folder: Path) -> None:
    """Write all collections."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as work:
        _download(Path(work))
        ratings = {name: list(_ratings(Path(work), file)) for name, (file, _) in OPINIONS.items()}
        themes = _themes(Path(work), rng)
    for name, rated in ratings.items():
        _write(
            folder / name, [(t, "positive" if s > 0 else "negative") for s, t in rated if abs(s) >= CLEAR], 1_000, rng
        )
    kinds = [(text, OPINIONS[name][1]) for name, rated in ratings.items() for _, text in rated[:MOST]]
    _write(folder / "kinds", kinds, 2_000, rng)
    _write(folder / "themes", themes, 900, rng)
    table, _ = load_stdlib_docs(per_class=10**6)
    labelled = [(text, label) for text, label in zip(table.texts, table.labels, strict=True) if label is not None]
    _write(folder / "stdlib-docs", labelled, 1_000, rng)


def _download(work: Path) -> None:
    """Unpack the source archives of the pinned packages."""
    told = ["download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(work), *PINS]
    subprocess.run([sys.executable, "-m", "pip", *told], check=True)
    for archive in work.glob("*.tar.gz"):
        with tarfile.open(archive) as packed:
            packed.extractall(work, filter="data")


def _ratings(work: Path, name: str) -> Iterator[tuple[float, str]]:
    (inner,) = work.glob("vaderSentiment-*/additional_resources/hutto_ICWSM_2014.tar.gz")
    with tarfile.open(inner) as packed:
        packed.extractall(work, filter="data")
    (file,) = work.glob(f"**/{name}_GroundTruth.txt")
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        parts = line.split("\t")
        if len(parts) >= 3:
            yield float(parts[1]), html.unescape(parts[2])


def _themes(work: Path, rng: np.random.Generator) -> Rows:
    (file,) = work.glob("empath-*/empath/data/categories.tsv")
    rows = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()]
    large = [row for row in rows if len(row) > WORDS_A_THEME]
    kept = [large[i] for i in rng.permutation(len(large))[:THEMES]]
    return [(w.replace("_", " "), theme.replace("_", " ")) for theme, *words in kept for w in dict.fromkeys(words)]


def _write(folder: Path, rows: Rows, test: int, rng: np.random.Generator) -> None:
    """Each text once, in random order; the first `test` of them are the test set."""
    once = list({text.strip(): label for text, label in rows if text.strip()}.items())
    mixed = [once[i] for i in rng.permutation(len(once))]
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in (("test.csv", mixed[:test]), ("train.csv", mixed[test:])):
        with (folder / name).open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([("text", "category"), *part])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
