"""Pictures of few colours."""

from __future__ import annotations

import numpy as np
import pytest

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")

COLOURS = {"red": (200, 30, 30), "green": (30, 180, 40), "blue": (20, 40, 210)}


def save_pictures(folder, per_class=6, labelled=4, size=(48, 40)):
    """Sub-folders of labelled pictures, the others at the top; noisy, a colour a class."""
    rng = np.random.default_rng(0)
    for colour, rgb in COLOURS.items():
        (folder / colour).mkdir(parents=True)
        for n in range(per_class):
            place = folder / colour / f"{n}.png" if n < labelled else folder / f"{colour}-{n}.png"
            noise = rng.normal(scale=25, size=(size[1], size[0], 3))
            Image.fromarray((np.array(rgb) + noise).clip(0, 255).astype(np.uint8)).save(place)
    return sorted(map(str, folder.rglob("*.png")))
